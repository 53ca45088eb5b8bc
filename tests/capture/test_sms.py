"""Consent by SMS: what is written to our numbers is understood once, kept whatever it is, and answered."""

import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, close_old_connections, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import catalogue, decision, dialogue, hooks, inbound, opening, recording, spool, wording
from consent.capture import sms
from consent.contact import Contact
from consent.models import Act, Company, ConsentRecord, InboundMessage, OutboundMessage, Sender
from consent.providers import accounts
from consent.sample import Sample
from consent.vocabulary import Possession, State
from tests import cast, payloads, webhooks
from tests.cast import ANA, BRUNO
from tests.webhooks import TWILIO_SID, said

EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response />'


@pytest.fixture(autouse=True)
def _nothing_left_over(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> None:
    settings.OPTIN_DATA_DIR = tmp_path
    monkeypatch.setattr(hooks, "DRAIN_EVERY", 0.0)
    accounts.forget()


def ask_ana(aurora: Sample) -> UUID:
    """Ana filled in the form, and the SMS that asks her to confirm has left."""
    ask = catalogue.ask("aurora", "novidades")
    assert ask is not None
    boxes = wording.statement(ask, aurora.version, "pt-BR").boxes[:1]
    event = cast.event(aurora, state=State.REQUESTED, possession=Possession.NONE)
    recorded = recording.record(event, tell=lambda act: [dialogue.asking(ask, boxes, "pt-BR", act)])
    OutboundMessage.objects.filter(act=recorded.act).update(state=OutboundMessage.State.SENT)
    return recorded.act


def decide(aurora: Sample, contact: Any = ANA) -> str:
    return decision.may_send(
        contact, company=aurora.company.pk, channel="sms", purpose="novidades"
    ).reason.value


def test_the_keyword_of_a_point_asks_and_the_yes_to_it_is_a_grant(aurora: Sample, client: Client) -> None:
    asked = webhooks.post(client, webhooks.sms("Promo"))
    assert "SIM" in said(asked)
    assert decide(aurora) == "requested"

    webhooks.post(client, webhooks.sms("SIM"))

    assert decide(aurora) == "given"
    assert list(OutboundMessage.objects.values_list("kind", "state")) == [("invite", "sent")]


def test_sim_confirms_what_was_asked_and_the_reply_is_the_receipt(aurora: Sample, client: Client) -> None:
    ask_ana(aurora)
    fields = webhooks.sms("SIM")

    response = webhooks.post(client, fields)

    assert (response.status_code, response["Content-Type"]) == (200, "text/xml")
    assert "/r/" in said(response)
    assert decide(aurora) == "given"
    given = ConsentRecord.objects.get(state=State.GIVEN)
    evidence = opening.evidence_of(given.act_id)
    assert (given.possession, given.method, given.entity) == (Possession.REPLY, "website", "subject")
    assert evidence["message"] == "SIM"
    assert (evidence["from"], evidence["to"]) == (ANA.value, aurora.sender.address)
    assert evidence["message_id"] == fields["MessageSid"]
    assert evidence["parameters"] == fields
    assert evidence["received_at"]
    assert webhooks.kept() == [("answered", "twilio")]


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", " Stop. ", "PARAR", "SAIR", "CANCELAR", "stop please", "no quiero mas", "🛑", "Baja!",
        "me tira da lista", "S T O P", "sair\n",
    ],
)  # fmt: skip
def test_a_stop_in_any_words_is_in_force_before_the_reply(aurora: Sample, client: Client, text: str) -> None:
    cast.says(aurora)
    assert decide(aurora) == "given"

    response = webhooks.post(client, webhooks.sms(text))

    assert response.status_code == 200
    assert said(response)
    assert decide(aurora) == "withdrawn"


def test_a_stop_from_a_stranger_is_kept_too(aurora: Sample, client: Client) -> None:
    webhooks.post(client, webhooks.sms("SAIR", From=BRUNO.value))

    assert decide(aurora, BRUNO) == "withdrawn"


def test_a_refusal_answers_the_question_and_nothing_else(aurora: Sample, client: Client) -> None:
    ask_ana(aurora)

    assert said(webhooks.post(client, webhooks.sms("não")))
    assert decide(aurora) == "refused"


