"""The page that waits for the proof of a number, and the code typed there (bad inputs A28 to A30)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test import Client

from consent import decision, dialogue, erasure, opening, outbox, receipts, vault
from consent.codes import PER_CODE, read, take
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import Act, CapturePoint, CodeTry, ConsentRecord, OutboundMessage, Sender, SubjectKey
from consent.sample import Sample
from consent.vocabulary import Confirmation
from tests.capture.conftest import FORM, Visitor, codes, text

ANAS_NUMBER = Contact.tel("+5511987654321")


@pytest.fixture
def waiting(visitor: Visitor) -> str:
    """The address of the page that Ana sees after sending the form."""
    return str(visitor.send()["Location"])


def the_act() -> UUID:
    return Act.objects.earliest("recorded_at").pk


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


def type_code(client: Client, address: str, code: str) -> Any:
    return client.post(address, {"code": code})


def answer_by_sms(sample: Sample, said: str, *, sid: str = "SM1") -> str:
    """Ana's phone answers the message, as the SMS method would tell it."""
    OutboundMessage.objects.update(state="sent", sent_at=datetime.now(UTC))
    return dialogue.answer(
        sender=sample.sender,
        contact=ANAS_NUMBER,
        text=said,
        method="sms",
        reference=sid,
        evidence={},
    )


def is_allowed(sample: Sample) -> bool:
    decided = decision.may_send(ANAS_NUMBER, company=sample.company.pk, channel="sms", purpose="novidades")
    return decided.allow


# --- The page ---


def test_the_page_says_where_the_message_goes_without_the_whole_number(client: Client, waiting: str) -> None:
    page = client.get(waiting)

    assert page.status_code == 200
    assert "+55 ·· ····· ··21" in text(page)
    assert "+55 11 4002-8922" in text(page)
    assert "98765" not in text(page)
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("no-referrer", "no-store")
    assert not page.cookies


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_reading_the_page_a_hundred_times_changes_nothing(
    client: Client, waiting: str, aurora: Sample, method: str
) -> None:
    for _ in range(100 if method == "head" else 3):
        assert getattr(client, method)(waiting).status_code == 200

    assert ConsentRecord.objects.count() == 1
    assert not is_allowed(aurora)


def test_a_point_that_takes_codes_only_does_not_speak_of_answers(client: Client, waiting: str) -> None:
    CapturePoint.objects.update(confirmation=Confirmation.CODE)

    assert "JOIN" not in text(client.get(f"{waiting}&lang=en"))


def test_a_sender_that_is_no_number_is_shown_as_it_is(client: Client, waiting: str) -> None:
    Sender.objects.filter(channel="sms").update(address="27182")

    assert "27182" in text(client.get(waiting))


def test_a_poll_hears_nothing_until_there_is_an_answer(client: Client, waiting: str, aurora: Sample) -> None:
    assert client.get(f"{waiting}&poll=1").status_code == 204

    answer_by_sms(aurora, "SIM")

    assert client.get(f"{waiting}&poll=1").status_code == 303


# --- Answering by SMS ---


def test_after_a_yes_by_sms_the_page_goes_on_to_the_receipt(
    client: Client, waiting: str, aurora: Sample
) -> None:
    answer_by_sms(aurora, "SIM")

    answer = client.get(waiting)

    given = ConsentRecord.objects.get(state="given")
    assert (answer.status_code, answer["Location"]) == (
        303,
        f"/r/{vault.act_token(given.act_id, use='receipt')}/",
    )
    assert is_allowed(aurora)


@pytest.mark.parametrize("said", ["NAO", "SAIR"])
def test_after_a_no_nothing_is_said_but_that(client: Client, waiting: str, aurora: Sample, said: str) -> None:
    answer_by_sms(aurora, said)

    page = client.get(f"{waiting}&lang=en")

    assert page.status_code == 200
    assert "The answer from this number was no" in text(page)
    assert "/r/" not in page.content.decode()
    assert type_code(client, waiting, vault.code(the_act())).status_code == 200
    assert not is_allowed(aurora)


def test_whoever_sent_a_form_learns_nothing_of_what_else_the_person_was_asked(
    client: Client, visitor: Visitor, aurora: Sample
) -> None:
    visitor.send(visitor.fields("pedidos.sms"))  # Ana's own
    visitor.open()
    waiting = visitor.send(visitor.fields("novidades.sms"))["Location"]  # Bruno typed Ana's number

    answer_by_sms(aurora, "SIM")

    page = client.get(f"{waiting}&lang=en")
    assert page.status_code == 200
    assert "Your receipt is in the message on your phone" in text(page)
    assert "/r/" not in page.content.decode()


