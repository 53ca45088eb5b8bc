"""What may be a stop holds offers at once; staff judge it; a block at the platform outlives our own yes."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from consent import decision, dialogue, erasure, opening
from consent.models import ConsentRecord, Hold, LogPending, OutboundMessage
from consent.sample import Sample
from tests.cast import ANA, BRUNO, asks, may, new_reference, says, sent, stops, writes

UNSURE = "vocês podem parar com isso?"


def only() -> Hold:
    return Hold.objects.get()


def judges(held: Hold, *, is_stop: bool) -> Any:
    return dialogue.judge(held, is_stop=is_stop, by="staff:7")


def stops_at_meta(aurora: Sample) -> None:
    dialogue.platform_stop(
        sender=aurora.sender, contact=ANA, platform="meta", method="whatsapp",
        reference=new_reference("wamid"), evidence={"preference": "stop"},
    )  # fmt: skip


# --- the doubt


def test_words_that_may_be_a_stop_hold_offers_at_once_and_say_so_once(aurora: Sample) -> None:
    says(aurora)
    says(aurora, purpose=aurora.purposes["pedidos"])
    reply = writes(aurora, UNSURE)
    assert (may(aurora).allow, may(aurora).reason) == (False, "held")
    assert may(aurora, purpose="pedidos").allow  # a stop of offers would not stop the news of an order
    assert "SAIR" in reply
    assert writes(aurora, "isso é spam") == ""
    assert Hold.objects.count() == 2


def test_the_same_doubtful_message_again_holds_once_and_says_the_same(aurora: Sample) -> None:
    says(aurora)
    first = writes(aurora, UNSURE, reference="SM1")
    assert writes(aurora, UNSURE, reference="SM1") == first != ""
    assert Hold.objects.count() == 1


def test_a_doubt_is_about_one_person_and_channel(aurora: Sample) -> None:
    says(aurora)
    says(aurora, channel="whatsapp")
    says(aurora, BRUNO)
    writes(aurora, UNSURE)
    assert may(aurora, channel="whatsapp").allow
    assert may(aurora, BRUNO).allow


def test_a_stranger_has_nothing_to_hold(aurora: Sample) -> None:
    assert writes(aurora, UNSURE) == ""
    assert not Hold.objects.exists()


def test_no_question_leaves_while_there_is_a_doubt(aurora: Sample) -> None:
    asks(aurora)
    writes(aurora, UNSURE)
    assert OutboundMessage.objects.get().state == "expired"


def test_what_was_decided_before_the_doubt_stays_as_it_was(aurora: Sample) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        says(aurora)
    before = timezone.now() - timedelta(minutes=30)
    writes(aurora, UNSURE)
    asked = {"company": aurora.company.pk, "channel": "sms", "purpose": "novidades"}
    assert decision.may_send(ANA, at=before, **asked).allow
    assert decision.may_send(ANA, at=timezone.now(), **asked).reason == "held"
    judges(only(), is_stop=False)
    assert decision.may_send(ANA, at=only().said_at, **asked).reason == "held"


def test_who_has_withdrawn_is_withdrawn_and_not_held(aurora: Sample) -> None:
    says(aurora)
    writes(aurora, UNSURE)
    stops(aurora)
    assert may(aurora).reason == "withdrawn"


# --- the judgement


def test_a_message_judged_a_stop_is_a_withdrawal_by_staff_with_its_words(aurora: Sample) -> None:
    says(aurora)
    writes(aurora, UNSURE)
    recorded = judges(only(), is_stop=True)
    assert may(aurora).reason == "withdrawn"
    evidence = opening.evidence_of(recorded.act)
    assert (evidence["text"], evidence["judged_by"]) == (UNSURE, "staff:7")
    assert ConsentRecord.objects.latest("arrival").entity == "staff:7"
    assert (only().ending, only().decided_by) == ("stop", "staff:7")


def test_a_message_judged_no_stop_lets_offers_go_and_is_in_the_log(aurora: Sample) -> None:
    says(aurora)
    writes(aurora, UNSURE)
    assert judges(only(), is_stop=False) is None
    assert may(aurora).allow
    entry = json.loads(bytes(LogPending.objects.latest("id").data))
    assert (entry["type"], entry["judgement"], entry["entity"]) == ("judged", "go_on", "staff:7")


def test_no_stop_may_become_a_stop_but_a_stop_stays_one(aurora: Sample) -> None:
    says(aurora)
    writes(aurora, UNSURE)
    judges(only(), is_stop=False)
    assert judges(only(), is_stop=True) is not None
    assert judges(only(), is_stop=False) is None
    assert (only().ending, may(aurora).reason) == ("stop", "withdrawn")


@pytest.mark.parametrize(("text", "reason"), [("SIM", "given"), ("não", "refused"), ("SAIR", "withdrawn")])
def test_a_clear_word_of_the_person_ends_the_doubt(aurora: Sample, text: str, reason: str) -> None:
    says(aurora)
    writes(aurora, UNSURE)
    sent(asks(aurora))
    writes(aurora, text)
    assert (may(aurora).reason, only().ending) == (reason, "said")


def test_erasing_a_person_empties_what_was_held(aurora: Sample) -> None:
    subject = says(aurora).subject
    writes(aurora, UNSURE)
    erasure.erase(subject, company=aurora.company, entity="subject")
    assert bytes(only().sealed) == b""
    assert only().ended_at is not None


# --- the platform


def test_a_stop_at_the_platform_is_a_withdrawal_and_a_block_that_our_yes_does_not_lift(
    aurora: Sample,
) -> None:
    says(aurora)
    stops_at_meta(aurora)
    assert may(aurora).reason == "withdrawn"
    assert ConsentRecord.objects.latest("arrival").entity == "platform:meta"
    says(aurora)
    assert may(aurora).reason == "blocked"


def test_resuming_lifts_the_block_and_is_no_consent(aurora: Sample) -> None:
    says(aurora)
    stops_at_meta(aurora)
    assert dialogue.platform_resume(sender=aurora.sender, contact=ANA)
    assert may(aurora).reason == "withdrawn"
    says(aurora)
    assert may(aurora).allow
    assert not dialogue.platform_resume(sender=aurora.sender, contact=ANA)
    assert not dialogue.platform_resume(sender=aurora.sender, contact=BRUNO)


# --- what a stop ends


def test_a_company_may_let_a_stop_end_its_offers_alone(aurora: Sample) -> None:
    aurora.sender.company.stop_scope = "marketing"
    says(aurora)
    says(aurora, purpose=aurora.purposes["pedidos"])
    reply = writes(aurora, "SAIR")
    assert may(aurora).reason == "withdrawn"
    assert may(aurora, purpose="pedidos").allow
    assert "ofertas" in reply
    assert "PROMO" in reply
    assert writes(aurora, "SAIR") == ""


def test_a_stop_of_offers_answers_what_was_asked_whatever_it_was(aurora: Sample) -> None:
    aurora.sender.company.stop_scope = "marketing"
    sent(asks(aurora, boxes=["pedidos.sms"]))
    writes(aurora, "SAIR")
    assert may(aurora, purpose="pedidos").reason == "withdrawn"


def test_where_there_are_no_offers_a_stop_ends_everything(aurora: Sample) -> None:
    aurora.sender.company.stop_scope = "marketing"
    aurora.company.purposes.update(category="utility")
    writes(aurora, "SAIR")
    assert may(aurora).reason == "withdrawn"


def test_without_a_keyword_the_way_back_is_the_form(aurora: Sample) -> None:
    aurora.point.keyword = ""
    aurora.point.save()
    assert "formulário" in writes(aurora, "SAIR")
