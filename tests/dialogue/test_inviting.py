"""Being asked in a conversation that the person opened: by a keyword, a link, and what its buttons carry."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from consent import catalogue, dialogue, keywords, opening, outgoing, vault
from consent.contact import Contact
from consent.dialogue import payloads
from consent.models import ConsentRecord, OutboundMessage, Sender
from consent.outgoing import Button
from consent.recording import Telling
from consent.sample import Sample
from consent.vocabulary import Channel
from tests.cast import ANA, BRUNO, may, new_reference, says, writes


def opens(aurora: Sample, contact: Contact = ANA, **changes: Any) -> dialogue.Invitation:
    """Somebody writes the keyword to the company."""
    ask = dialogue.asked_by(aurora.sender, "PROMO")
    assert ask is not None
    values: dict[str, Any] = {
        "sender": aurora.sender,
        "contact": contact,
        "language": "pt-BR",
        "method": "sms",
        "reference": new_reference("SM"),
        "evidence": {"message": "PROMO", "from": contact.value},
    }
    return dialogue.invite(ask, **(values | changes))


def presses(
    aurora: Sample, payload: str, contact: Contact = ANA, *, text: str = "Sim", sender: Sender | None = None,
    reference: str = "",
) -> str:  # fmt: skip
    """Somebody presses a button."""
    return dialogue.answer(
        sender=sender or aurora.sender,
        contact=contact,
        text=text,
        method="sms",
        reference=reference or new_reference("SM"),
        evidence={"message": text},
        payload=dialogue.read_payload(payload),
    )


def states() -> list[str]:
    return list(ConsentRecord.objects.order_by("arrival").values_list("state", flat=True))


# --- the keyword


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Promo ES", "es"),
        ("promo español", "es"),
        ("PROMO English!", "en"),
        ("promo pt", "pt-BR"),
        ("promo", "pt-BR"),
    ],
)
def test_a_stranger_is_asked_in_the_language_written_behind_the_keyword(
    aurora: Sample, text: str, language: str
) -> None:
    assert dialogue.asked_by(aurora.sender, text) == dialogue.asked_by(aurora.sender, "PROMO")
    assert dialogue.wanted_language(aurora.sender, ANA, text=text) == language


def test_the_language_that_was_written_beats_the_one_last_used(aurora: Sample) -> None:
    opens(aurora, language="es")
    assert dialogue.wanted_language(aurora.sender, ANA, text="PROMO") == "es"
    assert dialogue.wanted_language(aurora.sender, ANA, text="PROMO EN") == "en"


@pytest.mark.parametrize("text", ["PROMO", "promo", " Promo! ", "prómo"])
def test_the_keyword_is_understood_however_it_is_written(aurora: Sample, text: str) -> None:
    ask = dialogue.asked_by(aurora.sender, text)
    assert ask is not None
    assert ask.point == aurora.point


@pytest.mark.parametrize("text", ["", "promoção", "quero a promo", "SIM", "SAIR", "x" * 30])
def test_anything_else_is_no_keyword(aurora: Sample, text: str) -> None:
    assert dialogue.asked_by(aurora.sender, text) is None


def test_the_keyword_of_a_closed_point_is_none(aurora: Sample) -> None:
    aurora.point.is_open = False
    aurora.point.save()
    assert dialogue.asked_by(aurora.sender, "PROMO") is None


def test_a_word_that_means_stop_is_never_a_keyword(aurora: Sample) -> None:
    aurora.point.keyword = "sair"
    aurora.point.save()
    assert dialogue.asked_by(aurora.sender, "SAIR") is None


# --- the question


def test_the_question_says_everything_and_how_to_answer_and_nobody_has_agreed(aurora: Sample) -> None:
    invitation = opens(aurora)
    for word in ("Café Aurora", "Novidades e ofertas", "Avisos dos seus pedidos", "SIM", "NAO", "SAIR"):
        assert word in invitation.text
    assert states() == ["requested"] * 3
    assert may(aurora).reason == "requested"


@pytest.mark.parametrize("language", ["en", "es", "pt-BR"])
def test_every_word_the_question_asks_for_is_understood(aurora: Sample, language: str) -> None:
    text = opens(aurora, language=language).text
    intents = {keywords.interpret(word) for word in re.findall(r"\b[A-Z]{2,}\b", text)}
    assert {"stop", "confirm", "deny"} <= intents


def test_the_evidence_holds_the_very_words_and_their_version(aurora: Sample) -> None:
    invitation = opens(aurora)
    evidence = opening.evidence_of(invitation.act)
    assert evidence["shown"] == invitation.text
    assert evidence["text"] in invitation.text
    assert len(evidence["digest"]) == 64
    assert evidence["wording"] == "message"
    assert evidence["message"] == "PROMO"
    assert {record.notice for record in ConsentRecord.objects.filter(act=invitation.act)} == {aurora.version}


def test_the_same_keyword_message_again_changes_nothing_and_gets_the_same_words(aurora: Sample) -> None:
    first = opens(aurora, reference="SM1")
    aurora.company.name = "Café Boreal"
    aurora.company.save()
    assert opens(aurora, reference="SM1", language="en") == first
    assert writes(aurora, "PROMO", reference="SM1") == first.text
    assert len(states()) == 3


def test_the_question_is_in_a_language_the_notice_speaks(aurora: Sample) -> None:
    aurora.point.languages = ["es", "en"]
    aurora.point.save()
    assert opens(aurora, language="pt-BR").language == "es"
    aurora.point.languages = ["fr"]
    aurora.point.save()
    assert opens(aurora, language="fr").language == "pt-BR"


def test_the_words_may_be_spoken_or_leave_by_the_outbox(aurora: Sample) -> None:
    def tell(invitation: dialogue.Invitation) -> list[Telling]:
        yes = Button(invitation.payload("yes"), "Sim")
        return [Telling(kind="invite", sender=aurora.sender, text=invitation.text, buttons=(yes,))]

    invitation = opens(aurora, wording="spoken", tell=tell)
    message = OutboundMessage.objects.get()
    assert (message.state, message.act) == ("queued", invitation.act)
    (button,) = outgoing.read(opening.message_content(message)).buttons
    assert button.payload == dialogue.payload(invitation.act, "yes")


def test_nobody_is_asked_before_the_notice_is_published(aurora: Sample) -> None:
    ask = catalogue.Ask(aurora.point, (), None)
    with pytest.raises(ValueError, match="published"):
        dialogue.invite(
            ask, sender=aurora.sender, contact=ANA, language="en", method="sms", reference="1", evidence={}
        )


# --- the answer


def test_a_yes_to_it_is_a_grant_that_names_its_notice_and_question(aurora: Sample) -> None:
    invitation = opens(aurora)
    writes(aurora, "SIM")
    assert may(aurora).allow
    assert may(aurora, channel="whatsapp").allow
    given = ConsentRecord.objects.latest("arrival")
    assert (given.possession, given.notice, given.method) == ("reply", aurora.version, "sms")
    (answer,) = opening.evidence_of(given.act_id)["answers"]
    assert (answer["act"], answer["question"]) == (str(invitation.act), invitation.text)


def test_a_no_to_it_is_a_refusal(aurora: Sample) -> None:
    opens(aurora)
    writes(aurora, "não")
    assert may(aurora).reason == "refused"


def test_nobody_is_reminded_and_the_question_grows_too_old(aurora: Sample) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=25)):
        button = opens(aurora).payload("yes")
    writes(aurora, "SIM")
    presses(aurora, button)
    assert states() == ["requested"] * 3
    assert OutboundMessage.objects.count() == 1


def test_a_yes_by_somebody_else_is_none(aurora: Sample) -> None:
    button = opens(aurora).payload("yes")
    writes(aurora, "SIM", BRUNO)
    reply = presses(aurora, button, BRUNO)
    assert states() == ["requested"] * 3
    assert "nada" in reply.lower()


# --- buttons


def test_a_button_beats_its_visible_text(aurora: Sample) -> None:
    presses(aurora, opens(aurora).payload("yes"), text="Não")
    assert may(aurora).allow


def test_a_button_answers_its_own_question_alone(aurora: Sample) -> None:
    first, second = opens(aurora), opens(aurora)
    presses(aurora, first.payload("no"))
    assert may(aurora).reason == "refused"
    (answer,) = opening.evidence_of(ConsentRecord.objects.latest("arrival").act_id)["answers"]
    assert answer["act"] == str(first.act)
    assert second.act != first.act


def test_a_button_that_was_answered_is_not_answered_again(aurora: Sample) -> None:
    button = opens(aurora).payload("yes")
    presses(aurora, button)
    count = ConsentRecord.objects.count()
    presses(aurora, button)
    assert ConsentRecord.objects.count() == count


def test_a_no_under_a_question_that_was_agreed_to_takes_the_yes_back(aurora: Sample) -> None:
    """Both buttons stay under the question: whoever taps the other one has thought better of it."""
    asked = opens(aurora)
    presses(aurora, asked.payload("yes"))
    assert may(aurora).allow
    assert "Café Aurora" in presses(aurora, asked.payload("no"), text="Não, obrigado")
    assert may(aurora).reason == "withdrawn"
    ended = ConsentRecord.objects.filter(state="withdrawn")
    assert {(one.channel, one.purpose_id) for one in ended} == {
        (one.channel, one.purpose_id) for one in ConsentRecord.objects.filter(act=asked.act)
    }
    (answer,) = opening.evidence_of(ended[0].act_id)["answers"]
    assert (answer["act"], answer["question"]) == (str(asked.act), asked.text)


def test_a_no_takes_back_what_its_own_question_asked_and_nothing_else(aurora: Sample) -> None:
    asked = opens(aurora)
    presses(aurora, asked.payload("yes"))
    says(aurora, channel="voice")
    presses(aurora, asked.payload("no"))
    assert may(aurora, channel="voice").allow
    assert not may(aurora, channel="whatsapp").allow


def test_a_no_under_a_question_that_is_over_is_answered_and_changes_nothing(aurora: Sample) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=90)):
        asked = opens(aurora)
    assert "Café Aurora" in presses(aurora, asked.payload("no"))
    assert states() == ["requested"] * 3


def test_a_no_under_somebody_elses_question_takes_nothing_back(aurora: Sample) -> None:
    asked = opens(aurora)
    presses(aurora, asked.payload("yes"))
    presses(aurora, asked.payload("no"), BRUNO)
    says(aurora, BRUNO)
    presses(aurora, asked.payload("no"), BRUNO)
    assert may(aurora).allow
    assert may(aurora, BRUNO).allow


def test_the_same_no_again_is_the_same_act_with_the_same_reply(aurora: Sample) -> None:
    asked = opens(aurora)
    presses(aurora, asked.payload("yes"))
    first = presses(aurora, asked.payload("no"), reference="SM-no")
    before = states()
    assert presses(aurora, asked.payload("no"), reference="SM-no") == first
    assert states() == before


def test_a_stop_button_always_stops(aurora: Sample) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=90)):
        button = opens(aurora).payload("stop")
    presses(aurora, button, BRUNO, text="Promoções")
    assert may(aurora, BRUNO).reason == "withdrawn"


def test_a_button_of_another_sender_records_nothing(aurora: Sample) -> None:
    other = Sender.objects.create(company=aurora.company, channel=Channel.SMS, address="+551140020000")
    presses(aurora, opens(aurora).payload("yes"), sender=other)
    assert states() == ["requested"] * 3


def test_a_button_under_another_notice_records_nothing(aurora: Sample) -> None:
    invitation = opens(aurora)
    presses(aurora, payloads.write(dialogue.Payload(invitation.act, "ab" * 32, "yes")))
    assert states() == ["requested"] * 3


def test_a_payload_is_read_back_and_short(aurora: Sample) -> None:
    invitation = opens(aurora)
    written = dialogue.payload(invitation.act, "yes")
    assert len(written) < 128
    assert dialogue.read_payload(written) == dialogue.Payload(invitation.act, aurora.version.digest, "yes")


@pytest.mark.parametrize("change", ["", "yes", "yes..", "maybe.{}", "no.{}", "yes.A{}", "yes.é.é", "{}x"])
def test_a_payload_that_was_made_up_is_none(change: str) -> None:
    written = payloads.write(dialogue.Payload(vault.new_id(), "ab" * 32, "yes"))
    rest = written.removeprefix("yes.")
    assert dialogue.read_payload(written) is not None
    assert dialogue.read_payload(change.format(rest)) is None


def test_a_button_says_yes_no_or_stop() -> None:
    with pytest.raises(ValueError, match="yes, no, stop"):
        payloads.write(dialogue.Payload(vault.new_id(), "ab" * 32, "perhaps"))


# --- refusing elsewhere, and languages


def test_a_question_can_be_refused_elsewhere(aurora: Sample) -> None:
    invitation = opens(aurora)
    refused = dialogue.refuse(
        invitation.act, possession="call", method="ivr", reference="CA1", evidence={"digits": "2"}
    )
    assert refused is not None
    assert may(aurora).reason == "refused"


@pytest.mark.parametrize(
    ("text", "language"), [("SIM", "pt-BR"), ("Acepto", "es"), ("join", "en"), ("STOP", "es"), ("??", "es")]
)
def test_a_stranger_is_answered_in_the_language_of_the_word(aurora: Sample, text: str, language: str) -> None:
    aurora.sender.company.language = "es"
    assert dialogue.language_for(aurora.sender, BRUNO, text=text) == language


def test_whoever_is_known_is_answered_in_their_own_language(aurora: Sample) -> None:
    opens(aurora, language="es")
    assert dialogue.language_for(aurora.sender, ANA, text="SIM") == "es"
