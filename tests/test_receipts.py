"""The person's copy: what was recorded, where they stand now, and its place in the log."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone, translation

from consent import erasure, receipts, recording, vault
from consent.log import tree
from consent.models import ConsentRecord
from consent.receipts import Receipt
from consent.sample import Sample
from consent.vocabulary import Channel, Possession, State
from tests.cast import ANA, BRUNO, asks, event, says, sent, stops, writes


def read(recorded: recording.Recorded) -> Receipt:
    receipt = receipts.read(recorded.act, at=timezone.now())
    assert receipt is not None
    return receipt


def test_a_receipt_says_who_asked_what_was_said_and_when(aurora: Sample) -> None:
    recorded = says(aurora)
    receipt = read(recorded)
    record = ConsentRecord.objects.get()
    assert (receipt.act, receipt.company, receipt.sender) == (recorded.act, aurora.company, aurora.sender)
    assert (receipt.event_time, receipt.recorded_at) == (record.event_time, record.recorded_at)
    assert (receipt.language, receipt.method, receipt.notice) == ("pt-BR", "website", aurora.version.digest)
    (line,) = receipt.lines
    assert (line.channel, line.state, line.state_now, line.record) == (
        "SMS",
        "given",
        "given",
        recorded.records[0],
    )


@pytest.mark.parametrize(
    ("code", "name"),
    [("en", "News and offers"), ("es", "Novedades y ofertas"), ("pt-br", "Novidades e ofertas")],
)
def test_a_receipt_reads_in_the_language_now_active(aurora: Sample, code: str, name: str) -> None:
    recorded = says(aurora)
    with translation.override(code):
        assert read(recorded).lines[0].purpose == name


def test_a_receipt_has_a_line_for_each_record_in_order(aurora: Sample) -> None:
    first = event(aurora)
    second = event(
        aurora,
        purpose=aurora.purposes["pedidos"],
        channel=Channel.WHATSAPP,
        evidence=first.evidence,
        reference=first.reference,
    )
    recorded = recording.record(first, second)
    assert [line.record for line in read(recorded).lines] == list(recorded.records)
    assert [line.channel for line in read(recorded).lines] == ["SMS", "WhatsApp"]


def test_a_receipt_shows_where_the_person_stands_now(aurora: Sample) -> None:
    recorded = says(aurora)
    stops(aurora)
    (line,) = read(recorded).lines
    assert (line.state, line.state_now) == ("given", "withdrawn")


def test_a_receipt_shows_that_a_yes_has_run_out(aurora: Sample) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=731)):
        recorded = says(aurora)
    assert read(recorded).lines[0].state_now == "expired"


def test_the_receipt_of_a_stop_speaks_of_all_messages(aurora: Sample) -> None:
    receipt = read(stops(aurora, point=None))
    assert receipt.lines[0].purpose == "all messages"
    assert (receipt.notice, receipt.sender) == ("", None)


def test_a_receipt_gets_its_place_in_the_log(aurora: Sample) -> None:
    says(aurora, BRUNO)
    recorded = says(aurora)
    assert not read(recorded).is_in_the_log
    tree.sequence()
    receipt = read(recorded)
    assert receipt.is_in_the_log
    place = receipt.lines[0].place
    assert place is not None
    assert (place.index, place.size) == (1, 2)


def test_there_is_no_receipt_of_what_nobody_did(aurora: Sample) -> None:
    assert receipts.read(vault.new_id(), at=timezone.now()) is None


def test_the_address_of_a_receipt_leads_to_its_act(aurora: Sample) -> None:
    act = says(aurora).act
    address = receipts.address(act)
    assert address.startswith(f"{settings.OPTIN_PUBLIC_URL}/r/")
    assert vault.read_act_token(address.rstrip("/").rpartition("/")[2], use="receipt") == act


def test_the_short_receipt_names_the_company_the_address_and_how_to_stop(aurora: Sample) -> None:
    act = says(aurora).act
    for code, stop in (("en", "STOP"), ("es", "SALIR"), ("pt-br", "SAIR")):
        with translation.override(code):
            text = receipts.short_text(act, "Café Aurora")
        assert "Café Aurora" in text
        assert receipts.own_address(act) in text
        assert stop in text


# --- which act answered a question


def answer_to(recorded: recording.Recorded) -> object:
    return receipts.answering(recorded.act)


def test_a_question_waits_until_it_is_answered(aurora: Sample) -> None:
    asked = sent(asks(aurora))
    assert answer_to(asked) is None
    writes(aurora, "SIM")
    assert answer_to(asked) == ConsentRecord.objects.latest("arrival").act_id


@pytest.mark.parametrize("text", ["não", "SAIR"])
def test_a_no_or_a_stop_is_an_answer(aurora: Sample, text: str) -> None:
    asked = sent(asks(aurora))
    writes(aurora, text)
    assert answer_to(asked) == ConsentRecord.objects.latest("arrival").act_id


def test_a_question_asked_again_is_no_answer(aurora: Sample) -> None:
    asked = sent(asks(aurora))
    asks(aurora)
    assert answer_to(asked) is None


def test_a_yes_to_another_question_is_no_answer_to_this_one(aurora: Sample) -> None:
    """Bruno typed Ana's number; he must not be shown the receipt of what she agrees to elsewhere."""
    asked = asks(aurora)
    says(aurora, ANA)
    assert answer_to(asked) is None


def test_a_yes_about_something_else_is_no_answer(aurora: Sample) -> None:
    asked = asks(aurora)
    says(aurora, purpose=aurora.purposes["pedidos"])
    says(aurora, BRUNO)
    assert answer_to(asked) is None


def test_what_was_erased_answers_nothing(aurora: Sample) -> None:
    asked = sent(asks(aurora))
    writes(aurora, "SIM")
    erasure.erase(asked.subject, company=aurora.company, entity="subject")
    assert answer_to(asked) is None


def test_an_act_nobody_did_has_no_answer(aurora: Sample) -> None:
    assert receipts.answering(vault.new_id()) is None


def test_a_question_in_several_boxes_is_answered_by_the_first_answer_to_any(aurora: Sample) -> None:
    asked = asks(aurora, boxes=["novidades.sms", "pedidos.sms"])
    answer = recording.record(
        event(
            aurora,
            purpose=aurora.purposes["pedidos"],
            state=State.GIVEN,
            possession=Possession.CALL,
            evidence={"answers": [{"act": str(asked.act)}]},
        )
    )
    assert answer_to(asked) == answer.act
