"""Learning that two contacts are one person's, and that a contact is a person's no longer; both stay on record."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from consent import history, journal, opening, vault
from consent.contact import TEL, Contact
from consent.models import Company, ContactPoint, OutboundMessage, SubjectKey


def link(company: Company, one: Contact, other: Contact, *, entity: str, cause: str = "") -> UUID | None:
    """Note that two contacts are of one person, on the word of `entity`; returns whose, None for two strangers.

    No record is rewritten. Where both were known the person has two ids from now on: new records get the one of
    the number, and either contact leads to the records of both, so that a stop to one is a stop to the other.
    """
    with transaction.atomic():
        known = {contact: _live(company, contact) for contact in (one, other)}
        points = [point for point in known.values() if point is not None]
        if not points:
            return None
        # Always in one order, so that two who link the same people at once do not wait for each other.
        keys = SubjectKey.objects.select_for_update().order_by("subject")
        list(keys.filter(subject__in=[point.subject for point in points]))
        points.sort(key=lambda point: (point.scheme != TEL, point.created_at))
        into = points[0].subject
        everybody = history.ids_of({point.subject for point in points})
        former = {subject for ids in everybody.values() for subject in ids} - {into}
        added = [contact for contact, point in known.items() if point is None]
        if not added and len({point.subject for point in points}) == 1:
            return into
        for contact in added:
            _add(company, into, contact)
        _lead_all(into, former)
        said = {"former": " ".join(sorted(map(str, former)))} if former else {}
        said |= {"cause": cause} if cause else {}
        journal.write("linked", company=company, at=timezone.now(), subject=str(into), entity=entity, **said)
    return into


def part(company: Company, contact: Contact, *, cause: str, entity: str) -> bool:
    """Note that a contact is no longer its person's, by whose word and why; False where it was nobody's.

    Nothing they agreed to travels to whoever has the contact now, nor to a new one of theirs: both are strangers,
    to be asked. What was said stays with the person.
    """
    now = timezone.now()
    with transaction.atomic():
        point = _live(company, contact)
        if point is None:
            return False
        ids = history.ids_of([point.subject])[point.subject]
        ContactPoint.objects.filter(lookup=vault.lookup(company.pk, contact)).update(lookup=b"", ended_at=now)
        waiting = OutboundMessage.objects.filter(
            subject__in=ids, number_key=vault.number_key(contact), state=OutboundMessage.State.QUEUED
        )
        waiting.filter(lease_until=None).update(state=OutboundMessage.State.EXPIRED, error="contact.ended")
        journal.write(
            "parted", company=company, at=now, subject=str(point.subject), contact=str(point.pk), cause=cause,
            entity=entity,
        )  # fmt: skip
    return True


def _live(company: Company, contact: Contact) -> ContactPoint | None:
    points = ContactPoint.objects.select_for_update().filter(lookup=vault.lookup(company.pk, contact))
    return points.filter(is_former=False).first()


def _add(company: Company, subject: UUID, contact: Contact, *, is_former: bool = False) -> None:
    point = ContactPoint(
        id=vault.new_id(), subject=subject, company=company.pk, scheme=contact.scheme,
        lookup=vault.lookup(company.pk, contact), created_at=timezone.now(), is_former=is_former,
    )  # fmt: skip
    point.sealed = _sealed(point, contact)
    point.save(force_insert=True)


def _lead_all(into: UUID, former: Collection[UUID]) -> None:
    """Have every contact of these ids lead to the first one, and beside it to each of the others."""
    points = ContactPoint.objects.filter(subject__in=[into, *former], is_former=False, ended_at=None)
    for point in points.order_by("id"):
        company = Company(pk=point.company)
        contact = opening.opened(point)
        if point.subject != into:
            point.subject = into
            point.sealed = _sealed(point, contact)
            point.save(update_fields=["subject", "sealed"])
        there = ContactPoint.objects.filter(lookup=point.lookup, is_former=True)
        for subject in set(former) - set(there.values_list("subject", flat=True)):
            _add(company, subject, contact, is_former=True)


def _sealed(point: ContactPoint, contact: Contact) -> bytes:
    key = opening.key_of(point.subject)
    return vault.seal(key, item=b"contact" + point.pk.bytes, plaintext=contact.value.encode())
