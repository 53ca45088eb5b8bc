"""What people are shown: every placeholder filled, nothing evaluated, and a digest of all of it."""

import re

import pytest
from django.utils import translation

from consent import catalogue, keywords, wording
from consent.models import CapturePoint, Offer, Sender
from consent.sample import Sample
from consent.vocabulary import Channel, Language
from consent.wording import Statement


def ask() -> catalogue.Ask:
    found = catalogue.ask("aurora", "novidades")
    assert found is not None
    return found


def shown(aurora: Sample, language: str = "pt-BR", *, kind: str = "screen") -> Statement:
    return wording.statement(ask(), aurora.version, language, wording=kind)


@pytest.mark.parametrize("language", ["en", "es", "pt-BR"])
def test_the_statement_names_company_channels_purposes_and_whom_to_ask(aurora: Sample, language: str) -> None:
    text = shown(aurora, language).text
    for word in (
        "Café Aurora",
        "Café Aurora Ltda.",
        "SMS",
        "WhatsApp",
        "privacidade@aurora.example",
        "https://aurora.example/privacidade",
        aurora.purposes["novidades"].name.in_language(language),
    ):
        assert word in text
    assert wording.placeholders(text) == set()


@pytest.mark.parametrize(
    ("language", "listed"),
    [("en", "SMS and WhatsApp"), ("es", "SMS y WhatsApp"), ("pt-BR", "SMS e WhatsApp")],
)
def test_channels_are_listed_as_people_list_things(aurora: Sample, language: str, listed: str) -> None:
    with translation.override("en"):  # whatever language the page around it has
        assert listed in shown(aurora, language).text


def test_a_single_channel_is_named_alone(aurora: Sample) -> None:
    Offer.objects.exclude(channel=Channel.WHATSAPP).delete()
    text = shown(aurora).text
    assert "por WhatsApp." in text
    assert "SMS" not in text


def test_there_is_a_box_for_each_purpose_and_channel_and_none_is_ticked(aurora: Sample) -> None:
    boxes = shown(aurora).boxes
    assert [box.key for box in boxes] == ["novidades.sms", "novidades.whatsapp", "pedidos.sms"]
    assert boxes[0].label == "Novidades e ofertas por SMS"
    assert "4" in boxes[0].hint
    assert boxes[0].offer.purpose == aurora.purposes["novidades"]


def test_paragraphs_are_the_text_without_empty_ones() -> None:
    statement = Statement(text="One.\n\n\n\n Two.\n\n", boxes=(), language="en")
    assert statement.paragraphs == ["One.", "Two."]


def test_a_name_with_braces_is_a_name(aurora: Sample) -> None:
    aurora.company.name = "{dpo_contact} {0} {__class__}"
    aurora.company.save()
    assert "{dpo_contact} {0} {__class__} quer" in shown(aurora).text


def test_an_unknown_placeholder_stays_as_it_is() -> None:
    assert wording.fill("{company} {nobody} {}", {"company": "A"}) == "A {nobody} {}"


def test_another_wording_is_used_where_there_is_one(aurora: Sample) -> None:
    aurora.version.wordings["pt-BR"]["spoken"] = "{company} fala."
    assert shown(aurora, kind="spoken").text == "Café Aurora fala."
    del aurora.version.wordings["pt-BR"]["spoken"]
    assert shown(aurora, kind="spoken").text.startswith("Café Aurora quer falar com você por SMS e WhatsApp.")


@pytest.mark.parametrize("language", Language.values)
@pytest.mark.parametrize("kind", ["screen", "message", "spoken", "paper"])
def test_every_wording_says_how_to_stop_with_a_word_that_stops(
    aurora: Sample, language: str, kind: str
) -> None:
    word = keywords.STOP_WORD[language]
    assert keywords.interpret(word) is keywords.Intent.STOP
    text = shown(aurora, language, kind=kind).text
    assert re.search(rf"(reply|responda) {word}\b", text)
    assert wording.placeholders(text) == set()


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        (["sms", "voice"], "responda SAIR a qualquer mensagem ou tecle 0 durante qualquer ligação."),
        (["voice"], "envie SAIR por SMS para +551140028922 ou tecle 0 durante qualquer ligação."),
    ],
)
def test_how_to_stop_depends_on_the_channels(aurora: Sample, channels: list[str], said: str) -> None:
    Offer.objects.all().delete()
    for channel in channels:
        Offer.objects.create(point=aurora.point, purpose=aurora.purposes["pedidos"], channel=channel)
    assert f"de graça: {said}" in shown(aurora).text


def test_a_sender_of_calls_takes_no_sms(aurora: Sample) -> None:
    Offer.objects.exclude(channel=Channel.WHATSAPP).delete()
    Offer.objects.update(channel=Channel.VOICE)
    CapturePoint.objects.update(sender=Sender.objects.get(channel=Channel.VOICE))
    assert "de graça: tecle 0 durante qualquer ligação." in shown(aurora).text


def test_what_a_voice_reads_aloud_can_be_said(aurora: Sample) -> None:
    text = shown(aurora, kind="spoken").text
    assert "privacidade arroba aurora ponto example" in text
    assert "está em aurora ponto example barra privacidade." in text
    aurora.version.wordings["en"]["spoken"] = "{sender}"
    assert shown(aurora, "en", kind="spoken").text == "5 5 1 1 4 0 0 2 8 9 2 2"


def test_a_language_the_notice_does_not_speak_falls_back_to_one_it_does(aurora: Sample) -> None:
    aurora.version.wordings = {"es": {"screen": "Hola"}}
    assert shown(aurora, "en").text == "Hola"
    aurora.version.wordings = {}
    assert shown(aurora, "en").text == ""


def test_the_digest_changes_with_anything_that_is_shown(aurora: Sample) -> None:
    digests = {shown(aurora).digest, shown(aurora, "es").digest}
    aurora.purposes["novidades"].description["pt-BR"] = "Uma por dia."
    aurora.purposes["novidades"].save()
    digests.add(shown(aurora).digest)
    aurora.company.name = "Café Boreal"
    aurora.company.save()
    digests.add(shown(aurora).digest)
    Offer.objects.filter(channel=Channel.WHATSAPP).delete()
    digests.add(shown(aurora).digest)
    assert len(digests) == 5
    assert shown(aurora).digest == shown(aurora).digest
