"""WhatsApp through Meta: batches are kept first, worked on one update after the other, and answered in the chat."""

import json

import pytest
from django.test import Client

from consent import opening, outbox
from consent.models import ConsentRecord, OutboundMessage, Sender
from consent.sample import Sample
from tests import cast, meta
from tests.providers.conftest import Scripted, scripted

__all__ = ["scripted"]


@pytest.fixture
def sender(aurora: Sample) -> Sender:
    return meta.sender(aurora)


@pytest.fixture
def graph(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """A Graph API that takes every message."""
    from consent.providers import egress

    monkeypatch.setattr(egress, "META", scripted.url)
    scripted.answers(200, json.dumps({"messages": [{"id": "wamid.OUT"}]}))
    return scripted


def states() -> list[tuple[str, str]]:
    """(purpose's channel, state) of every record, in order."""
    return list(ConsentRecord.objects.order_by("arrival").values_list("channel", "state"))


def test_a_keyword_is_answered_by_buttons_and_a_tap_is_a_yes_with_its_receipt(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    assert meta.delivers(client, meta.text("Promo")) == ["answered"]
    outbox.drain()

    (asked,) = [json.loads(seen["body"]) for seen in graph.seen]
    buttons = [button["reply"] for button in asked["interactive"]["action"]["buttons"]]
    assert asked["to"] == "+5511987654321"
    assert "Café Aurora" in asked["interactive"]["body"]["text"]
    assert "WhatsApp" in asked["interactive"]["body"]["text"]
    assert [button["title"] for button in buttons] == ["Sim, aceito", "Não, obrigado", "Parar mensagens"]
    assert {state for _channel, state in states()} == {"requested"}

    yes = meta.tap(buttons[0]["id"], context={"from": "15550783881", "id": "wamid.OUT"})
    meta.delivers(client, yes)
    outbox.drain()

    given = list(ConsentRecord.objects.filter(state="given"))
    assert {record.channel for record in given} == {"sms", "whatsapp"}
    assert {record.possession for record in given} == {"reply"}
    evidence = opening.evidence_of(given[0].act_id)
    assert evidence["message_id"] == yes["id"]
    assert evidence["payload"] == buttons[0]["id"]
    assert "Ana Souza" in evidence["profile"]
    assert json.loads(evidence["update"])["type"] == "interactive"
    assert evidence["answers"][0]["question"] == asked["interactive"]["body"]["text"]
    assert evidence["answers"][0]["asked_at"]
    receipt = json.loads(graph.seen[-1]["body"])
    assert "/r/" in receipt["text"]["body"]
    assert cast.may(aurora, channel="whatsapp").allow
    assert not OutboundMessage.objects.filter(state="queued").exists()


def test_a_stop_is_a_withdrawal_and_told_once(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    cast.says(aurora, channel="whatsapp")

    meta.delivers(client, meta.text("Sair"))
    outbox.drain()

    assert states()[-1] == ("whatsapp", "withdrawn")
    assert not cast.may(aurora, channel="whatsapp").allow
    (seen,) = graph.seen
    assert "Café Aurora" in json.loads(seen["body"])["text"]["body"]
