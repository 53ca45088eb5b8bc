"""Twilio is asked how a WhatsApp sender is, and says it in its own words."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from consent.models import QualityPoll, Sender
from consent.providers import SendError, health
from consent.quality import keeping, polling
from consent.sample import Sample
from tests.providers.conftest import Scripted


@pytest.fixture
def number(aurora: Sample) -> Sender:
    return aurora.company.senders.get(channel="whatsapp", number_id="")


def senders(number: Sender, **properties: str) -> str:
    one = {
        "sid": "XE1",
        "sender_id": f"whatsapp:{number.address}",
        "status": "ONLINE",
        "properties": properties,
    }
    return json.dumps({"senders": [one], "meta": {"key": "senders", "next_page_url": None}})


def test_a_sender_at_twilio_has_a_rating_a_status_and_a_limit(scripted: Scripted, number: Sender) -> None:
    scripted.answers(200, senders(number, quality_rating="MEDIUM", messaging_limit="10K Customers/24hr"))
    now = timezone.now()
    poll = QualityPoll.objects.create(sender=number, due_at=now)
    polling.ask(poll, at=now)
    state = keeping.state_of(number, at=now)
    assert (state.rating, state.status, state.limit) == ("yellow", "connected", 10_000)
    assert scripted.seen[0]["path"].startswith("/sandbox/twilio/messaging/v2/Channels/Senders?")
    assert poll.due_at > now + timedelta(minutes=9)


def test_a_sender_that_twilio_does_not_have_is_said_so(scripted: Scripted, number: Sender) -> None:
    scripted.answers(200, json.dumps({"senders": [], "meta": {"key": "senders"}}))
    with pytest.raises(SendError) as error:
        health.ask_twilio(number)
    assert error.value.code == "number.not_there"
