"""What became of messages we sent through Meta, in whatever order it is told."""

import json
import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q

from consent import catalogue, opening, outbox, outgoing, vault
from consent.capture.whatsapp import updates
from consent.contact import Contact
from consent.inbound import Delivery
from consent.models import OutboundMessage, Sender
from consent.providers import meta

log = logging.getLogger(__name__)

State = OutboundMessage.State

STATES = {
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "played": State.DELIVERED,
    "failed": State.FAILED,
}


def is_plain(delivery: Delivery) -> bool:
    """Whether an update only says how far a message got; one that means a stop says more."""
    if delivery.parameters["kind"] != "status":
        return False
    status = json.loads(delivery.parameters["content"])
    return str(status.get("status")) in STATES and error(status) != meta.STOPPED


def act_on(delivery: Delivery) -> bool:
    """Move the message on; whether it was one of ours that got further by it."""
    parameters = delivery.parameters
    sender = sender_of(parameters)
    if sender is None:
        log.error("A status came for a number that is not ours.")
        return False
    status = json.loads(parameters["content"])
    return outbox.advance(
        sender,
        message=_message(status),
        provider_id=updates.word(status.get("id", "")),
        state=STATES[status["status"]],
        error=error(status),
        at=delivery.received_at,
    )


def error(status: Mapping[str, Any]) -> str:
    """The code of what went wrong; "" for nothing."""
    errors = status.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    return updates.word(first.get("code", "")) if isinstance(first, dict) else ""


def sent_to(status: Mapping[str, Any], sender: Sender) -> Contact | None:
    """Whom the message of ours was for that a status is about; None where it is none, or nothing is held of it."""
    number = _message(status)
    ours = Q(pk=number) if number else Q(provider_id=updates.word(status.get("id", ""))) & ~Q(provider_id="")
    message = OutboundMessage.objects.filter(ours, sender=sender).first()
    try:
        return outgoing.read(opening.message_content(message)).to if message else None
    except (opening.Erased, vault.SealBroken):
        return None


def sender_of(parameters: Mapping[str, str]) -> Sender | None:
    """Our sender an update is about, if the app that signed it speaks for that number."""
    number_id = parameters["number_id"]
    return catalogue.sender_numbered(number_id) if number_id in parameters["signed_for"].split() else None


def _message(status: Mapping[str, Any]) -> UUID | None:
    """Our own id of a message, which we gave to Meta with it."""
    try:
        return UUID(str(status.get("biz_opaque_callback_data", "")))
    except ValueError:
        return None
