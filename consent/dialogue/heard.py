"""What somebody said to one of our senders, and who it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from consent import keywords, vault
from consent.contact import Contact
from consent.dialogue import saying
from consent.dialogue.saying import SaidAt
from consent.models import ConsentRecord, ContactPoint, Sender


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody said to a sender, with who it is and the language they speak."""

    sender: Sender
    contact: Contact
    method: str
    reference: str
    evidence: Mapping[str, Any]
    subject: UUID | None
    language: str
    said_at: SaidAt = field(default_factory=saying.now)


def hear(
    *,
    sender: Sender,
    contact: Contact,
    method: str,
    reference: str,
    evidence: Mapping[str, Any],
    text: str = "",
    said_at: SaidAt | None = None,
    language: str = "",
) -> Heard:
    """What was said, by whom, when, and in which language: the one to answer them in unless it is known."""
    subject = subject_of(sender, contact)
    language = language or _language_of(subject, sender, text)
    said_at = said_at or saying.now()
    whole = {**evidence, **said_at.evidence()}
    return Heard(sender, contact, method, f"{method}:{reference}", whole, subject, language, said_at)


def language_for(sender: Sender, contact: Contact, *, text: str = "") -> str:
    """The language to answer somebody in: the one they last used with the company, else that of the word they
    wrote, else the company's first.
    """
    return _language_of(subject_of(sender, contact), sender, text)


def subject_of(sender: Sender, contact: Contact) -> UUID | None:
    """Who this is to the sender's company; None for a stranger."""
    return (
        ContactPoint.objects.filter(lookup=vault.lookup(sender.company_id, contact), is_former=False)
        .values_list("subject", flat=True)
        .first()
    )


def _language_of(subject: UUID | None, sender: Sender, text: str) -> str:
    last = ConsentRecord.objects.filter(subject=subject).order_by("-arrival").first() if subject else None
    return last.language if last else keywords.language_of(text) or sender.company.language
