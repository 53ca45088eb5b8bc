"""What a person and a company wrote to one another around a moment, opened for reading."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from consent import history, inbound, opening, vault
from consent.capture.whatsapp import reading, updates
from consent.contact import TEL, WHATSAPP_USER_ID
from consent.inbound import Delivery
from consent.models import Company, InboundMessage, OutboundMessage
from consent.providers import twilio_messages

EACH_WAY = 6  # messages shown before and after the moment, of each direction


@dataclass(frozen=True, slots=True)
class Line:
    """One message; `note` says what kind it was, or how far it got."""

    at: datetime
    is_ours: bool
    text: str
    note: str


def around(subject: UUID, company: Company, moment: datetime) -> list[Line]:
    """The messages around a moment, oldest first. What does not open is left out. Raises opening.Erased."""
    return sorted(
        [*_sent(subject, company, moment), *_came(subject, company, moment)], key=lambda line: line.at
    )


def text_of(delivery: Delivery) -> str:
    """What a person wrote, out of what the provider delivered; "" where it holds no words."""
    if delivery.provider != updates.PROVIDER:
        return delivery.parameters.get("Body", "")
    if delivery.parameters.get("kind") != "message":
        return ""
    read = reading.message(json.loads(delivery.parameters["content"]))
    return next(iter(read.texts), "") if read else ""


def _sent(subject: UUID, company: Company, moment: datetime) -> Iterator[Line]:
    everybody = history.ids_of([subject])[subject]
    messages = OutboundMessage.objects.filter(subject__in=everybody, company=company)
    for message in _nearest(messages, "created_at", moment):
        try:
            text = str(opening.message_content(message).get("text", ""))
        except vault.SealBroken:
            continue
        note = f"{message.get_kind_display()} · {message.get_state_display()}"
        yield Line(message.sent_at or message.created_at, True, text, note)


def _came(subject: UUID, company: Company, moment: datetime) -> Iterator[Line]:
    contacts = [opening.contact_of(subject, scheme=scheme) for scheme in (TEL, WHATSAPP_USER_ID)]
    keys = [vault.number_key(contact) for contact in contacts if contact]
    messages = InboundMessage.objects.filter(number_key__in=keys, sender__company=company)
    for message in _nearest(messages, "received_at", moment):
        try:
            text = text_of(inbound.opened(message))
        except vault.SealBroken:
            continue
        if text:
            yield Line(message.received_at, False, text, str(message.get_state_display()))
        for reply in twilio_messages.replies(bytes(message.answer)):
            yield Line(message.received_at, True, reply, "")


def _nearest(messages: QuerySet[Any], field: str, moment: datetime) -> list[Any]:
    before = messages.filter(**{f"{field}__lte": moment}).order_by(f"-{field}")[:EACH_WAY]
    after = messages.filter(**{f"{field}__gt": moment}).order_by(field)[:EACH_WAY]
    return [*before, *after]
