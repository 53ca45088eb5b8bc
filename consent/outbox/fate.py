"""What becomes of messages, as providers tell it in any order, and when nobody has to answer them any more."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from consent import reach, vault
from consent.contact import Contact
from consent.models import OutboundMessage, Sender
from consent.outbox.claiming import OURS
from consent.quality import keeping

State = OutboundMessage.State
Kind = OutboundMessage.Kind

# A message only moves to the right, so callbacks may overtake one another and our own worker.
ORDER = (State.QUEUED, State.UNCERTAIN, State.SENT, State.FAILED, State.DELIVERED)


def advance(
    sender: Sender, *, message: UUID | None, provider_id: str, state: str, error: str, at: datetime
) -> bool:
    """Move a message forward to `state`; False where it is there, or beyond, or not ours. One query
    for whatever gets through.

    It is found by our own id, which the provider gives back, else by the provider's.
    """
    ours = Q(pk=message) if message else Q(provider_id=provider_id)
    earlier = ORDER[: ORDER.index(State(state))]
    moved = OutboundMessage.objects.filter(ours, sender=sender, state__in=earlier).update(
        state=state,
        error=error[:80],
        provider_id=provider_id[:80],
        sent_at=Coalesce("sent_at", Value(at)),
        lease_until=None,
    )
    if moved and error and state == State.FAILED:
        failed = (
            OutboundMessage.objects.select_related("company", "sender").filter(ours, sender=sender).first()
        )
        if failed is not None:
            reach.note(failed, error, at=at)
            keeping.note_error(failed.sender, error, at=at)
    return bool(moved)


def saw(sender: Sender, *, message: UUID | None, provider_id: str, at: datetime) -> None:
    """Keep that somebody read a message, as far as the channel tells; the first time counts."""
    ours = Q(pk=message) if message else Q(provider_id=provider_id)
    OutboundMessage.objects.filter(ours, sender=sender, read_at=None).update(read_at=at)


def expire(messages: QuerySet[OutboundMessage]) -> None:
    """Let the unsent questions among some messages go: nobody has to answer them any more."""
    questions = messages.filter(kind__in=(Kind.ASK, Kind.INVITE, *OURS), state=State.QUEUED)
    questions.filter(lease_until__isnull=True).update(state=State.EXPIRED)


def release(contact: Contact) -> None:
    """Look now at what was held back for a number: its holder said yes, so nobody is bombing them."""
    now = timezone.now()
    OutboundMessage.objects.filter(
        number_key=vault.number_key(contact), state=State.QUEUED, lease_until__isnull=True, due_at__gt=now
    ).update(due_at=now)
