"""WhatsApp as Twilio delivers it: forms like those of SMS, with more in them."""

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from consent import catalogue, dialogue, doubts, keywords, providers
from consent.canonical import moment
from consent.capture.whatsapp import said
from consent.capture.whatsapp.said import SLUG, Said
from consent.contact import Contact
from consent.errors import BadInput
from consent.hooks import Hook
from consent.inbound import Delivery, Outcome, State
from consent.models import Sender
from consent.providers import twilio, twilio_messages

log = logging.getLogger(__name__)

PREFIX = "whatsapp:"


def deliver(parameters: Mapping[str, str], *, received_at: datetime) -> Delivery:
    """Name a message, so that what is delivered twice counts once."""
    return Delivery(
        door=SLUG,
        provider="twilio",
        event=twilio_messages.event(parameters),
        parameters=parameters,
        received_at=received_at,
        contact=_contact(parameters),
    )


def understand(delivery: Delivery, *, is_late: bool) -> Outcome:
    """Act on a message, once. Where nobody waits for the reply any more, only a stop counts, or what may be one."""
    parameters = delivery.parameters
    sender = _sender(parameters)
    if sender is None:
        log.error("A WhatsApp message came for a number that is not ours; it is kept as unrouted.")
        return Outcome(State.UNROUTED, twilio.reply())
    if delivery.contact is None or not twilio_messages.is_whole(parameters):
        log.error("A WhatsApp message came from nobody who can be written to; it is kept for staff.")
        return Outcome(State.UNREADABLE, twilio.reply(), sender)
    if is_late and not is_stop(parameters) and not any(map(doubts.counts_late, _texts(parameters))):
        return Outcome(State.UNREADABLE, twilio.reply(), sender)
    reply = said.answer(_said(delivery, delivery.contact, sender, is_late=is_late))
    if reply is None:
        return Outcome(State.KEPT, twilio.reply(), sender)
    text = reply.text
    if not reply.is_kept:
        reference = f"{SLUG}:{parameters['MessageSid']}"
        text = dialogue.reply_now(
            text, sender=sender, contact=delivery.contact, reference=reference, is_late=is_late
        )
    return Outcome(State.ANSWERED, twilio.reply(text), sender)


def is_stop(parameters: Mapping[str, str]) -> bool:
    """Whether a message withdraws: by its words, by what stood on a button, or by a button of ours."""
    pressed = dialogue.read_payload(parameters.get("ButtonPayload", ""))
    if pressed is not None:
        return pressed.answer == "stop"
    return any(keywords.interpret(text) is keywords.Intent.STOP for text in _texts(parameters))


def _said(delivery: Delivery, contact: Contact, sender: Sender, *, is_late: bool) -> Said:
    parameters = delivery.parameters
    payload = parameters.get("ButtonPayload", "")
    has_media = parameters.get("NumMedia", "0") != "0"
    return Said(
        sender=sender,
        contact=contact,
        texts=_texts(parameters),
        is_typed=not payload and not has_media,
        is_wordless=not payload and (has_media or not parameters.get("Body")),
        pressed=dialogue.read_payload(payload),
        reference=parameters["MessageSid"],
        # Twilio does not say when; what waited was written no later than we received it.
        said_at=dialogue.SaidAt(delivery.received_at) if is_late else None,
        evidence={
            "message": parameters.get("Body", ""),
            "payload": payload,
            "from": contact.value,
            "to": sender.address,
            "message_id": parameters["MessageSid"],
            "received_at": moment(delivery.received_at),
            "provider": delivery.provider,
            "parameters": dict(parameters),
        },
    )


def _texts(parameters: Mapping[str, str]) -> tuple[str, ...]:
    texts = (parameters.get(name, "") for name in ("Body", "ButtonText", "ButtonPayload"))
    return tuple(dict.fromkeys(filter(None, texts)))


def _contact(parameters: Mapping[str, str]) -> Contact | None:
    """Who wrote: the number, or the user id where WhatsApp keeps the number to itself."""
    for name in ("From", "ExternalUserId"):
        try:
            return Contact.reported(parameters.get(name, ""))
        except BadInput:
            continue
    return None


def _sender(parameters: Mapping[str, str]) -> Sender | None:
    """Our sender the message was written to, if it belongs to the account that signed for it."""
    sender = catalogue.sender_written(parameters.get("To", ""))
    return sender if sender and providers.belongs(sender, parameters) else None


def is_for(parameters: Mapping[str, str]) -> bool:
    """Whether a message is one of WhatsApp's."""
    return parameters.get("To", "").startswith(PREFIX)


HOOK = Hook(
    door=SLUG,
    provider="twilio",
    verify=partial(twilio.verified, ours="To"),
    deliver=deliver,
    sender=_sender,
    understand=understand,
    is_stop=is_stop,
    is_kept=lambda _parameters: True,
    silence=twilio.reply(),
    media_type="text/xml",
    is_for=is_for,
)
