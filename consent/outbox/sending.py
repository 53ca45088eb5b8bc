"""Handing claimed messages to their provider, and writing down how that went."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from consent import errors, inbound, opening, outgoing, providers, reach
from consent.models import OutboundMessage
from consent.outbox.claiming import claim
from consent.providers import SendError
from consent.quality import keeping
from consent.vault import SealBroken
from consent.vocabulary import Channel

log = logging.getLogger(__name__)

BATCH = 20
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 33  # over about a day
STAFF_WAIT = timedelta(minutes=10)
WINDOW = timedelta(hours=24)  # WhatsApp: free text goes only to whoever wrote within it

State = OutboundMessage.State

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
        _failed(message, _refused(message, error, on_stop))
    except Exception as error:
        # Whatever a library of a provider's breaks with: the message may have left, and the next one is sent.
        if errors.passes(error):
            raise
        log.exception("Message %s could not be handed over.", message.pk)
        _failed(message, SendError("unexpected", uncertain=True))
    else:
        message.state, message.error = State.SENT, ""
    _write_down(message)


def _refused(message: OutboundMessage, error: SendError, on_stop: OnStop | None) -> SendError:
    """How a refusal counts: one that says that the person stopped is heard again where the stop is not recorded."""
    if not (error.stopped and on_stop):
        return error
    try:
        on_stop(message, error.code)
    except Exception as trouble:
        if errors.passes(trouble):
            raise
        log.exception("A stop that refused message %s could not be recorded.", message.pk)
        return SendError(error.code, needs_staff=True)
    return error


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
