"""Consent by phone call: what a key means, at which moment it counts, and who can never say yes by calling."""

import threading

import pytest
from django.db import connections
from django.test import Client

from consent import catalogue, dialogue, hooks, inbound, opening, vault, wording
from consent.capture.ivr import webhook
from consent.catalogue import Ask
from consent.models import Act, Call, CapturePoint, ConsentRecord, InboundMessage, OutboundMessage
from consent.providers import accounts
from consent.sample import Sample
from consent.vocabulary import Possession
from tests import cast, webhooks
from tests.cast import ANA, BRUNO
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
    asked = str(opening.message_content(question)["text"])
    assert "SIM" in asked
    assert dialogue.spaced(vault.code(question.act)) not in asked  # a caller has no page to type it on
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


# --- what each key does


def test_silence_and_wrong_keys_end_after_three_prompts_and_record_nothing(
    aurora: Sample, phone: Conversation
) -> None:
    phone.begin()
    assert "não conhecemos essa tecla" in phone.press("7").lower()
    assert "Café Aurora" in phone.press("")
    assert "nada foi registrado" in phone.press("*")

    assert phone.is_over
    assert not ConsentRecord.objects.exists()
    assert not OutboundMessage.objects.exists()


@pytest.mark.parametrize("digits", ["", "*", "#", "1#1", "1" * 50, "w", "11", "１", " 1", "10", "01"])
def test_what_is_not_one_known_key_is_no_answer(aurora: Sample, phone: Conversation, digits: str) -> None:
    phone.begin()
    phone.press(digits)

    assert not phone.is_over
    assert not ConsentRecord.objects.exists()


def test_what_was_spoken_is_no_consent(aurora: Sample, phone: Conversation) -> None:
    """No speech is asked for, so what comes as some is nobody's answer."""
    phone.begin()
    for words, confidence in (("sim", "0.99"), ("não", "0.3"), ("sim não sim", "0.9")):
        phone.press("", SpeechResult=words, Confidence=confidence)

    assert not ConsentRecord.objects.exists()


def test_two_is_a_refusal_and_is_recorded(aurora: Sample, phone: Conversation) -> None:
    phone.begin()
    assert "não receberá" in phone.press("2")

    assert phone.is_over
    assert cast.may(aurora).reason == "refused"


def test_nine_says_it_again_and_costs_no_prompt(aurora: Sample, phone: Conversation) -> None:
    first = phone.begin()
    assert [phone.press("9") for _time in range(5)] == [first] * 5
    phone.press("1")
    assert cast.may(aurora).reason == "requested"


def test_a_machine_that_presses_nine_for_ever_is_hung_up_on(aurora: Sample, phone: Conversation) -> None:
    phone.begin()
    for _time in range(20):
        if phone.is_over:
            break
        phone.press("9")
    assert phone.is_over


@pytest.mark.parametrize("key", ["3", "4", "5"])
def test_a_key_changes_the_language_and_the_record_is_in_it(
    aurora: Sample, phone: Conversation, key: str
) -> None:
    language, words = {"3": ("en", "May we"), "4": ("es", "¿Podemos"), "5": ("pt-BR", "Podemos")}[key]
    phone.begin()
    assert words in phone.press(key)
    phone.press("1")

    assert set(ConsentRecord.objects.values_list("language", flat=True)) == {language}


def test_whoever_spoke_spanish_to_the_company_last_hears_spanish(aurora: Sample, phone: Conversation) -> None:
    cast.says(aurora, language="es")

    assert "le habla Café Aurora" in phone.begin()


def test_zero_stops_everything_on_every_channel_before_it_is_answered(
    aurora: Sample, phone: Conversation
) -> None:
    cast.says(aurora)
    cast.says(aurora, channel="whatsapp")
    phone.begin()

    assert "Pronto" in phone.press("0")
    assert phone.is_over
    for channel in ("sms", "whatsapp", "voice"):
        assert cast.may(aurora, channel=channel).reason == "withdrawn"


