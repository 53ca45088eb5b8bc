"""Taking the next message: leased when it may leave now, else put off, expired or declared uncertain."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from consent import errors, opening, outgoing, quiet
from consent.models import ConsentRecord, OutboundMessage
from consent.outbox import budgets, overtaken
from consent.outbox.budgets import DAY
from consent.vocabulary import State as Consent

LEASE = timedelta(seconds=90)  # longer than a provider's time-out by far
BUDGET_WAIT = timedelta(minutes=10)
NIGHT_WAIT = timedelta(minutes=10)
CODE_LIVES = timedelta(minutes=10)  # from when the code was asked for

State = OutboundMessage.State
Kind = OutboundMessage.Kind
# What we say of our own accord to people who agreed before, and so never at night.
OURS = (Kind.RENEW.value, Kind.AGAIN.value, Kind.SUMMARY.value)
OURS_LIVES = timedelta(days=3)


def claim() -> OutboundMessage | None:
    """Take the first due message: leased when it may leave now, else put off, expired or declared uncertain.

    Claims follow one another (a lock), so that two workers never both see room for the last message of a
    budget. What it will cost is taken from the budget before it is sent, and given back only where it surely was
    not. Nothing of a company or a sender that is paused is looked at.
    """
    now = timezone.now()
    due = OutboundMessage.objects.filter(
        state=State.QUEUED, due_at__lte=now, company__is_paused=False, sender__is_paused=False
    )
    if not due.exists():
        return None
    with transaction.atomic():
        budgets.lock()
        first = (
            due.select_for_update(of=("self",))
            .select_related("company", "sender__company")
            .order_by("due_at")
            .first()
        )
        if first is not None:
            _take(first, now)
    return first


def _take(message: OutboundMessage, now: datetime) -> None:
    """Lease one message for sending now, or say why not."""
    if message.lease_until is not None:
        # A worker died while it was sending. The provider may have it: sending again might reach the person
        # twice.
        message.state, message.error, message.lease_until = State.UNCERTAIN, "worker.lost", None
    elif _is_late(message, now):
        message.state, message.error = State.EXPIRED, "ask.expired"
    elif overtaken.is_overtaken(message):
        message.state, message.error = State.EXPIRED, "person.stopped"
    elif full := budgets.full(message.sender, now):
        message.due_at, message.error = now + BUDGET_WAIT, full
    elif _is_night(message, now):
        message.due_at, message.error = now + NIGHT_WAIT, "quiet.hours"
    elif (wait_until := _held_until(message, now)) is not None:
        message.due_at, message.error = wait_until, "budget.questions"
    else:
        message.lease_until = message.due_at = now + LEASE
        message.sent_at, message.cost = now, message.sender.price
        message.attempts += 1
    message.save(update_fields=["state", "error", "due_at", "lease_until", "sent_at", "cost", "attempts"])


def _is_late(message: OutboundMessage, now: datetime) -> bool:
    """Whether what a message asks for could not be answered any more."""
    lives = {
        Kind.ASK.value: timedelta(hours=settings.OPTIN_ASK_TTL_HOURS),
        Kind.CODE.value: CODE_LIVES,
        **dict.fromkeys(OURS, OURS_LIVES),
    }
    return message.kind in lives and message.created_at <= now - lives[message.kind]


def _is_night(message: OutboundMessage, now: datetime) -> bool:
    """Whether it waits for the morning of its person: it was queued in time, and budgets held it back."""
    if message.kind not in OURS or message.company.quiet_from is None:
        return False
    try:
        contact = outgoing.read(opening.message_content(message)).to
        begins = quiet.begins(contact, message.company, now)
    except Exception as error:
        if errors.passes(error):
            raise
        return False  # sending it says what is wrong, and no message behind it waits
    return begins is not None and begins <= now


def _held_until(message: OutboundMessage, now: datetime) -> datetime | None:
    """When a question that this number must not get yet may be looked at again; None when it may leave."""
    if message.kind != Kind.ASK:
        return None
    tried = OutboundMessage.objects.filter(sent_at__gt=now - DAY).exclude(pk=message.pk)
    # Bystanders must not be bombed through our forms: one unanswered question a day and number, whoever asks.
    # Only a yes is an answer here: somebody who says no, or stop, must not get the next question for it.
    yes = ConsentRecord.objects.filter(
        subject=OuterRef("subject"), state=Consent.GIVEN, recorded_at__gt=OuterRef("sent_at")
    )
    asked = tried.filter(number_key=message.number_key, kind=Kind.ASK)
    unanswered = asked.filter(~Exists(yes))
    times = list(unanswered.order_by("sent_at").values_list("sent_at", flat=True))
    if len(times) < settings.OPTIN_ASKS_PER_NUMBER:
        return None
    oldest = times[-settings.OPTIN_ASKS_PER_NUMBER]
    return oldest + DAY if oldest is not None else None
