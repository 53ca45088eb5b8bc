"""Twilio's webhook for the fate of calls, in whatever order it tells it."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent import hooks
from consent.canonical import canonical
from consent.capture.ivr import fate, parties
from consent.hooks import Hook
from consent.inbound import Delivery, Outcome, State

DOOR = "voice-status"


@csrf_exempt  # the signature says who it is
@require_POST
def statuses(request: HttpRequest) -> HttpResponse:
    """How calls went, ours and theirs: verify, keep, read, write down."""
    return hooks.answer(request, HOOK)


def drain() -> int:
    """Take in what could not be answered when it came."""
    return hooks.drain(HOOK)


def deliver(parameters: Mapping[str, str], *, received_at: datetime) -> Delivery:
    """Name a callback by its call and what it says about it."""
    return Delivery(
        door=DOOR,
        provider="twilio",
        event=(DOOR, parameters.get("AccountSid", ""), canonical(dict(parameters)).decode()),
        parameters=parameters,
        received_at=received_at,
        contact=parties.person(parameters),
    )


def understand(delivery: Delivery, *, is_late: bool) -> Outcome:
    """Move our call on; late or not, what is said stays true. Of a call to us its end and length are kept."""
    parameters = delivery.parameters
    sender = parties.sender(parameters)
    if sender is None:
        return Outcome(State.UNROUTED, b"")
    message = parties.message(parameters, sender)
    if message is not None:
        fate.advance(message, parameters, at=delivery.received_at)
    return Outcome(State.ANSWERED, b"", sender)


HOOK = Hook(
    door=DOOR,
    provider="twilio",
    verify=parties.verified,
    deliver=deliver,
    sender=parties.sender,
    understand=understand,
    is_stop=lambda _parameters: False,
    is_kept=lambda _parameters: True,
    silence=b"",
    media_type="text/plain",
)