def test_a_stop_word_that_twilio_took_for_one_is_a_stop_and_is_not_answered_twice(
    aurora: Sample, client: Client
) -> None:
    """Advanced Opt-Out: the company's own word, answered by Twilio, which blocks the number from now on."""
    cast.says(aurora)

    response = webhooks.post(client, webhooks.sms("ADEUS", OptOutType="STOP"))

    assert response.content == EMPTY
    assert decide(aurora) == "withdrawn"


def test_a_start_that_twilio_heard_is_no_consent(aurora: Sample, client: Client) -> None:
    webhooks.post(client, webhooks.sms("YES", OptOutType="START"))

    assert decide(aurora) == "no_record"


def test_a_yes_that_twilio_takes_for_a_start_still_answers_our_question(
    aurora: Sample, client: Client
) -> None:
    ask_ana(aurora)

    assert "/r/" in said(webhooks.post(client, webhooks.sms("YES", OptOutType="START")))
    assert decide(aurora) == "given"


def test_the_same_message_again_gets_the_same_answer_and_no_second_record(
    aurora: Sample, client: Client
) -> None:
    ask_ana(aurora)
    fields = webhooks.sms("SIM")

    answers = [webhooks.post(client, fields).content for _time in range(3)]

    assert answers == answers[:1] * 3
    assert ConsentRecord.objects.filter(state=State.GIVEN).count() == 1
    assert webhooks.kept() == [("answered", "twilio")]


def test_a_call_at_the_fallback_address_is_the_same_message(aurora: Sample, client: Client) -> None:
    fields = webhooks.sms("SAIR")
    first = webhooks.post(client, fields)

    again = webhooks.post(client, fields | {"ErrorCode": "11200", "ErrorUrl": "https://x.example/"})

    assert again.content == first.content
    assert webhooks.kept() == [("answered", "twilio")]


