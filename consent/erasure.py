"""Erasing a person: their key, contacts, evidence, files and messages go; the log stays and says that they did."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from consent import journal, opening, vault
from consent.contact import Contact
from consent.models import (
    CodeTry,
    Company,
    ContactPoint,
    Erased,
    Evidence,
    EvidenceFile,
    Hold,
    InboundMessage,
    OutboundMessage,
    SandboxMessage,
    SubjectKey,
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did: its entry in the log, and whether there was anything to erase."""

    entry: UUID | None
    at: datetime

    @property
    def had_something(self) -> bool:
        return self.entry is not None


def erase(subject: UUID, *, company: Company, entity: str) -> Erasure:
    """Erase a person for good (LGPD art. 18 VI, GDPR art. 17); `entity` is who asked or ordered it.

    All or nothing in one transaction, so that a kill at any step leaves either the person or nothing of them. Doing it
    again does nothing. What stays holds nothing personal: random ids, purposes, channels, states and times.
    """
    now = timezone.now()
    with transaction.atomic():
        key = SubjectKey.objects.select_for_update().filter(subject=subject, company=company.pk).first()
        if key is None:
            return Erasure(None, now)
        contacts = _contacts(subject)
        key.delete()  # first: the database lets evidence go only after its key
        _raw_delete(Evidence.objects.filter(subject=subject))
        _raw_delete(EvidenceFile.objects.filter(subject=subject))
        _forget_messages(subject, company, contacts)
        Hold.objects.filter(subject=subject).update(sealed=b"", ended_at=Coalesce("ended_at", now))
        ContactPoint.objects.filter(subject=subject).delete()
        entry = journal.write("erased", company=company, at=now, subject=str(subject), entity=entity)
        Erased.objects.create(
            subject=subject, company=company.pk, entry=entry, entity=entity, recorded_at=now
        )
    return Erasure(entry, now)


def _contacts(subject: UUID) -> list[Contact]:
    schemes = ContactPoint.objects.filter(subject=subject).values_list("scheme", flat=True).distinct()
    return [
        contact for scheme in schemes if (contact := opening.contact_of(subject, scheme=scheme)) is not None
    ]


def _forget_messages(subject: UUID, company: Company, contacts: list[Contact]) -> None:
    """Empty what was sent, and drop what came in from the person to this company's numbers."""
    keys = [vault.number_key(contact) for contact in contacts]
    before_we_knew_them = Q(subject=opening.NOBODY, number_key__in=keys, company=company)
    messages = OutboundMessage.objects.filter(Q(subject=subject) | before_we_knew_them)
    CodeTry.objects.filter(act__in=messages.values("act")).delete()
    messages.filter(state=OutboundMessage.State.QUEUED).update(state=OutboundMessage.State.EXPIRED)
    messages.update(sealed=b"", number_key=b"", provider_id="")
    InboundMessage.objects.filter(number_key__in=keys, sender__company=company).delete()
    SandboxMessage.objects.filter(phone__in=keys).delete()


def _raw_delete(rows: QuerySet) -> None:  # type: ignore[type-arg]
    rows._raw_delete(rows.db)
