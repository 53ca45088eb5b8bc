"""Consent by SMS: what people write to our numbers, as Twilio delivers it."""

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.urls import URLPattern

from consent import capture, catalogue, dialogue, doubts, hooks, keywords, providers
from consent.canonical import moment
from consent.contact import Contact
from consent.errors import BadInput
from consent.hooks import Hook
from consent.inbound import Delivery, Outcome, State
from consent.models import Sender
from consent.providers import twilio, twilio_messages
from consent.vocabulary import Channel

log = logging.getLogger(__name__)

SLUG = "sms"


def drain() -> int:
    """Take in what could not be answered when it came."""
    return hooks.drain(HOOK)


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
    """Act on a message, once. What cannot be attributed is kept for staff; the provider hears nothing of it.

    Where nobody waits for the reply any more, only a stop counts, or what may be one: what a yes would answer may
    have changed since, and the person, who got no reply, will say it again. The reply is queued then.
    """
    parameters = delivery.parameters
    sender = _sender(parameters)
    if sender is None:
        log.error("A message came for a number that is not ours; it is kept as unrouted.")
        return Outcome(State.UNROUTED, twilio.reply())
    if delivery.contact is None or not twilio_messages.is_whole(parameters):
        log.error("A message came from something that is no number; it is kept for staff.")
        return Outcome(State.UNREADABLE, twilio.reply(), sender)
    if is_late and not doubts.counts_late(_text(parameters)):
        return Outcome(State.UNREADABLE, twilio.reply(), sender)
    reply = _reply(delivery, delivery.contact, sender, is_late=is_late)
    return Outcome(State.ANSWERED, twilio.reply(reply), sender)


def _reply(delivery: Delivery, contact: Contact, sender: Sender, *, is_late: bool) -> str:
    """Ask about the capture point whose keyword this is, or take it for an answer."""
    text = _text(delivery.parameters)
    heard: dict[str, Any] = {
        "sender": sender,
        "contact": contact,
        "method": SLUG,
        "reference": delivery.parameters["MessageSid"],
        "evidence": _evidence(delivery),
        # Twilio does not say when they wrote; what waited was written no later than we received it.
        "said_at": dialogue.SaidAt(delivery.received_at) if is_late else None,
    }
    ask = dialogue.asked_by(sender, text)
    if ask is not None:
        invitation = dialogue.invite(
            ask, language=dialogue.wanted_language(sender, contact, text=text), **heard
        )
        return invitation.text if invitation.is_sent else ""
    reply = dialogue.answer(text=text, **heard)
    if delivery.parameters.get("OptOutType") in {"STOP", "HELP"}:
        return ""  # Advanced Opt-Out has answered the person already, in the company's own words
    return dialogue.reply_now(
        reply, sender=sender, contact=contact, reference=f"{SLUG}:{heard['reference']}", is_late=is_late
    )


def is_stop(parameters: Mapping[str, str]) -> bool:
    """Whether a message withdraws, by its words or because Twilio took it for a stop."""
    return keywords.interpret(_text(parameters)) is keywords.Intent.STOP


def _text(parameters: Mapping[str, str]) -> str:
    # A stop word of the company's own at Twilio (Advanced Opt-Out) is a stop: they block the number now.
    # START is not believed in the same way, because to Twilio every YES is one.
    return "STOP" if parameters.get("OptOutType") == "STOP" else parameters.get("Body", "")


def _contact(parameters: Mapping[str, str]) -> Contact | None:
    try:
        return Contact.reported(parameters.get("From", ""))
    except BadInput:
        return None


def _sender(parameters: Mapping[str, str]) -> Sender | None:
    """Our sender the message was written to, if it belongs to the account that signed for it."""
    sender = catalogue.sender_at(Channel.SMS, parameters.get("To", ""))
    return sender if sender and providers.belongs(sender, parameters) else None


def _evidence(delivery: Delivery) -> dict[str, object]:
    parameters = delivery.parameters
    return {
        "message": parameters.get("Body", ""),
        "from": parameters["From"],
        "to": parameters["To"],
        "message_id": parameters["MessageSid"],
        "received_at": moment(delivery.received_at),
        "provider": delivery.provider,
        "parameters": dict(parameters),
    }


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
)

METHOD = capture.Method(
    slug=SLUG, name="SMS", urls="consent.capture.sms", messages=HOOK, needs=("OPTIN_PUBLIC_URL",)
)

urlpatterns: list[URLPattern] = []  # its one address is shared: see capture.messages
