"""What holds no words on WhatsApp: while a question waits its sender is told how to answer, else nothing is said."""

from typing import Any

import pytest
from django.test import Client

from consent import opening
from consent.models import ConsentRecord, OutboundMessage, Sender
from consent.sample import Sample
from tests import meta, webhooks
from tests.capture.test_whatsapp_samples import sender as at_twilio
from tests.capture.test_whatsapp_samples import whatsapp

__all__ = ["at_twilio"]

THINGS: dict[str, Any] = {
    "audio": {"id": "1", "mime_type": "audio/ogg", "voice": True},
    "image": {"id": "1", "mime_type": "image/jpeg", "caption": "sim"},
    "sticker": {"id": "1", "animated": False},
    "location": {"latitude": -23.5, "longitude": -46.6},
    "contacts": [{"name": {"formatted_name": "Bruno"}}],
    "reaction": {"message_id": "wamid.OUT", "emoji": "👍"},
}


def replies() -> list[str]:
    """What is said in answer, beside the question itself."""
    rows = OutboundMessage.objects.filter(kind="reply").order_by("created_at")
    return [str(opening.message_content(row)["text"]) for row in rows]


@pytest.fixture
def asked(aurora: Sample, client: Client) -> Sender:
    """Ana was asked in a chat at Meta and has not answered yet."""
    sender = meta.sender(aurora)
    meta.delivers(client, meta.text("promo"))
    assert OutboundMessage.objects.update(state="sent") == 1
    return sender


@pytest.mark.parametrize("kind", THINGS)
def test_what_holds_no_words_is_no_answer_and_its_sender_is_told_how_to_answer(
    asked: Sender, client: Client, kind: str
) -> None:
    assert meta.delivers(client, meta.message(kind, THINGS[kind]))[-1] == "answered"
    (said,) = replies()
    assert "Café Aurora" in said
    assert "SIM" in said
    assert set(ConsentRecord.objects.values_list("state", flat=True)) == {"requested"}


@pytest.mark.parametrize(
    "thing",
    [
        meta.message("reaction", {"message_id": "wamid.OUT", "emoji": ""}),  # taken back
        meta.message("image", {"id": "1"}, group_id="a-group"),
        meta.tap("somebody-elses-button"),
    ],
)
def test_what_is_not_said_to_us_is_not_answered(asked: Sender, client: Client, thing: Any) -> None:
    assert meta.delivers(client, thing)[-1] == "kept"
    assert replies() == []


@pytest.mark.parametrize("kind", THINGS)
def test_nothing_is_said_where_no_question_waits(aurora: Sample, client: Client, kind: str) -> None:
    meta.sender(aurora)
    assert meta.delivers(client, meta.message(kind, THINGS[kind])) == ["kept"]
    assert replies() == []


@pytest.mark.parametrize("changes", [{"NumMedia": "1"}, {"Latitude": "-23.5", "Longitude": "-46.6"}])
def test_over_twilio_it_is_the_same(
    aurora: Sample, at_twilio: Sender, client: Client, changes: dict[str, str]
) -> None:
    assert webhooks.said(webhooks.post(client, whatsapp("", **changes))) == ""
    webhooks.post(client, whatsapp("PROMO"))
    assert "SIM" in webhooks.said(webhooks.post(client, whatsapp("", **changes)))
    assert webhooks.said(webhooks.post(client, whatsapp("", ButtonPayload="order"))) == ""
    assert set(ConsentRecord.objects.values_list("state", flat=True)) == {"requested"}