def test_zero_from_a_stranger_is_kept_and_counts_at_every_stage(aurora: Sample, phone: Conversation) -> None:
    phone.begin()
    phone.press("1")
    phone.press("0")

    assert cast.may(aurora).reason == "withdrawn"
    assert OutboundMessage.objects.get().state == "expired"


def test_a_yes_can_be_taken_back_while_it_is_read_back(aurora: Sample, phone: Conversation) -> None:
    phone.begin()
    phone.press("1")
    assert "tecle 2" in phone.press("7"), "a wrong key has it read back again"
    phone.press("2")

    assert phone.is_over
    assert cast.may(aurora).reason == "refused"
    assert OutboundMessage.objects.get().state == "expired"


def test_hanging_up_while_it_is_read_back_leaves_it_waiting(aurora: Sample, phone: Conversation) -> None:
    phone.begin()
    phone.press("1")
    phone.press("", CallStatus="completed")

    assert cast.may(aurora).reason == "requested"
    assert not ConsentRecord.objects.filter(state="given").exists()


# --- who calls


@pytest.mark.parametrize(
    "number",
    ["+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "Restricted", "anonymous", "Anonymous",
     "client:ana", "sip:ana@example.com", "", "12345", "US.13491208655302741918"],
)  # fmt: skip
def test_nobody_consents_from_a_hidden_number(aurora: Sample, client: Client, number: str) -> None:
    phone = Conversation(client, webhooks.call(From=number, Caller=number))
    heard = phone.begin()

    assert "PROMO" in heard
    assert "5 5 1 1 4 0 0 2 8 9 2 2" in heard
    phone.press("1")
    assert not ConsentRecord.objects.exists()
    assert webhooks.kept()[0] == ("answered", "twilio")


@pytest.mark.parametrize("attested", ["TN-Validation-Passed-A", "TN-Validation-Failed-C", ""])
def test_an_attestation_is_evidence_and_no_proof(aurora: Sample, client: Client, attested: str) -> None:
    phone = Conversation(client, webhooks.call(StirVerstat=attested))
    phone.begin()
    phone.press("1")
    phone.press("")

    assert cast.may(aurora).reason == "requested"
    record = ConsentRecord.objects.earliest("arrival")
    assert opening.evidence_of(record.act_id)["attestation"] == attested


@pytest.mark.parametrize("number", ["+8821621234567", "+442079460018", "+5511998"])
def test_a_number_that_may_not_be_asked_is_told_and_nothing_is_recorded(
    aurora: Sample, client: Client, number: str
) -> None:
    phone = Conversation(client, webhooks.call(From=number))
    phone.begin()
    assert "não foi registrado" in phone.press("1")

    assert phone.is_over
    assert not ConsentRecord.objects.exists()
    assert not OutboundMessage.objects.exists()


# --- what cannot be told from outside


def test_the_same_step_again_gets_the_same_bytes_and_no_second_record(
    aurora: Sample, client: Client, phone: Conversation
) -> None:
    phone.begin()
    asked_at = phone.path
    phone.press("1")
    first = phone.response.content

    for _time in range(3):
        phone.path = asked_at
        phone.press("1")
        assert phone.response.content == first
    assert ConsentRecord.objects.count() == len(aurora.point.offers.all())
    assert OutboundMessage.objects.count() == 1


def test_the_same_step_with_another_key_gets_the_first_answer_and_is_kept_beside_it(
    aurora: Sample, phone: Conversation
) -> None:
    phone.begin()
    asked_at = phone.path
    phone.press("1")
    first = phone.response.content
    phone.path = asked_at
    phone.press("2")

    assert phone.response.content == first
    assert cast.may(aurora).reason == "requested"
    assert sorted(webhooks.kept()) == [("answered", "twilio")] * 2 + [("conflict", "twilio")]
    conflict = InboundMessage.objects.get(state="conflict")
    assert inbound.opened(conflict).parameters["Digits"] == "2"


