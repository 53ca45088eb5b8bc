"""Consent by phone call: what a key means, at which moment it counts, and who can never say yes by calling."""

import pytest
from django.test import Client

from consent import hooks, opening, wording
from consent.catalogue import Ask
from consent.models import ConsentRecord, OutboundMessage
from consent.providers import accounts
from consent.sample import Sample
from consent.vocabulary import Possession
from tests import cast, webhooks
from tests.cast import ANA
from tests.webhooks import Conversation


@pytest.fixture(autouse=True)
def _nothing_left_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "DRAIN_EVERY", 0.0)
    accounts.forget()


@pytest.fixture
def phone(aurora: Sample, client: Client) -> Conversation:
    """Ana, who calls Café Aurora."""
    return Conversation(client, webhooks.call())


def test_a_yes_by_phone_counts_once_it_was_confirmed_by_sms(
    aurora: Sample, client: Client, phone: Conversation
) -> None:
    heard = phone.begin()
    assert "Café Aurora" in heard
    assert "SMS" in heard
    assert "For English, press 3." in heard
    assert cast.may(aurora).reason == "no_record"

    read_back = phone.press("1")
    assert "Novidades e ofertas por SMS" in read_back
    assert "SIM" in read_back
    assert cast.may(aurora).reason == "requested"
    assert "Até logo" in phone.press("")
    assert phone.is_over
    assert cast.may(aurora).reason == "requested"

    question = OutboundMessage.objects.get()
    assert (question.kind, question.sender) == ("ask", aurora.sender)
    OutboundMessage.objects.update(state="sent")
    webhooks.post(client, webhooks.sms("SIM"))
    assert cast.may(aurora).reason == "given"
    given = ConsentRecord.objects.filter(state="given")
    assert {(record.method, record.possession) for record in given} == {("ivr", Possession.REPLY)}


def test_the_evidence_of_a_key_is_complete(aurora: Sample, phone: Conversation) -> None:
    heard = phone.begin()
    phone.press("1")

    record = ConsentRecord.objects.earliest("arrival")
    evidence = opening.evidence_of(record.act_id)
    said = wording.statement(
        Ask(aurora.point, tuple(aurora.point.offers.all()), aurora.version), aurora.version, "pt-BR",
        wording="spoken",
    )  # fmt: skip
    assert evidence["text"] == said.text
    assert evidence["digest"] == said.digest
    assert evidence["shown"].replace("\n\n", " ") == heard
    assert evidence["notice"] == "novidades 1.0"
    assert (evidence["digits"], evidence["step"]) == ("1", 1)
    assert evidence["call_id"] == phone.fields["CallSid"]
    assert evidence["attestation"] == "TN-Validation-Passed-A"
    assert (evidence["from"], evidence["to"]) == (ANA.value, "+551140028924")
    assert evidence["voice"] == "pt-BR Polly.Camila"
    assert evidence["asked_at"] <= evidence["answered_at"]
    assert evidence["parameters"]["Digits"] == "1"
    assert record.event_time <= record.recorded_at
