"""The API as a whole: its document, its pages without a network, and its manners."""

import json
import re
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from consent.api import keys, v1
from consent.sample import Sample
from tests.api.test_schema import OPERATIONS
from tests.proof import acts


def test_the_document_is_openapi_3_1_and_names_every_way_in(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()

    assert document["openapi"].startswith("3.1")
    assert {operation.split()[1] for operation in OPERATIONS} == set(document["paths"])


def test_whatever_the_document_points_to_stands_in_it(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()

    named = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(document)))
    assert named <= set(document["components"]["schemas"])


def test_the_document_is_valid_by_its_own_standard(client: Client) -> None:
    OPENAPI_31_VALIDATOR.validate(client.get("/api/v1/openapi.json").json())


def test_every_json_body_and_answer_has_an_example_that_fits(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    parts = [
        (f"{method} {path}", content)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for part in (*operation["responses"].values(), operation.get("requestBody", {}))
        for kind, content in part.get("content", {}).items()
        if kind.endswith("json") and content["schema"].get("type") != "string"
    ]
    assert len(parts) > 14 * len(OPERATIONS)
    for where, content in parts:
        schema = content["schema"] | {"components": document["components"]}
        found = list(Draft202012Validator(schema).iter_errors(content["example"]))
        assert not found, (where, found)
        assert any(content["example"]), where


def test_a_stream_of_decisions_is_in_the_document(client: Client) -> None:
    asked = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/decisions"]["post"]

    assert "application/x-ndjson" in asked["requestBody"]["content"]
    assert "application/x-ndjson" in asked["responses"]["200"]["content"]


def test_nobody_keeps_a_copy_of_what_is_on_record(client: Client, aurora: Sample) -> None:
    keys.forget()
    headers = {"Authorization": f"Bearer {keys.issue(aurora.company, name='CRM')}"}
    subject = acts.say(aurora).first.subject

    for path in (f"subjects/{subject}/timeline", "points/novidades", "points/nothing"):
        assert client.get(f"/api/v1/{path}", headers=headers).headers["Cache-Control"] == "no-store"


def test_the_documentation_asks_no_other_machine(client: Client) -> None:
    page = client.get("/api/v1/docs")

    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert addresses
    assert all(address.startswith("/static/") for address in addresses)
    assert "unsafe-inline" not in re.sub("style-src[^;]*", "", page.headers["Content-Security-Policy"])


def test_the_decision_is_answered_without_the_front_as_well(client: Client, aurora: Sample) -> None:
    keys.forget()
    key = keys.issue(aurora.company, name="Loja")
    question = {"contact": "+5511987654321", "channel": "sms", "purpose": "novidades"}

    answer = client.post(
        "/api/v1/decisions",
        json.dumps(question),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )

    assert answer.json()["reason"] == "no_record"


def test_a_database_that_refuses_is_said_so_with_when_to_ask_again(
    client: Client, aurora: Sample, monkeypatch: Any
) -> None:
    keys.forget()
    key = keys.issue(aurora.company, name="Loja")

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr("consent.capture.app.showing.asked", refuse)
    answer = client.get("/api/v1/points/novidades", headers={"Authorization": f"Bearer {key}"})

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]


def test_what_is_no_json_no_form_or_too_much_is_refused(client: Client, aurora: Sample) -> None:
    keys.forget()
    headers = {
        "Authorization": f"Bearer {keys.issue(aurora.company, name='Loja')}",
        "Idempotency-Key": "k",
    }

    def post(body: bytes, media_type: str = "application/json", **more: str) -> tuple[int, str]:
        answer = client.post("/api/v1/withdrawals", body, content_type=media_type, headers=headers | more)
        return answer.status_code, answer.json()["code"]

    assert post(b"{}", "text/plain") == (415, "body.media_type")
    assert post(b"{}", **{"Content-Encoding": "gzip"}) == (415, "body.encoding")
    assert post(b"{") == (400, "json.syntax")
    assert post(b'{"contact": "+5511987654321", "contact": "+1"}') == (400, "json.duplicate_key")
    assert post(b'{"contact": NaN}') == (400, "json.number")
    assert post(b'{"contact": ' + b"9" * 5000 + b"}") == (400, "json.number")
    assert post(b'{"contact": "\\ud800"}')[0] == 422
    assert post(b'{"contact": "' + b"1" * 300_000 + b'"}') == (413, "body.too_large")
    assert client.put("/api/v1/withdrawals", headers=headers).status_code == 405
    assert client.get("/api/v1/nothing", headers=headers).status_code == 404
    assert v1.api.title == "Optin"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("POST", "/api/v1/decisions/", 404, "not_found"),
        ("GET", "/api/v2/decisions", 404, "not_found"),
        ("PUT", "/api/v1/openapi.json", 403, "request.refused"),
        ("GET", "/api/v1/points/novidades?" + "&".join(f"a{n}" for n in range(1001)), 413, "body.too_large"),
    ],
)
def test_what_django_refuses_by_itself_is_no_page_for_people(
    method: str, path: str, status: int, code: str
) -> None:
    answer = Client(enforce_csrf_checks=True).generic(method, path, b"{}", content_type="application/json")

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code


def test_what_breaks_is_said_as_a_problem_and_pages_stay_pages(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.forget()
    key = keys.issue(aurora.company, name="Loja")
    monkeypatch.setattr("consent.capture.app.showing.asked", lambda *_args: 1 / 0)
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {key}"})

    broken, page = client.get("/api/v1/points/novidades"), client.get("/nothing")

    assert (broken.status_code, broken.json()["code"]) == (500, "failed")
    assert page.headers["Content-Type"].startswith("text/html")


def test_a_body_in_pieces_of_no_said_length_is_not_taken_for_an_empty_one(client: Client) -> None:
    answer = client.post("/api/v1/withdrawals", headers={"Transfer-Encoding": "chunked"})

    assert (answer.status_code, answer.json()["code"]) == (411, "body.length_required")