@pytest.mark.django_db(transaction=True)
def test_one_step_delivered_twenty_times_at_once_is_one_record_and_one_answer(
    aurora: Sample, client: Client, phone: Conversation
) -> None:
    phone.begin()
    fields = phone.fields | {"Digits": "1"}
    begin, answers = threading.Barrier(20), []

    def deliver() -> None:
        begin.wait()
        try:
            answers.append(webhooks.post(Client(), fields, path=phone.path))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=deliver) for _number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    answered = {answer.content for answer in answers if answer.status_code == 200}
    assert len(answered) == 1
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert Act.objects.count() == OutboundMessage.objects.count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/twilio/voice/?step=7", "/hooks/twilio/voice/?step=9999&language=xx",
        "/hooks/twilio/voice/?step=1&step=8&point=other&state=given",
        "/hooks/twilio/voice/?step=-1", "/hooks/twilio/voice/?step=x", "/hooks/twilio/voice/?step=",
        "/hooks/twilio/voice/?step=12345", "/hooks/twilio/voice/?step=%EF%BC%91",
    ],
)  # fmt: skip
def test_an_unknown_step_begins_the_menu_anew(
    aurora: Sample, client: Client, phone: Conversation, path: str
) -> None:
    first = phone.begin()
    client.cookies["menu"] = "step=read_back"
    phone.path = path

    assert phone.press("1") == first
    assert not ConsentRecord.objects.exists()
    phone.press("1")
    assert cast.may(aurora).reason == "requested"


def test_a_call_that_begins_in_the_middle_begins_at_the_beginning(
    aurora: Sample, client: Client, phone: Conversation
) -> None:
    phone.path = "/hooks/twilio/voice/?step=2"
    assert "Café Aurora" in phone.press("1")
    assert not ConsentRecord.objects.exists()


def test_words_that_changed_since_they_were_spoken_are_spoken_anew(
    aurora: Sample, phone: Conversation
) -> None:
    phone.begin()
    aurora.company.name = "Café Boreal"
    aurora.company.save()
    catalogue.forget()

    assert "Café Boreal" in phone.press("1")
    assert not ConsentRecord.objects.exists()
    phone.press("2")
    assert cast.may(aurora).reason == "refused"


def test_a_number_without_a_capture_point_still_stops(aurora: Sample, phone: Conversation) -> None:
    CapturePoint.objects.update(is_open=False)
    cast.says(aurora)
    assert "tecle 0" in phone.begin()
    assert "tecle 0" in phone.press("1")
    phone.press("0")

    assert cast.may(aurora).reason == "withdrawn"


