"""What one update of Meta's means: somebody said something, chose something, or moved."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from consent import catalogue, dialogue, outbox
from consent.canonical import moment
from consent.capture.whatsapp import accounts, reading, said, statuses, updates
from consent.capture.whatsapp.said import SLUG, Said
from consent.contact import TEL, WHATSAPP_USER_ID
from consent.inbound import Delivery, Outcome, State
from consent.models import Sender
from consent.providers import meta

log = logging.getLogger(__name__)

NOTHING = b""
# What somebody gives up, by what the system says of them.
LEFT = {"user_changed_number": TEL, "user_changed_user_id": WHATSAPP_USER_ID}


def understand(delivery: Delivery) -> Outcome:
    """Act on an update, once. What says nothing about consent is kept, what we do not know is left to staff."""
    parameters = delivery.parameters
    if accounts.is_one(parameters):
        return accounts.understand(delivery)
    sender = statuses.sender_of(parameters)
    if sender is None and not _is_about_an_account(parameters):
        log.error("An update came for a number that is not ours; it is kept as unrouted.")
        return Outcome(State.UNROUTED, NOTHING)
    content = json.loads(parameters["content"])
    if sender is None or not isinstance(content, dict):
        return Outcome(State.UNREADABLE, NOTHING, sender)
    _meet(delivery, sender, content)
    act = {"message": _message, "preference": _preference, "status": _status}.get(parameters["kind"])
    state = act(delivery, sender, content) if act else _other(parameters)
    return Outcome(state, NOTHING, sender)


def _meet(delivery: Delivery, sender: Sender, content: Mapping[str, Any]) -> None:
    """Learn that a number and a user id are one person's, before what they say is acted upon."""
    names = updates.contacts(content, json.loads(delivery.parameters["beside"]))
    if len(names) == 2 and content.get("type") != "system":
        dialogue.same_person(sender=sender, one=names[0], other=names[1], platform="meta")


def _moved(delivery: Delivery, sender: Sender, message: Mapping[str, Any]) -> str:
    """Somebody left a number, or a user id: what they agreed to does not travel to the next one."""
    system = message.get("system")
    kind = system.get("type") if isinstance(system, Mapping) else ""
    names = updates.contacts(message, json.loads(delivery.parameters["beside"]))
    left = [name for name in names if LEFT.get(str(kind)) == name.scheme]
    if not left:
        return State.UNREADABLE
    dialogue.number_changed(sender=sender, old=left[0], platform="meta")
    return State.ANSWERED


def _message(delivery: Delivery, sender: Sender, message: Mapping[str, Any]) -> str:
    if message.get("type") == "system":
        return _moved(delivery, sender, message)
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
            is_wordless=read.is_wordless,
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
    if str(status.get("status")) in statuses.STATES:
        statuses.act_on(delivery)
    if statuses.error(status) != meta.STOPPED:
        return State.UNREADABLE
    # A status may name a user id alone, or nobody, though the message was sent to a number.
    sent_to = statuses.sent_to(status, sender)
    contact = delivery.contact or sent_to
    if contact is None:
        return State.UNREADABLE
    if sent_to is not None and sent_to.scheme != contact.scheme:
        dialogue.same_person(sender=sender, one=sent_to, other=contact, platform="meta")
    dialogue.platform_stop(
        sender=sender,
        contact=contact,
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