def test_the_same_id_with_other_words_gets_the_first_answer_and_is_kept_beside_it(
    aurora: Sample, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    cast.says(aurora)
    fields = webhooks.sms("HELP")
    first = webhooks.post(client, fields)

    other = webhooks.post(client, fields | {"Body": "STOP"})
    webhooks.post(client, fields | {"Body": "STOP"})

    assert other.content == first.content
    assert decide(aurora) == "given"
    assert webhooks.kept() == [("answered", "twilio"), ("conflict", "twilio")]
    conflict = InboundMessage.objects.get(state="conflict")
    assert inbound.opened(conflict).parameters["Body"] == "STOP"
    assert conflict.sender == aurora.sender
    assert "two contents" in caplog.text


def test_a_message_re_split_from_a_signed_one_does_not_take_its_place(aurora: Sample, client: Client) -> None:
    """`Bod=ySTOP` signs like `Body=STOP`: a replay in that shape must not silence the message itself."""
    cast.says(aurora)
    fields = webhooks.sms("STOP")
    split = {name: value for name, value in fields.items() if name != "Body"} | {"Bod": "ySTOP"}

    assert webhooks.post(client, split).content == EMPTY
    assert decide(aurora) == "given"
    webhooks.post(client, fields)
    assert decide(aurora) == "withdrawn"
    assert webhooks.kept() == [("unreadable", "twilio"), ("answered", "twilio")]


def test_a_number_that_is_not_ours_is_kept_unrouted(
    aurora: Sample, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = webhooks.post(client, webhooks.sms("STOP", sender="+5511000000000"))

    assert (response.status_code, response.content) == (200, EMPTY)
    assert webhooks.kept() == [("unrouted", "twilio")]
    assert inbound.opened(InboundMessage.objects.get()).parameters["Body"] == "STOP"
    assert "not ours" in caplog.text
    assert ANA.value[1:] not in caplog.text


def test_an_account_speaks_only_to_its_own_senders(aurora: Sample, client: Client) -> None:
    """Both are ours and both sign rightly; one company's account must not stop or consent for another's."""
    cast.says(aurora)
    real = webhooks.real_sender(aurora)
    signed_by_twilio = webhooks.sms("STOP", AccountSid=TWILIO_SID)
    signed_by_the_sandbox = webhooks.sms("STOP", sender=real.address)

    assert webhooks.post(client, signed_by_twilio, token=webhooks.TOKEN).content == EMPTY
    assert webhooks.post(client, signed_by_the_sandbox).content == EMPTY
    assert decide(aurora) == "given"
    assert webhooks.kept() == [("unrouted", "twilio")] * 2


def test_a_sandbox_number_hears_nothing_where_the_sandbox_is_off(
    aurora: Sample, client: Client, settings: Any
) -> None:
    webhooks.real_sender(aurora)
    fields = webhooks.sms("STOP", AccountSid=TWILIO_SID)
    settings.OPTIN_SANDBOX = False

    assert webhooks.post(client, fields, token=webhooks.TOKEN).content == EMPTY
    assert webhooks.kept() == [("unrouted", "twilio")]


def test_another_company_that_names_the_same_account_does_not_speak_for_our_numbers(
    aurora: Sample, client: Client
) -> None:
    """Its staff may write any token beside any account; it must not make them us."""
    cast.says(aurora)
    real = webhooks.real_sender(aurora)
    other = Company.objects.create(slug="boreal", name="Boreal")
    token = accounts.seal(TWILIO_SID, ["made up by Boreal"])
    theirs = Sender.objects.create(
        company=other,
        channel="sms",
        provider="twilio",
        address="+5716012345",
        account=TWILIO_SID,
        secret=token,
    )
    forged = {"AccountSid": TWILIO_SID, "From": ANA.value}

    to_us = webhooks.sms("STOP", sender=real.address, **forged)
    from_them = webhooks.sms("STOP", sender=real.address, **(forged | {"From": theirs.address}))
    to_them = webhooks.sms("STOP", sender=theirs.address, **forged)

    assert webhooks.post(client, to_us, token="made up by Boreal").status_code == 403
    assert webhooks.post(client, from_them, token="made up by Boreal").status_code == 403
    assert webhooks.post(client, to_them, token="made up by Boreal").status_code == 200
    assert decide(aurora) == "given"


def test_a_sender_that_lost_its_token_hears_nothing(aurora: Sample, client: Client) -> None:
    webhooks.real_sender(aurora, address="+551140028991")
    mute = webhooks.real_sender(aurora, address="+551140028992")
    Sender.objects.filter(pk=mute.pk).update(secret=b"")

    fields = webhooks.sms(sender=mute.address, AccountSid=TWILIO_SID)
    assert webhooks.post(client, fields, token=webhooks.TOKEN).status_code == 403


@pytest.mark.parametrize("sender", ["", "anonymous", "AURORA", "12345", "whatsapp:", "client:ana", "+"])
def test_what_comes_from_no_number_is_kept_for_staff(aurora: Sample, client: Client, sender: str) -> None:
    response = webhooks.post(client, webhooks.sms("STOP", From=sender))

    assert (response.status_code, response.content) == (200, EMPTY)
    assert webhooks.kept() == [("unreadable", "twilio")]
    assert ConsentRecord.objects.count() == 0


def test_a_number_without_a_from_or_with_a_strange_id_is_kept_for_staff(
    aurora: Sample, client: Client
) -> None:
    fields = webhooks.sms("STOP")
    fields.pop("From")

    webhooks.post(client, fields)
    webhooks.post(client, webhooks.sms("STOP", MessageSid="SM1"))

    assert webhooks.kept() == [("unreadable", "twilio")] * 2


def test_the_prefix_of_whatsapp_is_no_part_of_the_number(aurora: Sample, client: Client) -> None:
    cast.says(aurora)

    webhooks.post(client, webhooks.sms("STOP", From=f"whatsapp:{ANA.value}"))

    assert decide(aurora) == "withdrawn"


@pytest.mark.parametrize(
    "text", ["", "x" * 1600, "\x00", "a\nb", "🙂" * 300, "<Message>", "%(company)s {company}"]
)
def test_whatever_is_written_is_answered_with_200_and_kept(aurora: Sample, client: Client, text: str) -> None:
    response = webhooks.post(client, webhooks.sms(text))

    assert response.status_code == 200
    assert webhooks.kept() == [("answered", "twilio")]
    assert inbound.opened(InboundMessage.objects.get()).parameters["Body"] == text


def test_media_is_never_fetched(aurora: Sample, client: Client) -> None:
    media = {f"MediaUrl{number}": "http://127.0.0.1:9/secret" for number in range(10)}

    assert webhooks.post(client, webhooks.sms("SIM", NumMedia="10", **media)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"])
def test_only_post_is_answered(aurora: Sample, client: Client, method: str) -> None:
    for path in (webhooks.MESSAGES, webhooks.STATUS):
        response = client.generic(method, path)
        assert (response.status_code, response["Allow"]) == (405, "POST")


def test_everything_kept_is_sealed(aurora: Sample, client: Client) -> None:
    webhooks.post(client, webhooks.sms("canary-7391"))

    message = InboundMessage.objects.get()
    for column in (message.sealed, message.answer, message.event, message.digest, message.number_key):
        assert b"canary-7391" not in bytes(column)
        assert b"87654321" not in bytes(column)
    assert message.sender == aurora.sender


# What each of Twilio's sample forms leads to: what the person gets, and what is decided about them afterwards.
SAMPLES = {
    "sms_double_opt_in_sim": ("Café Aurora: ", "no_record"),  # nothing was asked, so nothing is confirmed
    "sms_yes_is_also_twilio_START": ("Café Aurora: ", "no_record"),
    "sms_stop_advanced_opt_out": ("", "withdrawn"),
    "sms_stop_default_handling_no_OptOutType": ("Café Aurora: ", "withdrawn"),
    "sms_help_advanced_opt_out": ("", "no_record"),
    "sms_baja_es": ("Café Aurora: ", "withdrawn"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sample_forms_are_understood(aurora: Sample, client: Client, name: str) -> None:
    path = payloads.TWILIO / "inbound_forms_SYNTHETIC.json"
    if not path.exists():
        pytest.skip("the sample forms are not here")
    forms = {example["name"]: example["form"] for example in json.loads(path.read_text())["requests"]}
    fields = forms[name]
    webhooks.real_sender(aurora, "12345", address=fields["To"])
    reply, decided = SAMPLES[name]

    response = webhooks.post(client, fields, token="12345")

    assert said(response).startswith(reply)
    assert bool(said(response)) == bool(reply)
    assert decide(aurora, Contact.reported(fields["From"])) == decided


def count(work: Callable[[], Any]) -> int:
    """How many statements on tables some work takes; transactions and savepoints are no queries."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(
        [query for query in captured if query["sql"].split()[0] in {"SELECT", "INSERT", "UPDATE", "WITH"}]
    )


def test_what_surrounds_the_dialogue_is_three_queries(aurora: Sample, client: Client, settings: Any) -> None:
    """Insert, read under lock, write the answer; our sender and the accounts are read once a second."""
    settings.OPTIN_CATALOGUE_SECONDS = 60
    webhooks.post(client, webhooks.sms("HELP"))
    fields = webhooks.sms("HELP")
    talk = count(
        lambda: dialogue.answer(
            sender=aurora.sender, contact=ANA, text="HELP", method="sms", reference="SM1",
            evidence={},
        )
    )  # fmt: skip

    assert count(lambda: webhooks.post(client, fields)) == talk + 3
    assert count(lambda: webhooks.post(client, fields)) == 2


class Down:
    """A database that refuses from its nth statement on."""

    def __init__(self, after: int = 0) -> None:
        self.left = after

    def __call__(self, execute: Any, *args: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise OperationalError("the database is gone")
        return execute(*args)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [0, 1, 2, 4, 8])
def test_a_stop_is_accepted_while_the_database_is_down_and_counts_when_it_is_back(
    aurora: Sample, client: Client, settings: Any, after: int
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    cast.says(aurora)
    with connection.execute_wrapper(Down(after)):
        response = webhooks.post(client, webhooks.sms("SAIR"))
    assert (response.status_code, response.content) == (200, EMPTY)

    assert sms.drain() == 1
    assert decide(aurora) == "withdrawn"
    assert sms.drain() == 0
    # Nobody heard the answer of that webhook, so the confirmation leaves by the outbox.
    (confirmation,) = OutboundMessage.objects.filter(kind="reply")
    assert "pronto" in opening.message_content(confirmation)["text"]


def test_what_may_be_a_stop_holds_offers_however_late_it_is_read(
    aurora: Sample, client: Client, settings: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    cast.says(aurora)
    with connection.execute_wrapper(Down()):
        webhooks.post(client, webhooks.sms("que propaganda insuportável"))
    assert sms.drain() == 1
    assert decide(aurora) == "held"
    assert webhooks.kept() == [("answered", "twilio")]
    assert "SAIR" in opening.message_content(OutboundMessage.objects.get(kind="reply"))["text"]


def test_a_yes_is_not_accepted_while_the_database_is_down_but_kept(
    aurora: Sample, client: Client, settings: Any
) -> None:
    """Nobody was told that it counts. What it would have answered may have changed by the time it is read."""
    settings.OPTIN_CATALOGUE_SECONDS = 60
    ask_ana(aurora)
    with connection.execute_wrapper(Down()):
        response = webhooks.post(client, webhooks.sms("SIM"))
    assert (response.status_code, response.content) == (503, b"")
    assert int(response["Retry-After"]) > 0

    assert sms.drain() == 1
    assert decide(aurora) == "requested"
    assert webhooks.kept() == [("unreadable", "twilio")]


@pytest.mark.django_db(transaction=True)
def test_a_message_that_twilio_delivers_again_after_the_trouble_is_answered(
    aurora: Sample, client: Client, settings: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    ask_ana(aurora)
    fields = webhooks.sms("SIM")
    with connection.execute_wrapper(Down(after=2)):
        assert webhooks.post(client, fields).status_code == 503

    assert "/r/" in said(webhooks.post(client, fields))
    sms.drain()
    assert decide(aurora) == "given"
    assert webhooks.kept() == [("answered", "twilio")]


def test_what_is_spooled_is_sealed(aurora: Sample, client: Client, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    with connection.execute_wrapper(Down()):
        webhooks.post(client, webhooks.sms("SAIR canary-7391"))

    (path,) = spool._folder().iterdir()
    assert path.suffix == ".sealed"
    assert b"canary" not in path.read_bytes()
    assert ANA.value.encode() not in path.read_bytes()


def test_without_disk_nothing_is_accepted(
    aurora: Sample, client: Client, settings: Any, tmp_path: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    (tmp_path / "spool").write_text("no folder")

    with connection.execute_wrapper(Down()):
        assert webhooks.post(client, webhooks.sms("SAIR")).status_code == 503


def test_a_webhook_of_twilio_that_cannot_be_checked_is_not_accepted(aurora: Sample, client: Client) -> None:
    with connection.execute_wrapper(Down()):
        response = webhooks.post(client, webhooks.sms(AccountSid=TWILIO_SID), token=webhooks.TOKEN)

    assert response.status_code == 503


def test_a_trimmed_message_is_refused_even_where_it_cannot_be_kept(
    aurora: Sample, client: Client, settings: Any
) -> None:
    fields = webhooks.sms("SIM ")
    with connection.execute_wrapper(Down()):
        trimmed = "&".join(f"{name}={value}" for name, value in (fields | {"Body": "SIM"}).items())
        assert webhooks.post(client, fields, body=trimmed.replace("+", "%2B")).status_code == 403


def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the dialogue stumbles over everything, as it would over a fault of ours."""

    def stumble(**_anything: Any) -> str:
        raise ZeroDivisionError(ANA.value)

    monkeypatch.setattr(dialogue, "answer", stumble)


def test_a_fault_of_ours_is_no_500_and_loses_nothing(
    aurora: Sample, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.says(aurora)
    with monkeypatch.context() as fault:
        poison(fault)
        assert webhooks.post(client, webhooks.sms("SIM")).status_code == 503
        assert webhooks.post(client, webhooks.sms("SAIR")).status_code == 200
    assert webhooks.kept() == [("received", "twilio")] * 2

    sms.drain()
    assert decide(aurora) == "withdrawn"
    assert sorted(webhooks.kept()) == [("answered", "twilio"), ("unreadable", "twilio")]


def test_what_stumbles_again_is_left_to_staff(
    aurora: Sample, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = webhooks.sms("SAIR")
    poison(monkeypatch)
    webhooks.post(client, fields)

    assert sms.drain() == 1
    assert webhooks.kept() == [("unreadable", "twilio")]
    assert webhooks.post(client, fields).content == EMPTY
    assert sms.drain() == 0


def test_what_a_process_left_behind_is_taken_in_by_the_next(aurora: Sample, client: Client) -> None:
    """A process was killed after it stored a stop and before it understood it."""
    cast.says(aurora)
    delivery = sms.deliver(webhooks.sms("SAIR"), received_at=cast.at("2026-01-01 12:00"))
    inbound.keep(delivery)

    assert sms.drain() == 1
    assert decide(aurora) == "withdrawn"


def test_what_is_being_answered_right_now_is_left_alone(aurora: Sample, client: Client) -> None:
    inbound.keep(sms.deliver(webhooks.sms("SAIR"), received_at=timezone.now()))

    assert sms.drain() == 0


def test_an_unfinished_message_whose_id_comes_again_with_other_words_says_nothing(
    aurora: Sample, client: Client
) -> None:
    fields = webhooks.sms("SAIR")
    inbound.keep(sms.deliver(fields, received_at=timezone.now()))

    assert webhooks.post(client, fields | {"Body": "SIM"}).content == EMPTY


def test_the_database_that_is_down_while_draining_leaves_everything_where_it_is(
    aurora: Sample, client: Client, settings: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    with connection.execute_wrapper(Down()):
        webhooks.post(client, webhooks.sms("SAIR"))
        with pytest.raises(OperationalError):
            sms.drain()

    assert sms.drain() == 1


def test_nothing_that_one_company_signs_keeps_anothers_stop_waiting(
    aurora: Sample, client: Client, settings: Any
) -> None:
    """A number that no database takes, signed with a token of the account's: PostgreSQL breaks on it each time."""
    webhooks.real_sender(aurora)
    cast.says(aurora)
    poison = webhooks.sms("SAIR", AccountSid=TWILIO_SID, To="\0")
    assert webhooks.post(client, poison, token=webhooks.TOKEN).status_code == 200
    with connection.execute_wrapper(Down()):
        webhooks.post(client, webhooks.sms("SAIR"))

    while sms.drain():
        pass
    assert decide(aurora) == "withdrawn"


def test_draining_looks_at_most_once_a_second(aurora: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "DRAIN_EVERY", 60.0)
    hooks._last_drained.clear()
    sms.drain()
    inbound.keep(sms.deliver(webhooks.sms("SAIR"), received_at=cast.at("2026-01-01 12:00")))

    assert sms.drain() == 0


@pytest.mark.django_db(transaction=True)
def test_the_same_message_fifty_times_at_once_is_one_record_and_one_answer(aurora: Sample) -> None:
    ask_ana(aurora)
    fields = webhooks.sms("SIM")
    answers: list[tuple[int, bytes]] = []
    begin = threading.Barrier(10)

    def deliver() -> None:
        try:
            client = Client()
            begin.wait()
            for _time in range(5):
                response = webhooks.post(client, fields)
                answers.append((response.status_code, response.content))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=deliver) for _number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 50
    assert len(set(answers)) == 1
    assert b"/r/" in answers[0][1]
    assert Act.objects.count() == 2
    assert ConsentRecord.objects.filter(state=State.GIVEN).count() == 1
    assert webhooks.kept() == [("answered", "twilio")]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_lost_costs_nobody_an_answer(aurora: Sample, client: Client) -> None:
    """As after a restart of the database: the kept connection is dead, a new one works."""
    if connection.vendor != "postgresql":
        pytest.skip("a file is never restarted")
    ask_ana(aurora)
    connection.connection.close()

    assert "/r/" in said(webhooks.post(client, webhooks.sms("SIM")))
    close_old_connections()
