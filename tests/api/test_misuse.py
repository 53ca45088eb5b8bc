"""What a program must not do, on every route: nothing breaks, nothing is recorded, and the answer says why."""

import io
import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from consent.api import keys
from consent.models import ApiKey, Company, ConsentRecord, Import
from consent.sample import Sample
from tests.api.conftest import Program
from tests.api.test_schema import OPERATIONS
from tests.capture.test_app import ANA, App

SOMETHING = "0190c6e4-0000-7000-8000-000000000001"
UNKNOWN = ("fields=password", "order_by=company__secret", "phone__startswith=%2B55", "_connector=OR%201%3D1")


@pytest.fixture
def client(aurora: Sample) -> Client:
    keys.forget()
    return Client(headers={"Authorization": f"Bearer {keys.issue(aurora.company, name='Loja')}"})


def address(path: str) -> str:
    for name, value in (
        ("{point}", "novidades"),
        ("{subject}", SOMETHING),
        ("{act}", SOMETHING),
        ("{record}", SOMETHING),
        ("{batch}", SOMETHING),
    ):
        path = path.replace(name, value)
    return path


def send(client: Client, method: str, path: str, **more: Any) -> Any:
    headers = {"Idempotency-Key": str(uuid4())}
    return client.generic(method, path, b"{}", content_type="application/json", headers=headers, **more)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_parameters_that_nobody_asked_for_are_refused(client: Client, operation: str) -> None:
    method, path = operation.split()
    if path.endswith("/preflight"):
        path += "?channel=sms&purpose=novidades"
    for query in UNKNOWN:
        answer = send(client, method, f"{address(path)}{'&' if '?' in path else '?'}{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "parameter.unknown"), query


@pytest.mark.parametrize("path", sorted({operation.split()[1] for operation in OPERATIONS}))
def test_what_is_on_record_is_neither_changed_nor_removed(client: Client, path: str) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        answer = send(client, method, address(path))
        assert answer.status_code == 405, method
        assert answer.headers["Allow"]
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "method.not_allowed"


def test_a_key_in_an_address_is_refused_and_staff_are_told(client: Client, aurora: Sample) -> None:
    secret = keys.issue(aurora.company, name="CRM")
    answer = client.get(f"/api/v1/points/novidades?key={secret}")
    assert (answer.status_code, answer.json()["code"]) == (400, "key.in_url")
    assert ApiKey.objects.get(name="CRM").alarm == ApiKey.Alarm.ADDRESS
    assert ApiKey.objects.get(name="Loja").alarm == ""


def test_two_companies_may_use_the_same_idempotency_key(aurora: Sample) -> None:
    keys.forget()
    other = Company.objects.create(slug="brisa", name="Brisa", legal_name="Brisa S.A.", country="BR")
    said = [
        App(company).post("withdrawals", {"contact": ANA}, key="k") for company in (aurora.company, other)
    ]
    assert [answer.status_code for answer in said] == [201, 201]
    assert said[0].json()["act"] != said[1].json()["act"]
    assert {record.company_id for record in ConsentRecord.objects.all()} == {aurora.company.pk, other.pk}


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2026-W01-1", "time.format"),
        ("20260101", "time.format"),
        ("2026-01-01", "time.format"),
        ("2026-01-01T00:00Z", "time.format"),
        ("2026-06-30T23:59:60Z", "time.format"),
        ("2026-02-30T00:00:00Z", "time.format"),
        ("2026-01-01T00:00:00+00:60", "time.format"),
        ("2026-01-01T00:00:00-0000", "time.format"),
        ("2026-01-01T24:00:00Z", "time.format"),
        ("9999-12-31T23:59:59-23:59", "time.format"),
        ("9999-12-31T23:59:59Z", "time.future"),
        ("0001-01-01T00:00:00+14:00", "time.format"),
        ("２０２６-01-01T00:00:00Z", "time.format"),
        ("2026-01-01T00:00:00", "time.zone_required"),
        ("2999-01-01T00:00:00Z", "time.future"),
    ],
)
def test_moments_are_read_strictly_wherever_they_stand(
    program: Program, aurora: Sample, at: str, code: str
) -> None:
    question = {"contact": ANA, "channel": "sms", "purpose": "novidades", "at": at}
    asked = program.send(json.dumps(question).encode())
    told = App(aurora.company).post("withdrawals", {"contact": ANA, "said_at": at})
    for status, problem in ((asked.status, asked.json()), (told.status_code, told.json())):
        assert (status, problem["code"]) == (422, code)
    assert not ConsentRecord.objects.exists()


