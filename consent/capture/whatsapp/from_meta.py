"""What one update of Meta's means: somebody said something, chose something, or moved."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from consent import catalogue, dialogue, outbox
from consent.canonical import moment
from consent.capture.whatsapp import reading, said, statuses
from consent.capture.whatsapp.said import SLUG, Said
from consent.inbound import Delivery, Outcome, State
from consent.models import Sender
from consent.providers import meta

log = logging.getLogger(__name__)

NOTHING = b""


def understand(delivery: Delivery) -> Outcome:
    """Act on an update, once. What says nothing about consent is kept, what we do not know is left to staff."""
    parameters = delivery.parameters
    sender = statuses.sender_of(parameters)
    if sender is None and not _is_about_an_account(parameters):
        log.error("An update came for a number that is not ours; it is kept as unrouted.")
        return Outcome(State.UNROUTED, NOTHING)
    content = json.loads(parameters["content"])
    if sender is None or not isinstance(content, dict):
        return Outcome(State.UNREADABLE, NOTHING, sender)
    act = {"message": _message, "preference": _preference, "status": _status}.get(parameters["kind"])
    state = act(delivery, sender, content) if act else _other(parameters)
    return Outcome(state, NOTHING, sender)


def _message(delivery: Delivery, sender: Sender, message: Mapping[str, Any]) -> str:
    read = reading.message(message)
    if read is None:
        log.error("Meta delivered a kind of message we do not know; it is kept for staff.")
        return State.UNREADABLE
    if delivery.contact is None:
        log.error("A message came from nobody who can be written to; it is kept for staff.")
        return State.UNREADABLE
    reply = said.answer(
        Said(
            sender=sender,
            contact=delivery.contact,
            texts=read.texts,
            is_typed=read.is_typed,
            pressed=read.pressed,
            reference=str(message["id"]),
            said_at=_said_at(delivery, message),
            evidence=_evidence(delivery, sender, message)
            | {"message": next(iter(read.texts), ""), "payload": read.payload},
        )
    )
    if reply is None:
        return State.KEPT
    if reply.text:
        outbox.reply(
            sender=sender,
            contact=delivery.contact,
            subject=dialogue.subject_of(sender, delivery.contact),
            text=reply.text,
            reference=f"{SLUG}:{message['id']}",
        )
    return State.ANSWERED


def _preference(delivery: Delivery, sender: Sender, preference: Mapping[str, Any]) -> str:
    """What somebody chose about us in WhatsApp itself."""
    contact = delivery.contact
    if contact is None or preference.get("category", "marketing_messages") != "marketing_messages":
        return State.UNREADABLE
    said_at = _said_at(delivery, preference)
    heard: dict[str, Any] = {
        "sender": sender,
        "contact": contact,
        "method": SLUG,
        "reference": f"preference:{delivery.key.hex()}",
        "evidence": _evidence(delivery, sender, preference),
    }
    match preference.get("value"):
        case "stop":
            dialogue.platform_stop(platform="meta", said_at=said_at, **heard)
        case "resume":
            dialogue.platform_resume(sender=sender, contact=contact)
        case "signup":
            ask = catalogue.signed_up(sender, str(preference.get("signup_id", "")))
            if ask is None or not dialogue.signed_up(ask, said_at=said_at, **heard):
                log.error("Somebody signed up by a link that belongs to no capture point; staff see it.")
                return State.UNREADABLE
        case _:
            return State.UNREADABLE
    return State.ANSWERED


def _status(delivery: Delivery, sender: Sender, status: Mapping[str, Any]) -> str:
    """A status that says more than how far a message got."""
    if status.get("status") in statuses.STATES:
        statuses.act_on(delivery)
    if statuses.error(status) != meta.STOPPED or delivery.contact is None:
        return State.UNREADABLE
    dialogue.platform_stop(
        sender=sender,
        contact=delivery.contact,
        platform="meta",
        method=SLUG,
        reference=f"{status.get('id', '')}:{meta.STOPPED}",
        evidence={"error": meta.STOPPED, "provider": delivery.provider, "status": json.dumps(status)},
    )
    return State.ANSWERED


def _other(parameters: Mapping[str, str]) -> str:
    return State.KEPT if parameters["field"] in reading.SAYS_NOTHING else State.UNREADABLE


def _is_about_an_account(parameters: Mapping[str, str]) -> bool:
    """Whether an update names no number because it is about a whole account, and is no message."""
    return parameters["kind"] == "other" and not parameters["number_id"]


def _said_at(delivery: Delivery, content: Mapping[str, Any]) -> dialogue.SaidAt:
    return dialogue.said_at(content.get("timestamp"), clock="meta", received_at=delivery.received_at)


def _evidence(delivery: Delivery, sender: Sender, content: Mapping[str, Any]) -> dict[str, object]:
    """What would convince an auditor: the update as it came, with whom Meta says it is from."""
    contact = delivery.contact
    people = json.loads(delivery.parameters["beside"])
    ids = {person.get("wa_id") for person in people if isinstance(person, dict)} - {None, ""}
    # The number in the message counts; that another stands beside it is only noted.
    is_other = bool(ids) and bool(content.get("from")) and content["from"] not in ids
    return {
        "from": contact.value if contact else "",
        "to": sender.address,
        "message_id": str(content.get("id", "")),
        "received_at": moment(delivery.received_at),
        "provider": delivery.provider,
        "update": delivery.parameters["content"],
        "profile": delivery.parameters["beside"],
        **({"other_wa_id": True} if is_other else {}),
    }