def test_an_older_yes_does_not_answer_a_new_form(client: Client, visitor: Visitor, aurora: Sample) -> None:
    visitor.send()
    answer_by_sms(aurora, "SIM")
    visitor.open()

    waiting = visitor.send()["Location"]

    assert client.get(waiting).status_code == 200


# --- Typing the code ---


def test_the_code_proves_the_number(client: Client, waiting: str, aurora: Sample) -> None:
    code = vault.code(the_act())

    answer = type_code(client, waiting, f" {code[:4]} {code[4:]} ")

    given = ConsentRecord.objects.get(state="given")
    assert (answer.status_code, answer["Location"]) == (
        303,
        f"/r/{vault.act_token(given.act_id, use='own')}/",
    )
    assert (given.possession, given.method, given.language) == ("code", "website", "pt-BR")
    assert is_allowed(aurora)
    evidence = opening.evidence_of(given.act_id)
    assert evidence["typed"].split() == [code[:4], code[4:]]
    assert code[:4] in evidence["answers"][0]["question"]


def test_the_code_a_second_time_leads_to_the_same_receipt(client: Client, waiting: str) -> None:
    code = vault.code(the_act())

    first, second = type_code(client, waiting, code), type_code(client, waiting, code)

    acts = {receipts.read_token(answer["Location"].split("/")[2]) for answer in (first, second)}
    assert len(acts) == 1
    assert ConsentRecord.objects.filter(state="given").count() == 1


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", "code.required"),
        ("   ", "code.required"),
        ("1_000_00", "code.not_possible"),
        ("1234567", "code.not_possible"),
        ("123456789", "code.not_possible"),
        ("1234 567a", "code.not_possible"),
        ("+1234567", "code.not_possible"),
        ("1234567²", "code.not_possible"),
        ("12345678\0", "code.not_possible"),
        ("1" * 10_000, "code.not_possible"),
    ],
)
def test_what_is_no_code_is_refused_and_costs_no_guess(
    client: Client, waiting: str, typed: str, expected: str
) -> None:
    answer = type_code(client, waiting, typed)

    assert (answer.status_code, codes(answer)) == (422, [expected])
    assert not CodeTry.objects.exists()


@pytest.mark.parametrize("zero", ["٠", "０", "०"])
def test_digits_of_any_script_are_digits(zero: str) -> None:
    typed = "".join(chr(ord(zero) + digit) for digit in range(8))

    assert read(typed) == "01234567"


def test_an_underscore_is_no_digit() -> None:
    with pytest.raises(BadInput, match=r"code\.not_possible"):
        read("1_234567")


def test_a_form_that_cannot_be_read_is_shown_again(client: Client, waiting: str) -> None:
    answer = client.generic(
        "POST", waiting, b"code=1&code=2", content_type="application/x-www-form-urlencoded"
    )

    assert (answer.status_code, codes(answer)) == (400, ["form.duplicate_field"])


def test_five_wrong_codes_lock_the_page_for_ten_minutes(client: Client, waiting: str) -> None:
    code = vault.code(the_act())
    for _ in range(PER_CODE):
        answer = type_code(client, waiting, wrong(code))
        assert (answer.status_code, codes(answer)) == (422, ["code.wrong"])

    locked = type_code(client, waiting, code)

    assert (locked.status_code, codes(locked), locked["Retry-After"]) == (429, ["code.locked"], "600")
    assert not ConsentRecord.objects.filter(state="given").exists()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10, seconds=1)):
        assert type_code(client, waiting, code).status_code == 303


def test_a_number_is_guessed_ten_times_a_day_whatever_is_sent(
    client: Client, visitor: Visitor, aurora: Sample
) -> None:
    guesses = []
    for _ in range(3):
        visitor.open()
        waiting = visitor.send()["Location"]
        act = Act.objects.latest("recorded_at").pk
        guesses += [type_code(client, waiting, wrong(vault.code(act))).status_code for _ in range(5)]

    assert guesses == [422] * 10 + [429] * 5
    answer_by_sms(aurora, "SIM")
    assert is_allowed(aurora), "an answer is never locked"


def test_a_code_of_another_form_opens_nothing(client: Client, visitor: Visitor) -> None:
    visitor.send()
    other = vault.code(the_act())
    visitor.open()
    waiting = visitor.send(visitor.fields(phone="(11) 98765-4322"))["Location"]

    assert codes(type_code(client, waiting, other)) == ["code.wrong"]


@pytest.mark.django_db(transaction=True)
def test_of_many_guesses_at_once_exactly_five_are_evaluated(aurora: Sample, settings: Any) -> None:
    act = vault.new_id()
    now = datetime.now(UTC)

    def guess(_number: int) -> bool:
        try:
            return take(act, number_key=b"k" * 32, now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(guess, range(60)))

    assert taken.count(True) == PER_CODE


