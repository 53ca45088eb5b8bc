"""What became of messages we sent: Twilio's status callbacks, in whatever order they come."""

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent import catalogue, dialogue, hooks, opening, outbox, providers
from consent.canonical import canonical, moment
from consent.contact import Contact
from consent.errors import BadInput
from consent.hooks import Hook
from consent.inbound import Delivery, Outcome
from consent.inbound import State as Inbound
from consent.models import OutboundMessage, Sender
from consent.providers import meta, twilio
from consent.providers.twilio import STOPS

log = logging.getLogger(__name__)

State = OutboundMessage.State

DOOR = "status"
MESSAGE = "message"  # the query parameter that names our own message; see providers.send

# Twilio's words for where a message is, as ours; the ones left out are before "sent" and change nothing.
STATES = {
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "partially_delivered": State.DELIVERED,
    "undelivered": State.FAILED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}
BEFORE_SENT = frozenset({"accepted", "scheduled", "queued", "sending"})


@csrf_exempt  # the signature says who it is
@require_POST
def statuses(request: HttpRequest) -> HttpResponse:
    """Twilio's webhook for the fate of messages: verify, keep, read, record, reply."""
    return hooks.answer(request, HOOK)


def drain() -> int:
    """Take in what could not be answered when it came."""
    return hooks.drain(HOOK)


def stopped(message: OutboundMessage, code: str) -> None:
    """Record the stop that a provider told us of, by its code, when we handed it a message."""
    content = opening.message_content(message)
    contact = Contact(content["scheme"], content["to"])
    reference = message.pk.hex
    if providers.is_at_meta(message.sender):
        dialogue.platform_stop(
            sender=message.sender,
            contact=contact,
            platform="meta",
            method=message.sender.channel,
            reference=reference,
            evidence={"error": meta.STOPPED, "message_id": reference, "provider": "meta"},
        )
        return
    evidence = {"error": code, "message_id": reference, "provider": "twilio"}
    _withdraw(message.sender, contact, reference=reference, evidence=evidence)


def deliver(parameters: Mapping[str, str], *, received_at: datetime) -> Delivery:
    """Name a callback by its message and what it says about it."""
    return Delivery(
        door=DOOR,
        provider="twilio",
        event=(DOOR, parameters.get("AccountSid", ""), canonical(dict(parameters)).decode()),
        parameters=parameters,
        received_at=received_at,
        contact=_contact(parameters),
    )


def understand(delivery: Delivery, *, is_late: bool) -> Outcome:
    """Move the message on, and record a withdrawal where the callback means that the person stopped.

    Late or not, what it says stays true.
    """
    parameters = delivery.parameters
    sender = _sender(parameters)
    if sender is None:
        log.error("A status came for a number that is not ours.")
        return Outcome(Inbound.UNROUTED, b"")
    status = parameters.get("MessageStatus", "")
    if status == "read":
        sid = parameters.get("MessageSid", "")
        outbox.saw(sender, message=_message(parameters), provider_id=sid, at=delivery.received_at)
    if status in STATES:
        outbox.advance(
            sender,
            message=_message(parameters),
            provider_id=parameters.get("MessageSid", ""),
            state=STATES[status],
            error=parameters.get("ErrorCode", ""),
            at=delivery.received_at,
        )
    if is_stop(parameters) and delivery.contact is not None:
        _withdraw(
            sender,
            delivery.contact,
            reference=f"{parameters.get('MessageSid', '')}:{parameters['ErrorCode']}",
            evidence={
                "error": parameters["ErrorCode"],
                "provider": delivery.provider,
                "received_at": moment(delivery.received_at),
                "parameters": dict(parameters),
            },
        )
    return Outcome(Inbound.ANSWERED if _is_known(parameters) else Inbound.UNREADABLE, b"", sender)


def is_stop(parameters: Mapping[str, str]) -> bool:
    """Whether a callback means that the person does not want messages any more; a failure alone does not."""
    return parameters.get("ErrorCode") in STOPS


def _withdraw(sender: Sender, contact: Contact, *, reference: str, evidence: Mapping[str, object]) -> None:
    dialogue.withdraw_everything(
        sender=sender,
        contact=contact,
        method=sender.channel,
        reference=reference,
        evidence=evidence,
        entity="platform:twilio",
    )


def _verified(request: HttpRequest) -> dict[str, str]:
    """The parameters, and our own name of the message, which the signed address carries."""
    return {**twilio.verified(request, ours="From"), MESSAGE: request.GET.get(MESSAGE, "")}


def _is_kept(parameters: Mapping[str, str]) -> bool:
    """Whether a callback is kept raw: not where it only says how far a message got, as its row then does."""
    return is_stop(parameters) or not _is_known(parameters)


def _is_known(parameters: Mapping[str, str]) -> bool:
    status = parameters.get("MessageStatus", "")
    return status in STATES or status in BEFORE_SENT


def _message(parameters: Mapping[str, str]) -> UUID | None:
    try:
        return UUID(parameters[MESSAGE])
    except (KeyError, ValueError):
        return None


def _contact(parameters: Mapping[str, str]) -> Contact | None:
    try:
        return Contact.reported(parameters.get("To", ""))
    except BadInput:
        return None


def _sender(parameters: Mapping[str, str]) -> Sender | None:
    """Our sender the message left from, if it belongs to the account that signed for it."""
    sender = catalogue.sender_written(parameters.get("From", ""))
    return sender if sender and providers.belongs(sender, parameters) else None


HOOK = Hook(
    door=DOOR,
    provider="twilio",
    verify=_verified,
    deliver=deliver,
    sender=_sender,
    understand=understand,
    is_stop=is_stop,
    is_kept=_is_kept,
    silence=b"",
    media_type="text/plain",
)

urlpatterns = [path("hooks/twilio/status/", statuses, name="twilio-status")]
