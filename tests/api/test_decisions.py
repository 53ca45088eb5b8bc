"""Asking over HTTP whether a message may be sent."""

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import catalogue, recording
from consent.api import decisions, keys, strict_json
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import ApiKey, Company
from consent.sample import Sample
from tests.api.conftest import Program

ANA = "+5511987654321"
GOOD = {"contact": ANA, "channel": "sms", "purpose": "novidades"}

Says = Callable[..., recording.Recorded]


@pytest.fixture
def says(aurora: Sample) -> Says:
    """Somebody says something about the news of Café Aurora by SMS."""

    def say(state: str, contact: str = ANA, at: datetime | None = None) -> recording.Recorded:
        moment = at or datetime.now(UTC)
        return recording.record(
            recording.ConsentEvent(
                company=aurora.company, contact=Contact.tel(contact), purpose=aurora.purposes["novidades"],
                channel="sms", state=state, notice=aurora.version, language="pt-BR", event_time=moment,
                method="sms", evidence={"body": "SIM"}, possession="inbound", reference=f"{state}{moment}",
            )
        )  # fmt: skip

    return say


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the product wrote to its log, before the server's own filters look at it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger("consent").addHandler(handler)
    yield stream
    logging.getLogger("consent").removeHandler(handler)


@contextmanager
def broken_database(error: type[Exception]) -> Iterator[None]:
    """Every statement fails at the driver, as it does when the server is gone or refuses."""

    def fail(*_: Any) -> None:
        raise error("the server closed the connection unexpectedly")

    with connection.execute_wrapper(fail):
        yield


def test_a_person_who_said_yes_may_be_written_to(program: Program, says: Says) -> None:
    given = says("given")
    heard = program.ask(ANA)
    assert heard.status == 200
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.headers["Cache-Control"] == "no-store"
    answer = heard.json()
    assert (answer["allow"], answer["reason"], answer["record"]) == (True, "given", str(given.records[0]))
    lives = datetime.fromisoformat(answer["valid_until"]) - datetime.fromisoformat(answer["at"])
    assert lives == timedelta(seconds=60)


def test_the_same_number_is_found_however_it_is_spelled(program: Program, says: Says) -> None:
    says("given")
    assert [
        program.ask(spelling).json()["allow"] for spelling in ("+55 (11) 98765-4321", "+55 ١١ 98765 4321")
    ] == [True, True]


def test_a_stop_is_a_no_from_the_next_question_on(program: Program, says: Says) -> None:
    says("given")
    assert program.ask().json()["allow"]
    says("withdrawn")
    answer = program.ask().json()
    assert (answer["allow"], answer["reason"]) == (False, "withdrawn")


def test_a_clock_that_is_a_little_ahead_asks_about_now(program: Program, says: Says, aurora: Sample) -> None:
    says("given")
    aurora.company.is_paused = True
    aurora.company.save()
    catalogue.forget()
    ahead = (timezone.now() + timedelta(seconds=90)).isoformat()
    question = {"contact": "+5511987654321", "channel": "sms", "purpose": "novidades", "at": ahead}

    answer = program.send(json.dumps(question).encode()).json()

    assert answer["reason"] == "paused"
    assert answer["valid_until"] > answer["at"]


def test_an_expired_yes_is_a_no(program: Program, says: Says) -> None:
    says("given", at=datetime.now(UTC) - timedelta(days=731))
    answer = program.ask().json()
    assert (answer["allow"], answer["reason"]) == (False, "expired")


def test_a_stranger_and_another_purpose_are_a_no(program: Program, says: Says) -> None:
    says("given")
    stranger = program.ask("+5511912345678").json()
    other, unheard_of = program.ask(purpose="pedidos").json(), program.ask(purpose="sorteio").json()
    assert (stranger["allow"], stranger["reason"], stranger["record"]) == (False, "no_record", None)
    assert (other["allow"], other["reason"]) == (False, "no_record")
    assert (unheard_of["allow"], unheard_of["reason"]) == (False, "unknown_purpose")


def test_another_companys_key_learns_nothing(aurora: Sample, says: Says) -> None:
    says("given")
    other = Company.objects.create(slug="brisa", name="Brisa", legal_name="Brisa S.A.")
    answer = Program(keys.issue(other, name="CRM")).ask().json()
    assert (answer["allow"], answer["reason"], answer["record"]) == (False, "unknown_purpose", None)


