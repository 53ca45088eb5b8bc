"""Sending what was queued: claimed with a lease, within budgets, and never twice for one message."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from consent import opening, providers
from consent.models import InboundMessage, OutboundMessage
from consent.providers import SendError

log = logging.getLogger(__name__)

BATCH = 20
LEASE = timedelta(seconds=90)  # longer than a provider's time-out by far
DAY = timedelta(hours=24)
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 8
BUDGET_WAIT = timedelta(minutes=10)

State = OutboundMessage.State


def drain(*, limit: int = BATCH) -> int:
    """Send up to `limit` due messages. Returns how many were tried."""
    claimed = claim(limit=limit)
    for message in claimed:
        send(message)
    return len(claimed)


def claim(*, limit: int = BATCH) -> list[OutboundMessage]:
    """Take due messages that may leave now; everything else is put off, expired or declared uncertain.

    Claims follow one another (a lock), so that two workers never both see room for the last message of a budget.
    """
    now = timezone.now()
    if not OutboundMessage.objects.filter(state=State.QUEUED, due_at__lte=now).exists():
        return []
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('optin outbox'))")
        due = OutboundMessage.objects.filter(state=State.QUEUED, due_at__lte=now).order_by("due_at")[:limit]
        return [message for message in due.select_related("company", "sender") if _take(message, now)]


def _take(message: OutboundMessage, now: datetime) -> bool:
    """Lease one message for sending now, or say why not. Saves the row either way."""
    may_leave = False
    if message.lease_until is not None:
        # A worker died while it was sending. The provider may have it: sending again might reach the person twice.
        message.state, message.error = State.UNCERTAIN, "worker.lost"
    elif message.kind == OutboundMessage.Kind.ASK and message.created_at <= now - _ask_lives():
        message.state, message.error = State.EXPIRED, "ask.expired"
    elif (wait_until := _held_until(message, now)) is not None:
        message.due_at = wait_until
    else:
        may_leave = True
        message.lease_until = message.due_at = now + LEASE
        message.sent_at = now
        message.attempts += 1
    message.save(update_fields=["state", "error", "due_at", "lease_until", "sent_at", "attempts"])
    return may_leave


def _ask_lives() -> timedelta:
    return timedelta(hours=settings.OPTIN_ASK_TTL_HOURS)


def _held_until(message: OutboundMessage, now: datetime) -> datetime | None:
    """When a message that is over a budget may be looked at again; None when it may leave."""
    tried = OutboundMessage.objects.filter(sent_at__gt=now - DAY).exclude(pk=message.pk)
    if tried.filter(company=message.company).count() >= message.company.messages_per_day:
        return now + BUDGET_WAIT
    if message.kind != OutboundMessage.Kind.ASK:
        return None
    # Bystanders must not be bombed through our forms: one unanswered question a day and number, whoever asks.
    last_word = (
        InboundMessage.objects.filter(number_key=message.number_key).order_by("-received_at")
        .values_list("received_at", flat=True).first()
    )  # fmt: skip
    unanswered = tried.filter(number_key=message.number_key, kind=OutboundMessage.Kind.ASK)
    if last_word is not None:
        unanswered = unanswered.filter(sent_at__gt=last_word)
    times = list(unanswered.order_by("sent_at").values_list("sent_at", flat=True))
    if len(times) < settings.OPTIN_ASKS_PER_NUMBER:
        return None
    oldest = times[-settings.OPTIN_ASKS_PER_NUMBER]
    return oldest + DAY if oldest is not None else None


def send(message: OutboundMessage) -> None:
    """Hand one claimed message to its provider and write down how that went."""
    try:
        content = opening.message_content(message)
        message.provider_id = providers.send(
                message.sender, to=content["to"], text=content["text"], message=message.pk
            )
    except opening.Erased:
        message.state, message.error = State.EXPIRED, "person.erased"
    except SendError as error:
        _failed(message, error)
    else:
        message.state, message.error = State.SENT, ""
    message.lease_until = None
    message.save(update_fields=["state", "error", "due_at", "lease_until", "sent_at", "provider_id"])


def _failed(message: OutboundMessage, error: SendError) -> None:
    message.error = str(error.code)[:80]
    if error.uncertain:
        message.state = State.UNCERTAIN
    elif error.permanent or message.attempts >= MOST_ATTEMPTS:
        message.state, message.sent_at = State.FAILED, None
    else:
        message.due_at = timezone.now() + min(FIRST_WAIT * 2 ** (message.attempts - 1), LONGEST_WAIT)
        message.sent_at = None
    log.warning("Message %s was not sent (%s); it is now %s.", message.pk, message.error, message.state)


def expire(acts: Iterable[UUID]) -> None:
    """Let the unsent questions of acts go: they were answered, or nobody may answer them any more."""
    OutboundMessage.objects.filter(
        act__in=list(acts), kind=OutboundMessage.Kind.ASK, state=State.QUEUED, lease_until__isnull=True
    ).update(state=State.EXPIRED)