def test_a_call_for_a_number_that_is_not_ours_is_kept_unrouted(
    aurora: Sample, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    phone = Conversation(client, webhooks.call(To="+551140020000"))
    assert phone.begin() == ""
    assert phone.is_over
    assert webhooks.kept() == [("unrouted", "twilio")]
    assert "not ours" in caplog.text


@pytest.mark.parametrize("changes", [{"CallSid": "CA1"}, {"CallSid": "SM" + "0" * 32}])
def test_what_is_no_whole_call_is_kept_for_staff(
    aurora: Sample, client: Client, changes: dict[str, str]
) -> None:
    assert Conversation(client, webhooks.call(**changes)).begin() == ""
    assert webhooks.kept() == [("unreadable", "twilio")]


def test_only_a_signed_post_is_believed(aurora: Sample, client: Client) -> None:
    fields = webhooks.call()
    for path in (webhooks.VOICE, webhooks.VOICE_STATUS):
        assert webhooks.post(client, fields, path=path, signed="A" * 27 + "=").status_code == 403
        forged = webhooks.post(client, fields, path=f"{path}?step=1", url="http://testserver" + path)
        assert forged.status_code == 403
        for method in ("get", "head", "put", "trace"):
            assert getattr(client, method)(path).status_code == 405
    assert not InboundMessage.objects.exists()
    assert not Call.objects.exists()


def test_a_call_whose_signature_fails_for_a_trimmed_field_is_refused_and_kept(
    aurora: Sample, client: Client
) -> None:
    """As for a message: a proxy cuts spaces off. A call has no such field, so this is nothing to act on."""
    fields = webhooks.call(Body=" ")
    signed = webhooks.signature(
        "http://localhost:8000" + webhooks.VOICE, fields, accounts.sandbox().tokens[0]
    )
    response = webhooks.post(client, fields | {"Body": ""}, path=webhooks.VOICE, signed=signed)

    assert response.status_code == 403
    assert webhooks.kept() == [("unreadable", "twilio")]


def test_a_stop_that_was_left_behind_is_taken_in_later_and_a_yes_is_not(
    aurora: Sample, phone: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.begin()
    asked_at = phone.path
    breaks = monkeypatch.context
    with breaks() as broken:
        broken.setattr(webhook.menu, "take", _break)
        for key, status in (("1", 503), ("0", 200)):
            fields = phone.fields | {"Digits": key, "CallSid": f"CA{key * 32}"}
            response = webhooks.post(phone.client, fields, path=asked_at)
            assert response.status_code == status
    webhook.drain()

    assert cast.may(aurora).reason == "withdrawn"
    assert set(ConsentRecord.objects.values_list("state", flat=True)) == {"withdrawn"}


def _break(*_anything: object) -> None:
    raise RuntimeError("on purpose")


def test_bruno_is_not_ana(aurora: Sample, client: Client, phone: Conversation) -> None:
    other = Conversation(client, webhooks.call(From=BRUNO.value))
    phone.begin()
    other.begin()
    phone.press("1")
    other.press("0")

    assert cast.may(aurora).reason == "requested"
    assert cast.may(aurora, BRUNO).reason == "withdrawn"


@pytest.mark.parametrize("way", ["link", "code"])
def test_a_caller_without_a_page_for_a_code_gets_a_link(
    aurora: Sample, phone: Conversation, way: str
) -> None:
    CapturePoint.objects.update(confirmation=way)
    phone.begin()
    assert "abra o link" in phone.press("1")
    assert "/y/aurora/" in opening.message_content(OutboundMessage.objects.get())["text"]


def test_a_hidden_caller_stops_by_typing_the_number_which_is_asked_itself(
    aurora: Sample, client: Client
) -> None:
    cast.says(aurora)
    for call in range(2):
        phone = Conversation(client, webhooks.call(From="anonymous", CallSid=f"CA{call:032x}"))
        assert "digite o seu número" in phone.begin()
        assert "recebe um SMS" in phone.press("11987654321")
    assert cast.may(aurora).allow

    check = OutboundMessage.objects.get()
    assert "SAIR" in opening.message_content(check)["text"]
    webhooks.post(client, webhooks.sms("SAIR"))
    assert cast.may(aurora).reason == "withdrawn"


@pytest.mark.parametrize(("typed", "heard"), [("5521976543210", "recebe um SMS"), ("12", "não é um número")])
def test_a_hidden_caller_learns_of_nobody_whether_we_know_them(
    aurora: Sample, client: Client, typed: str, heard: str
) -> None:
    phone = Conversation(client, webhooks.call(From="anonymous"))
    phone.begin()

    assert heard in phone.press(typed)
    assert phone.is_over
    assert not OutboundMessage.objects.exists()


def test_a_hidden_caller_of_a_company_without_sms_is_asked_to_show_the_number(
    aurora: Sample, client: Client
) -> None:
    aurora.company.senders.filter(channel="sms").update(channel="whatsapp")

    assert "mostrando o seu número" in Conversation(client, webhooks.call(From="anonymous")).begin()


def test_a_hidden_caller_hears_no_keyword_where_there_is_none(aurora: Sample, client: Client) -> None:
    CapturePoint.objects.update(keyword="")
    heard = Conversation(client, webhooks.call(From="anonymous")).begin()

    assert "Para se inscrever" not in heard
    assert "SAIR" in heard


def test_a_stop_is_on_record_in_the_language_of_the_call(aurora: Sample, phone: Conversation) -> None:
    phone.begin()
    phone.press("4")
    assert "Listo" in phone.press("0")
    assert set(ConsentRecord.objects.values_list("state", "language")) == {("withdrawn", "es")}