def test_a_decision_is_one_query(program: Program, says: Says, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    says("given")
    program.ask()  # now the key is remembered
    with CaptureQueriesContext(connection) as queries:
        assert program.ask().json()["allow"]
    assert len(queries) == 1


def test_a_revoked_key_is_refused_within_a_second(
    program: Program, says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    says("given")
    assert program.ask().status == 200
    ApiKey.objects.update(revoked_at=datetime.now(UTC))
    monkeypatch.setattr(keys, "SECONDS", 0.0)  # the second is over
    heard = program.ask()
    assert (heard.status, heard.json()["code"]) == (401, "key.unknown")
    monkeypatch.setattr(keys, "SECONDS", 60.0)
    assert program.ask().status == 401  # and it is not remembered either


def test_a_key_is_remembered_for_one_second() -> None:
    assert keys.SECONDS <= 1


def test_a_key_is_kept_only_as_its_digest(program: Program) -> None:
    [kept] = ApiKey.objects.values_list("digest", flat=True)
    assert len(kept) == 32
    assert program.key.encode() not in bytes(kept)


def test_many_keys_do_not_fill_the_memory(
    program: Program, aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "REMEMBERED", 1)
    assert program.ask().status == 200
    assert Program(keys.issue(aurora.company, name="Outra")).ask().status == 200
    assert len(keys._remembered) == 1


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "key.required"),
        ("", "key.required"),
        ("Basic dXNlcjpwYXNz", "key.malformed"),
        ("Bearer", "key.malformed"),
        ("Bearer optin_short", "key.malformed"),
        ("Bearer optin_" + "ã" * 43, "key.malformed"),
        ("Bearer optin_" + "A" * 43, "key.unknown"),
    ],
)
def test_no_key_no_answer(program: Program, authorization: str | None, code: str) -> None:
    heard = program.send(json.dumps(GOOD).encode(), HTTP_AUTHORIZATION=authorization)
    assert (heard.status, heard.json()["code"]) == (401, code)
    assert heard.headers["WWW-Authenticate"] == "Bearer"
    assert heard.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["api_key=abc", "x=1&token=abc", "ACCESS_TOKEN=", "optin_abc"])
def test_a_key_in_the_address_is_refused_even_beside_a_good_one(program: Program, query: str) -> None:
    heard = program.send(json.dumps(GOOD).encode(), QUERY_STRING=query)
    assert (heard.status, heard.json()["code"]) == (400, "key.in_url")


def test_a_leaked_key_is_reported_without_being_repeated(program: Program, written: io.StringIO) -> None:
    program.send(b"", QUERY_STRING=f"key={program.key}", HTTP_AUTHORIZATION=None)
    assert f"API key {ApiKey.objects.get().pk} was sent in an address" in written.getvalue()
    assert program.key not in written.getvalue()


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        (b"", 400, "json.syntax", None),
        (b"{", 400, "json.syntax", None),
        (b"\xef\xbb\xbf{}", 400, "json.syntax", None),
        (b'{"contact": "+55\xff"}', 400, "json.encoding", None),
        ('{"contact": "+55"}'.encode("utf-16"), 400, "json.encoding", None),
        (b"[]", 400, "json.object", None),
        (b'"yes"', 400, "json.object", None),
        (b'{"channel": "sms", "channel": "voice"}', 400, "json.duplicate_key", None),
        (b'{"contact": NaN}', 400, "json.number", None),
        (b'{"contact": -Infinity}', 400, "json.number", None),
        (b'{"contact": 1e400}', 400, "json.number", None),
        (b'{"contact": 1.0}', 400, "json.number", None),
        (b'{"contact": ' + b"9" * 3000 + b"}", 400, "json.number", None),
        (b"{}", 422, "contact.required", "#/contact"),
        (b'{"contact": "+5511987654321"}', 422, "channel.required", "#/channel"),
        (b'{"contact": "+5511987654321", "channel": "sms"}', 422, "purpose.required", "#/purpose"),
    ],
)  # fmt: skip
def test_json_is_read_strictly(
    program: Program, body: bytes, status: int, code: str, pointer: str | None
) -> None:
    heard = program.send(body)
    problem = heard.json()
    assert (heard.status, problem["status"], problem["code"], problem.get("pointer")) == (
        status,
        status,
        code,
        pointer,
    )


def test_json_without_a_bottom_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        strict_json.read_object(b"[" * 100_000)
    assert (refused.value.status, refused.value.code) == (400, "json.depth")


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        *[
            ({"contact": wrong}, "phone.type", "#/contact")
            for wrong in (5511987654321, ["+55"], {}, None, True)
        ],
        ({"contact": ""}, "phone.required", "#/contact"),
        ({"contact": "+55 11"}, "phone.not_possible", "#/contact"),
        ({"contact": "11987654321"}, "phone.not_possible", "#/contact"),
        ({"contact": "+5511\ud800"}, "phone.bad_character", "#/contact"),
        ({"contact": "+5511\x00"}, "phone.bad_character", "#/contact"),
        ({"contact": "+5500987654321"}, "phone.not_valid", "#/contact"),
        ({"channel": "email"}, "channel.unknown", "#/channel"),
        ({"channel": ["sms"]}, "channel.type", "#/channel"),
        ({"purpose": 2**63}, "purpose.type", "#/purpose"),
        ({"purpose": "novi\x00dades"}, "purpose.bad_character", "#/purpose"),
        ({"purpose": "\ud800"}, "purpose.bad_character", "#/purpose"),
        ({"purpose": "n" * 41}, "purpose.bad_character", "#/purpose"),
        ({"status": "confirmed"}, "field.unknown", "#/status"),
        ({"a/b\ud800": "x"}, "field.unknown", "#/a~1b%3F"),
    ],
)
def test_a_question_that_makes_no_sense_says_which_part(
    program: Program, change: dict[str, Any], code: str, pointer: str | None
) -> None:
    heard = program.send(json.dumps(GOOD | change).encode())
    problem = heard.json()
    assert (heard.status, problem["code"], problem.get("pointer")) == (422, code, pointer)
    assert problem["detail"]