# --- Addresses that lead nowhere ---


def test_an_address_that_was_changed_is_not_found(client: Client, waiting: str) -> None:
    token = waiting.split("/")[5]
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]

    for path in (
        waiting.replace(token, changed),
        f"{FORM}confirm/x/",
        f"{FORM}confirm/%00/",
        f"{FORM}confirm/é/",
    ):
        assert client.get(path).status_code == 404
        assert client.post(path, {"code": "12345678"}).status_code == 404


def test_the_address_of_a_receipt_confirms_nothing(client: Client, waiting: str) -> None:
    assert client.get(f"{FORM}confirm/{vault.act_token(the_act(), use='receipt')}/").status_code == 404


def test_the_address_under_another_point_is_not_found(client: Client, waiting: str, aurora: Sample) -> None:
    other = CapturePoint.objects.create(
        company=aurora.company, slug="outro", notice=aurora.point.notice, sender=aurora.sender
    )
    other.offers.create(purpose=aurora.purposes["novidades"], channel="sms")

    assert client.get(waiting.replace("/novidades/", "/outro/")).status_code == 404
    assert client.get(waiting.replace("/aurora/", "/bruno/")).status_code == 404


def test_a_question_that_is_too_old_is_gone_and_offers_a_new_start(client: Client, waiting: str) -> None:
    code = vault.code(the_act())
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        page = client.get(waiting)

        assert page.status_code == 410
        assert f'href="{FORM}?' in page.content.decode()
        assert type_code(client, waiting, code).status_code == 410
    assert not ConsentRecord.objects.filter(state="given").exists()


def test_a_person_who_was_erased_meanwhile_is_no_mistake(
    client: Client, waiting: str, aurora: Sample
) -> None:
    code = vault.code(the_act())
    erasure.erase(Act.objects.get().subject, company=aurora.company, entity="subject")

    assert client.get(waiting).status_code == 200
    assert type_code(client, waiting, code).status_code in {410, 422}
    assert not ConsentRecord.objects.filter(state="given").exists()


def test_a_person_who_is_erased_at_this_very_moment_is_no_mistake(client: Client, waiting: str) -> None:
    SubjectKey.objects.all().delete()

    assert type_code(client, waiting, vault.code(the_act())).status_code == 410


def test_a_program_that_was_humoured_waits_like_anybody(client: Client, visitor: Visitor) -> None:
    waiting = visitor.send(visitor.fields(homepage="x"))["Location"]

    page = client.get(waiting)
    assert (page.status_code, "JOIN" in text(client.get(f"{waiting}&lang=en"))) == (200, True)
    assert codes(type_code(client, waiting, "12345678")) == ["code.wrong"]
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        assert client.get(waiting).status_code == 410


def test_a_program_gets_the_same_answer_as_a_person(visitor: Visitor) -> None:
    fields = visitor.fields()

    person = visitor.send(fields)
    program = visitor.send(fields | {"homepage": "x"})

    assert person.status_code == program.status_code
    assert len(person["Location"]) == len(program["Location"])


def test_a_queued_question_is_not_sent_any_more_once_the_code_was_typed(client: Client, waiting: str) -> None:
    type_code(client, waiting, vault.code(the_act()))

    assert outbox.claim() is None


# --- Inside somebody else's page ---


def test_in_a_frame_the_receipt_opens_in_a_page_of_its_own(client: Client, visitor: Visitor) -> None:
    visitor.open("embed=1&lang=en")
    waiting = visitor.send(query="embed=1&lang=en")["Location"]
    assert "embed=1" in waiting

    page = client.post(waiting, {"code": vault.code(the_act())})

    assert page.status_code == 200
    assert "Thank you, it is recorded" in text(page)
    assert 'target="_blank"' in page.content.decode()
    assert "X-Frame-Options" not in page


def test_in_a_frame_a_single_step_ends_on_thanks(client: Client, visitor: Visitor) -> None:
    CapturePoint.objects.update(confirmation=Confirmation.NONE)
    visitor.open("embed=1")

    thanks = client.get(visitor.send(query="embed=1")["Location"])

    assert thanks.status_code == 200
    assert f"/r/{vault.act_token(the_act(), use='receipt')}/" in thanks.content.decode()


def test_outside_a_frame_a_single_step_has_its_receipt_at_the_waiting_address_too(
    client: Client, visitor: Visitor
) -> None:
    CapturePoint.objects.update(confirmation=Confirmation.NONE)
    visitor.open()
    visitor.send()

    answer = client.get(f"{FORM}confirm/{vault.act_token(the_act(), use='confirm')}/")

    assert (answer.status_code, answer["Location"]) == (
        303,
        f"/r/{vault.act_token(the_act(), use='receipt')}/",
    )
