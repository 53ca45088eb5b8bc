"""Putting messages into the outbox: answers to what people wrote, and what we say of our own accord."""

from uuid import UUID

from django.utils import timezone

from consent import opening, vault
from consent.canonical import canonical
from consent.contact import Contact
from consent.models import OutboundMessage, Sender
from consent.outbox.budgets import has_room
from consent.outgoing import Outgoing

State = OutboundMessage.State
Kind = OutboundMessage.Kind


def reply(
    *, sender: Sender, contact: Contact, subject: UUID | None, text: str, reference: str,
    kind: str = Kind.REPLY, act: UUID = opening.NOBODY,
) -> OutboundMessage:  # fmt: skip
    """Queue an answer to what somebody wrote; the same reference again is the same answer.

    For a stranger it is sealed by the installation, because nobody's key is there yet.
    """
    message = _reply(sender=sender, contact=contact, subject=subject, reference=reference)
    message.kind, message.act = kind, act
    return _insert(message, Outgoing(to=contact, text=text))


def tell(content: Outgoing, *, sender: Sender, subject: UUID, kind: str, reference: str) -> OutboundMessage:
    """Queue what a person is told of our own accord; the same reference again is the same message."""
    message = _reply(sender=sender, contact=content.to, subject=subject, reference=f"{kind}:{reference}")
    message.kind = kind
    return _insert(message, content)


def reply_now(*, sender: Sender, contact: Contact, subject: UUID | None, text: str, reference: str) -> str:
    """The same, for what may leave with the answer to a webhook: `text` where it does, "" where it was queued.

    In the transaction of that answer, whose lock keeps the budget until it ends.
    """
    is_sent = has_room(sender)
    message = _reply(sender=sender, contact=contact, subject=subject, reference=reference)
    if is_sent:
        message.state, message.sent_at, message.cost = State.SENT, message.created_at, sender.price
    _insert(message, Outgoing(to=contact, text=text))
    return text if is_sent else ""


def _reply(*, sender: Sender, contact: Contact, subject: UUID | None, reference: str) -> OutboundMessage:
    now = timezone.now()
    return OutboundMessage(
        id=UUID(bytes=vault.reference_key(sender.company_id, f"reply|{reference}")[:16]),
        company=sender.company, sender=sender, subject=subject or opening.NOBODY, act=opening.NOBODY,
        number_key=vault.number_key(contact), kind=Kind.REPLY, created_at=now, due_at=now,
    )  # fmt: skip


def _insert(message: OutboundMessage, content: Outgoing) -> OutboundMessage:
    message.sealed = opening.seal_message(message, canonical(content.content()))
    OutboundMessage.objects.bulk_create([message], ignore_conflicts=True)
    return message