@pytest.mark.parametrize(
    ("environ", "status", "code"),
    [
        *[({"CONTENT_TYPE": wrong}, 415, "body.media_type") for wrong in
          (None, "text/plain", "multipart/form-data; boundary=x", "application/json; charset=latin-1")],
        ({"HTTP_CONTENT_ENCODING": "gzip"}, 415, "body.encoding"),
        ({"CONTENT_LENGTH": None}, 411, "body.length_required"),
        ({"CONTENT_LENGTH": "524289"}, 413, "body.too_large"),
        ({"CONTENT_LENGTH": "999999999"}, 413, "body.too_large"),
        ({"CONTENT_LENGTH": "200"}, 400, "body.cut_off"),
        ({"QUERY_STRING": "fields=password"}, 400, "parameter.unknown"),
        *[({"REQUEST_METHOD": other}, 405, "method.not_allowed") for other in ("DELETE", "PUT", "OPTIONS")],
    ],
)  # fmt: skip
def test_a_request_in_the_wrong_wrapping_is_refused(
    program: Program, environ: dict[str, str | None], status: int, code: str
) -> None:
    heard = program.send(json.dumps(GOOD).encode(), **environ)
    assert (heard.status, heard.json()["code"]) == (status, code)


@pytest.mark.parametrize("said", ['charset="UTF-8"', "charset=utf8", "v=1; charset=utf-8", "boundary=x", ""])
def test_the_media_type_may_name_its_charset(program: Program, said: str) -> None:
    heard = program.send(json.dumps(GOOD).encode(), CONTENT_TYPE=f"application/json; {said}")
    assert heard.status == 200


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "base64"])
@pytest.mark.parametrize("path", [decisions.PATH, "/api/v1/withdrawals", "/api/v1/points/novidades"])
def test_another_charset_is_refused_as_a_problem_on_every_way_in(
    program: Program, path: str, charset: str
) -> None:
    for media_type in ("application/json", "application/x-ndjson"):
        heard = program.send(b"{}", PATH_INFO=path, CONTENT_TYPE=f"{media_type}; charset={charset}")
        assert (heard.status, heard.headers["Content-Type"]) == (415, "application/problem+json")
        assert heard.json()["code"] == "body.media_type"
    assert not program.passed_on


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_broken_database_is_a_no(program: Program, says: Says, error: type[Exception]) -> None:
    says("given")
    program.ask()  # the key is remembered
    with broken_database(error):
        heard = program.ask()
    answer = heard.json()
    assert (heard.status, answer["allow"], answer["reason"]) == (503, False, "unavailable")
    assert answer["at"] == answer["valid_until"]
    assert heard.headers["Retry-After"] == "1"
    assert program.ask().json()["allow"]


def test_a_key_that_cannot_be_looked_up_is_a_no(program: Program, says: Says) -> None:
    says("given")
    with broken_database(OperationalError):
        heard = program.ask()
    assert (heard.status, heard.json()["code"]) == (503, "unavailable")
    assert "allow" not in heard.json()


def test_no_number_reaches_the_log(program: Program, says: Says, written: io.StringIO) -> None:
    says("given")
    program.ask()  # the key is remembered
    with broken_database(OperationalError):
        program.ask()
        keys.forget()
        program.ask()
    logged = written.getvalue()
    assert "A decision could not be made" in logged
    assert "A decision failed" in logged
    assert not any(part in logged for part in ("87654", program.key))


def test_everything_else_is_passed_on(program: Program) -> None:
    for path in ("/", "/api/v1/decisions/", "/api/v1/decisionsx", "/API/v1/decisions", ""):
        assert program.send(b"", PATH_INFO=path).body == b"Django's"
    assert program.passed_on == ["/", "/api/v1/decisions/", "/api/v1/decisionsx", "/API/v1/decisions", ""]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_cut_is_a_no_and_then_mended(program: Program, says: Says) -> None:
    says("given")
    program.ask()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [mine] = cursor.fetchone()
    cut = threading.Thread(target=_cut, args=[mine])
    cut.start()
    cut.join()
    assert program.ask().json()["allow"] is False
    assert program.ask().json()["allow"] is True


def _cut(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    connection.close()
