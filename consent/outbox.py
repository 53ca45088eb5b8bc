"""Sending what was queued: claimed with a lease, within budgets, and never twice for one message."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from consent import inbound, opening, outgoing, providers, quiet, reach, vault
from consent.canonical import canonical
from consent.contact import Contact
from consent.models import ConsentRecord, OutboundMessage, Sender
from consent.outgoing import Outgoing
from consent.providers import SendError
from consent.quality import keeping
from consent.vault import SealBroken
from consent.vocabulary import Channel
from consent.vocabulary import State as Consent

log = logging.getLogger(__name__)

BATCH = 20
LEASE = timedelta(seconds=90)  # longer than a provider's time-out by far
DAY = timedelta(hours=24)
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 33  # over about a day
STAFF_WAIT = timedelta(minutes=10)
BUDGET_WAIT = timedelta(minutes=10)
NIGHT_WAIT = timedelta(minutes=10)
CODE_LIVES = timedelta(minutes=10)  # from when the code was asked for
WINDOW = timedelta(hours=24)  # WhatsApp: free text goes only to whoever wrote within it

State = OutboundMessage.State
Kind = OutboundMessage.Kind
# What we say of our own accord to people who agreed before, and so never at night.
OURS = (Kind.RENEW.value, Kind.AGAIN.value, Kind.SUMMARY.value)
OURS_LIVES = timedelta(days=3)

# A message only moves to the right, so callbacks may overtake one another and our own worker.
ORDER = (State.QUEUED, State.UNCERTAIN, State.SENT, State.FAILED, State.DELIVERED)

type OnStop = Callable[[OutboundMessage, str], None]


def drain(*, limit: int = BATCH, on_stop: OnStop | None = None) -> int:
    """Look at up to `limit` due messages, one after the other, and send those that may leave. Returns how
    many.

    One after the other, because a worker that dies must leave no more than one message of which nobody knows
    whether the provider has it. `on_stop` is given a message that the provider refused because its person
    stopped there, and its code for that.
    """
    for looked_at in range(limit):
        message = claim()
        if message is None:
            return looked_at
        if message.lease_until is not None:
            send(message, on_stop=on_stop)
    return limit


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
        _lock()
        first = (
            due.select_for_update(of=("self",))
            .select_related("company", "sender__company")
            .order_by("due_at")
            .first()
        )
        if first is not None:
            _take(first, now)
    return first


def _lock() -> None:
    """Let nobody else claim until the transaction ends. On SQLite a transaction that writes is alone anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('optin outbox'))")


def _take(message: OutboundMessage, now: datetime) -> None:
    """Lease one message for sending now, or say why not."""
    if message.lease_until is not None:
        # A worker died while it was sending. The provider may have it: sending again might reach the person
        # twice.
        message.state, message.error, message.lease_until = State.UNCERTAIN, "worker.lost", None
    elif _is_late(message, now):
        message.state, message.error = State.EXPIRED, "ask.expired"
    elif full := _full(message.sender, now):
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
    except (opening.Erased, SealBroken):
        return False  # sending it says what is wrong
    begins = quiet.begins(contact, message.company, now)
    return begins is not None and begins <= now


def _full(sender: Sender, now: datetime) -> str:
    """Which budget of its company has no room for one more message of a sender; "" for none.

    Whoever asks holds the lock. Every message is asked about when it leaves, with the 24 hours before it: so no 24
    hours hold more than the budget.
    """
    company = sender.company
    left = OutboundMessage.objects.filter(company=company, sent_at__gt=now - DAY)
    used = left.aggregate(messages=Count("pk"), money=Sum("cost"))
    if used["messages"] >= company.messages_per_day:
        return "budget.messages"
    if company.money_per_day and round(used["money"] or Decimal(0), 4) + sender.price > company.money_per_day:
        return "budget.money"
    return ""


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


def send(message: OutboundMessage, *, on_stop: OnStop | None = None) -> None:
    """Hand one claimed message to its provider and write down how that went."""
    try:
        content = outgoing.read(opening.message_content(message))
        if content.template is None and not _may_speak_freely(message):
            raise SendError("window.closed", permanent=True)
        message.provider_id = providers.send(message.sender, content, message=message.pk)
    except opening.Erased:
        message.state, message.error = State.EXPIRED, "person.erased"
    except SealBroken:
        _failed(message, SendError("seal.broken"))
    except SendError as error:
        if error.stopped and on_stop:
            on_stop(message, error.code)
        _failed(message, error)
    else:
        message.state, message.error = State.SENT, ""
    _write_down(message)


def _may_speak_freely(message: OutboundMessage) -> bool:
    """Whether anything may be said to this person, and not only what WhatsApp has approved."""
    if message.sender.channel != Channel.WHATSAPP:
        return True
    return inbound.wrote_since(message.sender, bytes(message.number_key), timezone.now() - WINDOW)


def _write_down(message: OutboundMessage) -> None:
    message.lease_until = None
    row = OutboundMessage.objects.filter(pk=message.pk)
    mine = ("state", "error", "due_at", "lease_until", "sent_at", "provider_id")
    # The provider's callback may have overtaken its answer; what it says then stands.
    if not row.filter(state__in=(State.QUEUED, State.UNCERTAIN)).update(
        **{name: getattr(message, name) for name in mine}
    ):
        row.update(lease_until=None)


def _failed(message: OutboundMessage, error: SendError) -> None:
    message.error = str(error.code)[:80]
    keeping.note_error(message.sender, message.error, at=timezone.now())
    if error.uncertain:
        message.state = State.UNCERTAIN
    elif error.permanent or message.attempts >= MOST_ATTEMPTS:
        message.state, message.sent_at = State.FAILED, None
        reach.note(message, error.code, at=timezone.now())
    else:
        wait = min(FIRST_WAIT * 2 ** (message.attempts - 1), LONGEST_WAIT)
        message.due_at = timezone.now() + (max(wait, STAFF_WAIT) if error.needs_staff else wait)
        message.sent_at = None
    log.warning("Message %s was not sent (%s); it is now %s.", message.pk, message.error, message.state)


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


def charge(act: UUID, sender: Sender) -> None:
    """Count what an act had leave with the answer to a webhook, in the transaction of that answer."""
    if not is_free(sender):
        OutboundMessage.objects.filter(act=act, sender=sender, state=State.SENT).update(cost=sender.price)


def is_free(sender: Sender) -> bool:
    """Whether what is answered on the spot need not be counted: sending is not stopped, and money not limited."""
    return not (sender.company.is_paused or sender.is_paused or sender.company.money_per_day)


def has_room(sender: Sender) -> bool:
    """Whether one more message may leave now: sending is not stopped, and the money of the day is not spent.

    Where money is limited the transaction this is asked in holds the lock of the outbox from here on.
    """
    if is_free(sender):
        return True
    if sender.company.is_paused or sender.is_paused:
        return False
    _lock()
    return not _full(sender, timezone.now())


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