def test_a_moment_may_be_in_small_letters_and_of_an_unknown_zone(program: Program) -> None:
    """RFC 3339 sections 4.3 and 5.6."""
    for at in ("2026-01-01t00:00:00z", "2026-01-01T00:00:00-00:00"):
        question = {"contact": ANA, "channel": "sms", "purpose": "novidades", "at": at}
        assert program.send(json.dumps(question).encode()).json()["at"] == "2026-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"contact": "+5511\ud800"}, "phone.bad_character", "#/contact"),
        ({"contact": "+5511\0"}, "phone.bad_character", "#/contact"),
        ({"evidence": {"screen": "a\0b"}}, "field.bad_character", "#/evidence/screen"),
        ({"evidence": {"screen": "\ud800"}}, "field.bad_character", "#/evidence/screen"),
        ({"purpose": "novi\0dades"}, "field.bad_character", "#/purpose"),
        ({"evidence": {"\ud800": "x"}}, "field.bad_character", "#/evidence/%EF%BF%BD%EF%BF%BD%EF%BF%BD"),
        ({"evidence": {"a\0b": "x"}}, "field.bad_character", "#/evidence/a%00b"),
        ({"evidence": {"": "x"}}, "field.invalid", "#/evidence/"),
        ({"evidence": {"k" * 201: "x"}}, "field.invalid", f"#/evidence/{'k' * 201}"),
        ({"evidence": {"a/b~c": "\0"}}, "field.bad_character", "#/evidence/a~1b~0c"),
        ({"evidence": {"ação %": "\0"}}, "field.bad_character", "#/evidence/a%C3%A7%C3%A3o%20%25"),
        ({"said_at": ""}, "time.format", "#/said_at"),
        ({"contact": "+5511987654321" + " " * 87}, "phone.not_possible", "#/contact"),
    ],
)
def test_characters_that_cannot_be_kept_are_named(
    aurora: Sample, change: dict[str, Any], code: str, pointer: str
) -> None:
    keys.forget()
    answer = App(aurora.company).post("withdrawals", {"contact": ANA} | change)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (422, code, pointer)


def test_a_body_that_breaks_off_records_nothing(client: Client) -> None:
    """The connection ends in the middle: all that was promised did not come."""
    body = json.dumps({"contact": ANA}).encode()
    arrived: Any = {"wsgi.input": io.BytesIO(body[:-1]), "CONTENT_LENGTH": str(len(body))}
    assert send(client, "POST", "/api/v1/withdrawals", **arrived).json()["code"] == "body.cut_off"
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("path", ["consents", "withdrawals", "messages", "subjects/find"])
@pytest.mark.parametrize("body", [b"", b" "])
def test_an_empty_body_is_no_json(client: Client, path: str, body: bytes) -> None:
    answer = client.generic(
        "POST", f"/api/v1/{path}", body, content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "json.syntax")


def test_a_message_sent_at_no_moment_is_not_taken_for_one_of_now(client: Client) -> None:
    message = {"contact": ANA, "channel": "sms", "purpose": "novidades", "sent_at": ""}
    answer = client.post(
        "/api/v1/messages", message, content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert (answer.status_code, answer.json()["pointer"]) == (422, "#/sent_at")


@pytest.mark.parametrize("path", ["/api/v1/preflight?channel=sms&purpose=novidades", "/api/v1/imports"])
def test_half_a_file_is_no_file(aurora: Sample, path: str) -> None:
    keys.forget()
    key = keys.issue(aurora.company, name="CRM", scopes=ApiKey.Scope.values)
    body = b"tel\n+5511987654321\n+5511987654322\n"
    arrived: Any = {"wsgi.input": io.BytesIO(body[:-15]), "CONTENT_LENGTH": str(len(body))}

    answer = Client(headers={"Authorization": f"Bearer {key}"}).generic(
        "POST", path, body, content_type="text/csv", **arrived
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "body.cut_off")
    assert not Import.objects.exists()


@pytest.mark.parametrize("path", ["/api/v1/preflight?channel=sms&purpose=novidades", "/api/v1/imports"])
def test_no_file_is_unpacked(aurora: Sample, path: str) -> None:
    keys.forget()
    key = keys.issue(aurora.company, name="CRM", scopes=ApiKey.Scope.values)
    headers = {"Authorization": f"Bearer {key}", "Content-Encoding": "gzip"}

    answer = Client(headers=headers).generic("POST", path, b"tel\n+5511987654321\n", content_type="text/csv")

    assert (answer.status_code, answer.json()["code"]) == (415, "body.encoding")
