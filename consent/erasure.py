"""Erasing a person: their key, contacts, evidence, files and messages go; the log stays and says that they did."""

import logging
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

log = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class _Reached:
    """How the person was ever reached, by keyed hashes; `until` when, where it is not theirs any more."""

    lookup: bytes
    numbers: frozenset[bytes]
    until: datetime | None


def _contacts(subject: UUID) -> list[_Reached]:
    """Every contact. One that does not open any more hinders nobody's erasure: its numbers are those written to."""
    points = {point: _opened(point) for point in ContactPoint.objects.filter(subject=subject)}
    known = {vault.number_key(contact) for contact in points.values() if contact}
    sent = OutboundMessage.objects.filter(subject=subject).exclude(number_key=b"").order_by()
    others = {bytes(key) for key in sent.values_list("number_key", flat=True).distinct()} - known
    return [
        _Reached(
            bytes(point.lookup),
            frozenset({vault.number_key(contact)} if contact else others),
            point.ended_at,
        )
        for point, contact in points.items()
    ]


def _opened(point: ContactPoint) -> Contact | None:
    try:
        return opening.opened(point)
    except vault.SealBroken:
        log.error("A contact of somebody who is erased does not open; what is found without it is erased.")
        return None


def _forget_messages(subject: UUID, company: Company, contacts: list[_Reached]) -> None:
    """Empty what was sent, and drop what came in from the person to this company's numbers."""
    theirs = Q(subject=subject)
    for one in contacts:
        before_we_knew_them = Q(subject=opening.NOBODY, number_key__in=one.numbers, company=company)
        theirs |= before_we_knew_them & (Q(created_at__lt=one.until) if one.until else Q())
    messages = OutboundMessage.objects.filter(theirs)
    CodeTry.objects.filter(act__in=messages.values("act")).delete()
    messages.filter(state=OutboundMessage.State.QUEUED).update(state=OutboundMessage.State.EXPIRED)
    messages.update(sealed=b"", number_key=b"", provider_id="")
    for one in contacts:
        Visit.objects.filter(number_key__in=one.numbers).delete()
        came = InboundMessage.objects.filter(number_key__in=one.numbers, sender__company=company)
        # Who has the number since then is somebody else.
        (came.filter(received_at__lt=one.until) if one.until else came).delete()
        if one.until is None:
            SandboxMessage.objects.filter(phone__in=one.numbers).delete()


def _drop_rows(company: Company, contacts: list[_Reached]) -> None:
    """Have rows about the person dropped from lists that are not recorded yet: they lie sealed by the thousand."""
    ended = (Import.State.DONE, Import.State.UNDONE)
    # Locked, so that a portion is recorded either before this, and erased with the rest, or without the person.
    waiting = (
        Import.objects.select_for_update().filter(company=company).exclude(state__in=ended).order_by("id")
    )
    ImportErasure.objects.bulk_create(
        ImportErasure(batch=batch, lookup=one.lookup)
        for batch in waiting
        for one in contacts
        if one.until is None  # whoever has the number since then is somebody else
    )


def _drop_pages(company: Company, contacts: list[_Reached]) -> None:
    """Empty the sheets with a number of the person's that are no record yet: they stay in their batch, and say why."""
    lookups = [one.lookup for one in contacts if one.until is None]
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
