"""Asking and understanding answers: a yes to what was asked, a no, and a stop that nothing refuses."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone, translation

from consent import (
    catalogue,
    decision,
    dialogue,
    erasure,
    history,
    keywords,
    opening,
    outbox,
    receipts,
    vault,
    wording,
)
from consent.contact import Contact
from consent.dialogue import settling
from consent.keywords import Intent
from consent.models import ConsentRecord, OutboundMessage, Purpose, Sender
from consent.sample import Sample
from consent.vocabulary import Category, Channel, Possession, State
from tests.cast import ANA, BRUNO, asks, may, new_reference, says, sent, stops, writes

HOUR = timedelta(hours=1)


def records() -> list[tuple[str, str | None, str]]:
    """What was recorded, in order: state, purpose and channel."""
    return list(ConsentRecord.objects.order_by("arrival").values_list("state", "purpose__slug", "channel"))


def confirm(act: Any, **changes: Any) -> Any:
    """Ana types the code on the page."""
    values: dict[str, Any] = {
        "possession": Possession.CODE,
        "method": "website",
        "reference": f"code:{act}",
        "evidence": {"typed": "..."},
    }
    return dialogue.confirm(act, **(values | changes))


# --- asking


def test_the_question_names_company_and_boxes_and_holds_the_code(aurora: Sample) -> None:
    recorded = asks(aurora, boxes=["novidades.sms", "pedidos.sms"])
    message = OutboundMessage.objects.get()
    content = opening.message_content(message)
    assert (message.kind, message.sender, content["to"]) == ("ask", aurora.sender, ANA.value)
    for word in ("Café Aurora", "Novidades e ofertas", "Avisos dos seus pedidos", "SAIR"):
        assert word in content["text"]
    assert dialogue.spaced(vault.code(recorded.act)) in content["text"]


@pytest.mark.parametrize("language", ["en", "es", "pt-BR"])
@pytest.mark.parametrize("has_page", [True, False])
@pytest.mark.parametrize("confirmation", ["reply", "code"])
def test_every_word_the_question_asks_for_is_understood(
    aurora: Sample, language: str, confirmation: str, has_page: bool
) -> None:
    """Whoever does as the message says is understood, in each language."""
    aurora.point.confirmation = confirmation
    aurora.point.save()
    ask = catalogue.ask("aurora", "novidades")
    assert ask is not None
    assert ask.version is not None
    boxes = wording.statement(ask, ask.version, language).boxes
    text = dialogue.asking(ask, boxes, language, vault.new_id(), has_page=has_page).text
    intents = {keywords.interpret(word) for word in re.findall(r"\b[A-Z]{3,}\b", text)} - {Intent.OTHER}
    assert intents == ({Intent.STOP, Intent.CONFIRM} if confirmation == "reply" else {Intent.STOP})


def test_a_question_does_not_depend_on_the_language_of_whoever_runs_it(aurora: Sample) -> None:
    with translation.override("es"):
        asks(aurora)
    assert "responda" in opening.message_content(OutboundMessage.objects.get())["text"].lower()
    assert may(aurora).reason == "requested"


# --- a yes


@pytest.mark.parametrize("text", ["SIM", "sim", "Sim, aceito", "yes", "Sí", "👍"])
def test_a_yes_to_the_question_is_a_grant_with_proof_of_the_number(aurora: Sample, text: str) -> None:
    asked = sent(asks(aurora))
    reply = writes(aurora, text)
    assert may(aurora).allow
    record = ConsentRecord.objects.latest("arrival")
    assert (record.state, record.possession, record.method) == ("given", "reply", "website")
    assert (record.notice, record.point, record.language) == (aurora.version, aurora.point, "pt-BR")
    assert receipts.own_address(record.act_id) in reply
    assert receipts.answering(asked.act) == record.act_id


def test_the_evidence_of_a_yes_holds_what_was_asked_and_what_was_written(aurora: Sample) -> None:
    asked = sent(asks(aurora))
    writes(aurora, "SIM")
    evidence = opening.evidence_of(ConsentRecord.objects.latest("arrival").act_id)
    (answer,) = evidence["answers"]
    assert evidence["message"] == "SIM"
    assert answer["act"] == str(asked.act)
    assert "Café Aurora" in answer["question"]
    assert answer["asked_at"].endswith("Z")


def test_one_yes_answers_every_question_that_waits_and_each_box_once(aurora: Sample) -> None:
    sent(asks(aurora, boxes=["novidades.sms"]))
    sent(asks(aurora, boxes=["novidades.sms", "pedidos.sms"]))
    writes(aurora, "SIM")
    assert records()[3:] == [("given", "novidades", "sms"), ("given", "pedidos", "sms")]


def test_a_yes_by_sms_may_be_to_whatsapp(aurora: Sample) -> None:
    sent(asks(aurora, boxes=["novidades.whatsapp"]))
    writes(aurora, "SIM")
    assert may(aurora, channel="whatsapp").allow
    assert not may(aurora).allow


def test_a_yes_counts_only_from_the_number_that_was_asked(aurora: Sample) -> None:
    sent(asks(aurora))
    writes(aurora, "SIM", BRUNO)
    assert records() == [("requested", "novidades", "sms")]


def test_a_yes_to_a_question_that_has_not_left_is_none(aurora: Sample) -> None:
    asks(aurora)
    assert "nada" in writes(aurora, "SIM").lower()
    assert not may(aurora).allow


def test_a_question_that_may_have_left_can_be_answered(aurora: Sample) -> None:
    asks(aurora)
    OutboundMessage.objects.update(state=OutboundMessage.State.UNCERTAIN)
    writes(aurora, "SIM")
    assert may(aurora).allow


def test_a_question_held_back_is_answered_with_the_one_that_asks_the_same(aurora: Sample) -> None:
    sent(asks(aurora))
    asks(aurora)
    writes(aurora, "SIM")
    assert may(aurora).allow
    assert OutboundMessage.objects.filter(state="expired").count() == 1


def test_a_question_held_back_that_asks_more_is_not_answered_with_it(aurora: Sample) -> None:
    sent(asks(aurora))
    asks(aurora, boxes=["novidades.sms", "pedidos.sms"])
    writes(aurora, "SIM")
    assert may(aurora).allow
    assert may(aurora, purpose="pedidos").reason == "requested"


def test_a_yes_counts_only_at_the_sender_that_asked(aurora: Sample) -> None:
    sent(asks(aurora))
    other = Sender.objects.create(company=aurora.company, channel=Channel.SMS, address="+551140020000")
    reply = dialogue.answer(
        sender=other,
        contact=ANA,
        text="SIM",
        method="sms",
        reference="SM1",
        evidence={"message": "SIM"},
    )
    assert not may(aurora).allow
    assert "Café Aurora" in reply


def test_a_question_grows_too_old_to_be_answered(aurora: Sample) -> None:
    with time_machine.travel(timezone.now() - 25 * HOUR):
        asked = sent(asks(aurora))
    assert "nada" in writes(aurora, "SIM").lower()
    assert confirm(asked.act) is None
    assert not may(aurora).allow


def test_who_is_asked_again_while_a_grant_lives_may_renew_it(aurora: Sample) -> None:
    with time_machine.travel(timezone.now() - 700 * 24 * HOUR):
        says(aurora)
    sent(asks(aurora))
    writes(aurora, "SIM")
    with time_machine.travel(timezone.now() + 60 * 24 * HOUR):
        assert may(aurora).allow


def test_who_is_asked_again_after_a_grant_expired_may_come_back(aurora: Sample) -> None:
    with time_machine.travel(timezone.now() - 731 * 24 * HOUR):
        says(aurora)
    assert may(aurora).reason == "expired"
    sent(asks(aurora))
    writes(aurora, "SIM")
    assert may(aurora).allow


def test_a_yes_where_nothing_waits_explains_how_to_sign_up(aurora: Sample) -> None:
    assert "formulario" in writes(aurora, "SIM")  # without an accent, it is one SMS and not two
    assert records() == []


def test_a_yes_said_twice_gets_its_receipt_twice(aurora: Sample) -> None:
    sent(asks(aurora))
    first = writes(aurora, "SIM")
    assert writes(aurora, "sim") == first
    assert len(records()) == 2


def test_a_yes_said_twice_gets_its_receipt_also_where_an_older_one_was_filed_meanwhile(
    aurora: Sample,
) -> None:
    sent(asks(aurora))
    first = writes(aurora, "SIM")
    says(aurora, event_time=timezone.now() - 30 * 24 * HOUR)  # on a list of the company
    assert writes(aurora, "SIM") == first


def test_after_a_no_to_something_else_a_lone_yes_gets_no_receipt(aurora: Sample) -> None:
    says(aurora, purpose=aurora.purposes["pedidos"])
    sent(asks(aurora))
    writes(aurora, "NAO")
    assert "formulario" in writes(aurora, "SIM")


def test_a_yes_that_does_not_stand_any_more_gets_no_receipt(aurora: Sample) -> None:
    with time_machine.travel(timezone.now() - 731 * 24 * HOUR):
        says(aurora)
    assert "formulario" in writes(aurora, "SIM")
    writes(aurora, "SAIR")
    assert "formulario" in writes(aurora, "SIM")
    assert "formulario" in writes(aurora, "SIM", BRUNO)


# --- a code


def code_of(recorded: Any) -> str:
    return vault.code(recorded.act)


@pytest.mark.parametrize("form", ["{}", "{:.4} {}", "código {}", "SIM {}", "o código é {}."])
def test_a_code_sent_back_is_a_yes_to_its_own_question(aurora: Sample, form: str) -> None:
    sent(asks(aurora, boxes=["pedidos.sms"]))
    asked = sent(asks(aurora, boxes=["novidades.sms"]))
    code = code_of(asked)
    writes(aurora, form.format(code) if "{:" not in form else dialogue.spaced(code))
    assert may(aurora).allow
    assert may(aurora, purpose="pedidos").reason == "requested"


def test_a_wrong_code_is_no_yes_and_its_writer_is_told_how_to_answer(aurora: Sample) -> None:
    sent(asks(aurora))
    assert "SIM" in writes(aurora, "00000000")
    assert not may(aurora).allow


@pytest.mark.parametrize("text", ["Por que recebi o código {}?", "não {}", "quem mandou {}"])
def test_asking_what_a_code_is_for_is_no_yes(aurora: Sample, text: str) -> None:
    asked = sent(asks(aurora))
    writes(aurora, text.format(code_of(asked)))
    assert not may(aurora).allow


def test_a_code_typed_on_the_page_confirms_what_its_act_asked(aurora: Sample) -> None:
    asked = sent(asks(aurora, boxes=["novidades.sms", "pedidos.sms"]))
    recorded = confirm(asked.act)
    assert recorded.is_new
    assert may(aurora).allow
    assert may(aurora, purpose="pedidos").allow
    assert ConsentRecord.objects.latest("arrival").possession == "code"


def test_the_same_confirmation_again_is_the_same_act(aurora: Sample) -> None:
    asked = sent(asks(aurora))
    first = confirm(asked.act)
    again = confirm(asked.act)
    assert (again.act, again.subject, again.records) == (first.act, first.subject, first.records)
    assert not again.is_new
    assert len(records()) == 2


def test_a_confirmation_after_another_answer_has_nothing_to_confirm(aurora: Sample) -> None:
    asked = sent(asks(aurora))
    writes(aurora, "SIM")
    assert confirm(asked.act) is None


def test_a_stop_closes_the_page_that_waits_for_a_code(aurora: Sample) -> None:
    asked = sent(asks(aurora))
    writes(aurora, "SAIR")
    assert confirm(asked.act) is None
    assert may(aurora).reason == "withdrawn"


def test_a_request_that_sent_no_question_can_be_confirmed(aurora: Sample) -> None:
    """As when a clerk reads the question out."""
    asked = says(aurora, state=State.REQUESTED, possession=Possession.NONE)
    recorded = confirm(asked.act, possession=Possession.CALL)
    assert opening.evidence_of(recorded.act)["answers"] == [{"act": str(asked.act)}]
    assert may(aurora).allow


def test_an_act_that_asked_nothing_has_nothing_to_confirm(aurora: Sample) -> None:
    assert confirm(vault.new_id()) is None
    assert confirm(stops(aurora, point=None).act) is None
    assert confirm(says(aurora).act) is None


def test_who_was_erased_has_nothing_to_confirm(aurora: Sample) -> None:
    asked = sent(asks(aurora))
    erasure.erase(asked.subject, company=aurora.company, entity="subject")
    assert confirm(asked.act) is None


def test_who_can_be_reached_by_another_scheme_alone_has_nothing_to_confirm(aurora: Sample) -> None:
    asked = asks(aurora, Contact("whatsapp-user-id", "BR.123"))
    assert confirm(asked.act) is None


# --- a no


def test_a_no_to_the_question_is_a_refusal(aurora: Sample) -> None:
    sent(asks(aurora))
    reply = writes(aurora, "não")
    assert records()[1:] == [("refused", "novidades", "sms")]
    assert "Café Aurora" in reply
    assert may(aurora).reason == "refused"


def test_a_no_where_nothing_waits_changes_nothing(aurora: Sample) -> None:
    assert writes(aurora, "não") == ""
    assert records() == []


def test_a_no_of_somebody_we_know_where_nothing_waits_is_told_how_to_stop(aurora: Sample) -> None:
    sent(asks(aurora))
    writes(aurora, "SIM")
    assert "SAIR" in writes(aurora, "não")
    assert may(aurora).allow


# --- a stop


def test_stop_withdraws_every_purpose_on_that_channel(aurora: Sample) -> None:
    says(aurora)
    says(aurora, purpose=aurora.purposes["pedidos"])
    says(aurora, channel=Channel.WHATSAPP)
    reply = writes(aurora, "SAIR")
    assert not may(aurora).allow
    assert not may(aurora, purpose="pedidos").allow
    assert may(aurora, channel="whatsapp").allow
    assert set(records()[3:]) == {("withdrawn", purpose, "sms") for purpose in (None, "novidades", "pedidos")}
    assert "Café Aurora" in reply


def test_a_stop_is_one_act(aurora: Sample) -> None:
    says(aurora)
    writes(aurora, "SAIR")
    assert ConsentRecord.objects.filter(state="withdrawn").values("act").distinct().count() == 1


def test_a_stop_reaches_purposes_nobody_asked_about_yet(aurora: Sample) -> None:
    writes(aurora, "STOP")
    Purpose.objects.create(company=aurora.company, slug="sorteios", category=Category.MARKETING)
    assert may(aurora, purpose="sorteios").reason == "withdrawn"


def test_a_stop_from_a_stranger_is_kept_and_answered(aurora: Sample) -> None:
    assert "Café Aurora" in writes(aurora, "STOP", BRUNO)
    assert records() == [("withdrawn", None, "sms")]


def test_a_stop_answers_what_was_asked_from_this_sender_on_any_channel(aurora: Sample) -> None:
    sent(asks(aurora, boxes=["novidades.whatsapp"]))
    writes(aurora, "SAIR")
    assert may(aurora, channel="whatsapp").reason == "withdrawn"


def test_no_question_leaves_after_a_stop(aurora: Sample) -> None:
    asks(aurora, boxes=["novidades.sms", "novidades.whatsapp"])
    OutboundMessage.objects.update(due_at=timezone.now() + HOUR)  # held back by the budget of the number
    writes(aurora, "SAIR")
    assert OutboundMessage.objects.get().state == "expired"
    assert may(aurora, channel="whatsapp").reason == "withdrawn"


def test_a_stop_lets_nothing_go_that_was_held_back_for_another_company(aurora: Sample) -> None:
    asks(aurora)
    later = timezone.now() + HOUR
    OutboundMessage.objects.update(due_at=later, sender=99, subject=vault.new_id())
    writes(aurora, "SAIR")
    message = OutboundMessage.objects.get()
    assert (message.state, message.due_at) == ("queued", later)


def test_a_message_that_is_being_sent_is_left_alone(aurora: Sample) -> None:
    sent(asks(aurora, boxes=["pedidos.sms"]))
    asks(aurora)
    lease = timezone.now() + HOUR
    OutboundMessage.objects.filter(state="queued").update(lease_until=lease, due_at=lease)
    writes(aurora, "SIM")
    writes(aurora, "SAIR")
    message = OutboundMessage.objects.get(lease_until__isnull=False)
    assert (message.state, message.due_at) == ("queued", lease)


def test_a_second_stop_is_recorded_and_not_answered(aurora: Sample) -> None:
    writes(aurora, "STOP")
    assert writes(aurora, "STOP") == ""
    assert len(records()) == 2


def test_a_stop_after_a_new_question_is_answered(aurora: Sample) -> None:
    writes(aurora, "STOP")
    sent(asks(aurora))
    assert writes(aurora, "STOP") != ""


def test_who_stopped_may_come_back(aurora: Sample) -> None:
    writes(aurora, "STOP")
    sent(asks(aurora))
    writes(aurora, "SIM")
    assert may(aurora).allow


# --- the same message again


@pytest.mark.parametrize("text", ["SIM", "não", "SAIR"])
def test_the_same_message_again_changes_nothing_and_gets_the_same_reply(aurora: Sample, text: str) -> None:
    sent(asks(aurora))
    reply = writes(aurora, text, reference="SM1")
    before = records()
    assert writes(aurora, text, reference="SM1") == reply
    assert records() == before


def test_two_answers_at_once_are_one_yes(aurora: Sample) -> None:
    """The second finds, when it comes to recording, that the first has answered."""
    asked = sent(asks(aurora))
    heard = dialogue.Heard(aurora.sender, ANA, "sms", "sms:SM2", {"message": "SIM"}, asked.subject, "pt-BR")
    writes(aurora, "SIM")
    assert settling.settle([asked.act], State.GIVEN, heard, possession="reply") is None
    assert len(records()) == 2


# --- everything else


def test_help_names_whom_to_ask_and_how_to_stop(aurora: Sample) -> None:
    reply = writes(aurora, "ajuda")
    assert "privacidade@aurora.example" in reply
    assert "SAIR" in reply


def test_start_explains_how_to_sign_up(aurora: Sample) -> None:
    assert "Café Aurora" in writes(aurora, "START")


def test_something_else_is_answered_only_where_a_question_waits(aurora: Sample) -> None:
    assert writes(aurora, "qual o horário?") == ""
    sent(asks(aurora))
    assert "SIM" in writes(aurora, "qual o horário?")
    assert records() == [("requested", "novidades", "sms")]


@pytest.mark.parametrize(("language", "word"), [("en", "done"), ("es", "listo"), ("pt-BR", "pronto")])
def test_people_are_answered_in_the_language_they_last_used(aurora: Sample, language: str, word: str) -> None:
    says(aurora, language=language)
    with translation.override("en"):
        assert word in writes(aurora, "STOP").lower()


def test_strangers_are_answered_in_the_first_language_of_the_company(aurora: Sample) -> None:
    aurora.sender.company.language = "es"
    assert "listo" in writes(aurora, "STOP", BRUNO).lower()


# --- withdrawing from elsewhere: a page, staff


def test_everything_can_be_withdrawn_from_a_page_too(aurora: Sample) -> None:
    says(aurora)
    recorded = dialogue.withdraw_everything(
        sender=aurora.sender,
        contact=ANA,
        method="website",
        reference=new_reference("stop"),
        evidence={"page": "receipt"},
        entity="staff:7",
    )
    assert recorded.is_new
    assert may(aurora).reason == decision.Reason.WITHDRAWN
    assert set(ConsentRecord.objects.filter(act=recorded.act).values_list("entity", flat=True)) == {"staff:7"}


def test_standings_follow_the_dialogue(aurora: Sample) -> None:
    asked = sent(asks(aurora))
    writes(aurora, "SIM")
    standings = history.standings(asked.subject, at=timezone.now())
    assert {key: standing.state for key, standing in standings.items()} == {
        ("sms", aurora.purposes["novidades"].pk): "given"
    }


def test_a_yes_lets_go_what_was_held_back_for_the_number(aurora: Sample) -> None:
    sent(asks(aurora))
    asks(aurora, boxes=["pedidos.sms"])
    OutboundMessage.objects.filter(state="queued").update(due_at=timezone.now() + HOUR)
    writes(aurora, "SIM")
    message = OutboundMessage.objects.get(state="queued")
    assert message.due_at <= timezone.now()
    assert outbox.claim() == message
