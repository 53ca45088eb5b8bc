"""Erasing a person: their key, contacts, evidence, files and messages go; the log stays and says that they did."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from consent import history, journal, opening, vault
from consent.contact import Contact
from consent.models import (
    CodeTry,
    Company,
    ConsentRecord,
    ContactPoint,
    ContactTrouble,
    Erased,
    Evidence,
    EvidenceFile,
    Hold,
    Import,
    ImportErasure,
    InboundMessage,
    LegalHold,
    OutboundMessage,
    PaperCheck,
    PaperFile,
    PaperPage,
    RightsRequest,
    SandboxMessage,
    Sending,
    SubjectKey,
    Visit,
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did: its entry in the log, and whether there was anything to erase."""

    entry: UUID | None
    at: datetime

    @property
    def had_something(self) -> bool:
        return self.entry is not None


class Held(Exception):
    """A legal hold forbids to erase this person now."""


def erase(subject: UUID, *, company: Company, entity: str) -> Erasure:
    """Erase a person for good (LGPD art. 18 VI, GDPR art. 17); `entity` is who asked or ordered it.

    All or nothing in one transaction, so that a kill at any step leaves either the person or nothing of them. Doing it
    again does nothing. What stays holds nothing personal: random ids, purposes, channels, states and times. Who has
    several ids (ADR-0008) is erased under each. Raises Held while a legal hold lasts.
    """
    now = timezone.now()
    with transaction.atomic():
        ids = history.ids_of([subject])[subject]
        keys = SubjectKey.objects.select_for_update().filter(subject__in=ids, company=company.pk)
        found = sorted(key.subject for key in keys.order_by("subject"))
        if not found:
            return Erasure(None, now)
        if LegalHold.objects.filter(subject__in=ids, ended_at=None).exists():
            raise Held
        for one in found:
            contacts = _contacts(one)
            _forget_messages(one, company, contacts)
            _drop_rows(company, contacts)
            _drop_pages(company, contacts)
        SubjectKey.objects.filter(subject__in=found).delete()  # first: evidence may only go after its key
        _raw_delete(Evidence.objects.filter(subject__in=found))
        _raw_delete(EvidenceFile.objects.filter(subject__in=found))
        Hold.objects.filter(subject__in=found).update(sealed=b"", ended_at=Coalesce("ended_at", now))
        ContactPoint.objects.filter(subject__in=found).delete()
        acts = ConsentRecord.objects.filter(subject__in=found).values("act")
        PaperPage.objects.filter(act__in=acts).update(person=None, picture=None)
        ContactTrouble.objects.filter(subject__in=found).delete()
        RightsRequest.objects.filter(subject__in=found).update(sealed=b"", answer=b"")
        Sending.objects.filter(subject__in=found).delete()
        entries = {one: _write_down(one, company, now, entity) for one in found}
    return Erasure(entries.get(subject, entries[found[0]]), now)


def _write_down(subject: UUID, company: Company, now: datetime, entity: str) -> UUID:
    entry = journal.write("erased", company=company, at=now, subject=str(subject), entity=entity)
    Erased.objects.create(subject=subject, company=company.pk, entry=entry, entity=entity, recorded_at=now)
    return entry


def _contacts(subject: UUID) -> list[tuple[Contact, datetime | None]]:
    """How the person was ever reached, and until when where a contact is not theirs any more."""
    points = ContactPoint.objects.filter(subject=subject)
    return [(opening.opened(point), point.ended_at) for point in points]


def _forget_messages(
    subject: UUID, company: Company, contacts: list[tuple[Contact, datetime | None]]
) -> None:
    """Empty what was sent, and drop what came in from the person to this company's numbers."""
    theirs = Q(subject=subject)
    for contact, until in contacts:
        before_we_knew_them = Q(subject=opening.NOBODY, number_key=vault.number_key(contact), company=company)
        theirs |= before_we_knew_them & (Q(created_at__lt=until) if until else Q())
    messages = OutboundMessage.objects.filter(theirs)
    CodeTry.objects.filter(act__in=messages.values("act")).delete()
    messages.filter(state=OutboundMessage.State.QUEUED).update(state=OutboundMessage.State.EXPIRED)
    messages.update(sealed=b"", number_key=b"", provider_id="")
    for contact, until in contacts:
        key = vault.number_key(contact)
        Visit.objects.filter(number_key=key).delete()
        came = InboundMessage.objects.filter(number_key=key, sender__company=company)
        # Who has the number since then is somebody else.
        (came.filter(received_at__lt=until) if until else came).delete()
        if until is None:
            SandboxMessage.objects.filter(phone=key).delete()


def _drop_rows(company: Company, contacts: list[tuple[Contact, datetime | None]]) -> None:
    """Have rows about the person dropped from lists that are not recorded yet: they lie sealed by the thousand."""
    ended = (Import.State.DONE, Import.State.UNDONE)
    # Locked, so that a portion is recorded either before this, and erased with the rest, or without the person.
    waiting = (
        Import.objects.select_for_update().filter(company=company).exclude(state__in=ended).order_by("id")
    )
    ImportErasure.objects.bulk_create(
        ImportErasure(batch=batch, lookup=vault.lookup(company.pk, contact))
        for batch in waiting
        for contact, until in contacts
        if until is None  # whoever has the number since then is somebody else
    )


def _drop_pages(company: Company, contacts: list[tuple[Contact, datetime | None]]) -> None:
    """Empty the sheets with a number of the person's that are no record yet: they stay in their batch, and say why."""
    lookups = [vault.lookup(company.pk, contact) for contact, until in contacts if until is None]
    theirs = PaperPage.objects.filter(batch__company=company, checks__lookup__in=lookups)
    drafts = theirs.exclude(state=PaperPage.State.COMMITTED)  # those lie with their person already
    found = dict(drafts.order_by().values_list("pk", "file"))
    if not found:
        return
    PaperCheck.objects.filter(page__in=found).update(answer=b"", lookup=None)
    PaperPage.objects.filter(pk__in=found).update(
        state=PaperPage.State.ASIDE, reason=PaperPage.ERASED, original=b"", copy=b"", reading=b"", agreed=b"",
        picture=None, person=None,
    )  # fmt: skip
    # Files are named after people; the name goes once no page of it waits for anything.
    over = (PaperPage.State.COMMITTED, PaperPage.State.ASIDE)
    files = PaperFile.objects.filter(pk__in=set(found.values()), state=PaperFile.State.READ)
    open_ones = PaperPage.objects.filter(file=OuterRef("pk")).exclude(state__in=over)
    files.exclude(Exists(open_ones)).update(name=b"")


def _raw_delete(rows: QuerySet) -> None:  # type: ignore[type-arg]
    rows._raw_delete(rows.db)
