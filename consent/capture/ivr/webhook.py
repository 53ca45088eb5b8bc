"""Twilio's webhook for calls: verify, keep, read the key, act on it, and say what comes next."""

import logging
import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent import hooks, opening, vault
from consent.canonical import canonical
from consent.capture.ivr import METHOD, fate, hidden, menu, parties
from consent.capture.ivr.parties import MESSAGE, STEP
from consent.capture.ivr.step import STOP, Step, Turn
from consent.contact import Contact
from consent.hooks import Hook
from consent.inbound import Delivery, Outcome, State
from consent.models import Call, OutboundMessage, Sender
from consent.providers import twilio_voice

log = logging.getLogger(__name__)

_STEP = re.compile(r"[0-9]{1,4}")
_CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
# Twilio always sends these.
_CORE = frozenset({"AccountSid", "CallSid", "CallStatus", "From", "To"})
_HUNG_UP = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


@csrf_exempt  # the signature says who it is
@require_POST
def voice(request: HttpRequest) -> HttpResponse:
    """Every step of every call, ours and theirs."""
    return hooks.answer(request, HOOK)


def drain() -> int:
    """Take in what could not be answered when it came: of a call that is long over, only a stop counts."""
    return hooks.drain(HOOK)


def deliver(parameters: Mapping[str, str], *, received_at: datetime) -> Delivery:
    """Name a step by its call and number; by its content where that is no whole step."""
    is_whole = _is_whole(parameters)
    name = (
        (parameters["CallSid"], parameters.get(STEP, ""))
        if is_whole
        else (canonical(dict(parameters)).decode(),)
    )
    return Delivery(
        door=METHOD.slug,
        provider="twilio",
        event=(METHOD.slug, parameters.get("AccountSid", ""), *name),
        parameters=parameters,
        received_at=received_at,
        contact=parties.person(parameters),
    )


def understand(delivery: Delivery, *, is_late: bool) -> Outcome:
    """Act on a step, once. What belongs to no number or call of ours is kept for staff, and hung up."""
    parameters = delivery.parameters
    sender = parties.sender(parameters)
    if sender is None:
        log.error("A call came for a number that is not ours; it is kept as unrouted.")
        return Outcome(State.UNROUTED, HOOK.silence)
    message = parties.message(parameters, sender)
    if not _is_whole(parameters) or (parameters.get(MESSAGE) and message is None):
        log.error("A step of a call came that is not whole, or of no call of ours; it is kept for staff.")
        return Outcome(State.UNREADABLE, HOOK.silence, sender)
    if is_late and not is_stop(parameters):
        return Outcome(State.UNREADABLE, HOOK.silence, sender)
    if delivery.contact is None:
        return Outcome(State.ANSWERED, hidden.answer(parameters, sender, at=delivery.received_at), sender)
    return Outcome(
        State.ANSWERED, _take(delivery, delivery.contact, sender, message, is_late=is_late), sender
    )


def is_stop(parameters: Mapping[str, str]) -> bool:
    """Whether a step stops everything."""
    return parameters.get("Digits") == STOP


def _take(
    delivery: Delivery, contact: Contact, sender: Sender, message: OutboundMessage | None, *, is_late: bool
) -> bytes:
    parameters = delivery.parameters
    number = UUID(bytes=vault.digest("call", parameters["AccountSid"], parameters["CallSid"])[:16])
    known = Call.objects.select_for_update(of=("self",)).filter(pk=number).first()
    call = known or Call(id=number, sender=sender, started_at=delivery.received_at)
    step = Step(
        call=call, sender=sender, contact=contact, key=parameters.get("Digits", ""),
        number=_number(parameters.get(STEP, "")), at=delivery.received_at, parameters=parameters, message=message,
        is_late=is_late,
    )  # fmt: skip
    if parameters["CallStatus"] in _HUNG_UP or fate.is_machine(parameters):
        call.stage = Call.Stage.OVER
    if message and fate.is_machine(parameters):
        fate.advance(message, parameters, at=delivery.received_at)
    try:
        turn = menu.take(step)
    except opening.Erased:  # since we called
        call.stage, turn = Call.Stage.OVER, Turn()
    call.save(force_insert=known is None)
    if not turn.seconds:
        return twilio_voice.end(turn.lines)
    return twilio_voice.listen(turn.lines, action=_address(call.step, message), seconds=turn.seconds)


def _address(step: int, message: OutboundMessage | None) -> str:
    """Where the next key is posted to: Twilio resolves it against the address it called."""
    of = f"&{MESSAGE}={message.pk.hex}" if message else ""
    return f"{reverse('twilio-voice')}?{STEP}={step}{of}"


def _is_whole(parameters: Mapping[str, str]) -> bool:
    return parameters.keys() >= _CORE and bool(_CALL_SID.fullmatch(parameters["CallSid"]))


def _number(step: str) -> int:
    """The number of a step; -1, which no call waits for, where it is none."""
    return int(step) if _STEP.fullmatch(step) else -1


HOOK = Hook(
    door=METHOD.slug,
    provider="twilio",
    verify=parties.verified,
    deliver=deliver,
    sender=parties.sender,
    understand=understand,
    is_stop=is_stop,
    is_kept=lambda _parameters: True,
    silence=twilio_voice.end(),
    media_type="text/xml",
)
