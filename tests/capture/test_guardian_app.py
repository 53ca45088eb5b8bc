"""An app asks for a guardian as the website form does: the same words, rules, evidence and records."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import catalogue, guardian, opening, receipts
from consent.api import keys
from consent.models import Act, CapturePoint, ConsentRecord, LogPending, OutboundMessage
from consent.sample import Sample
from consent.vocabulary import Possession, State
from tests.capture.conftest import Visitor, text
from tests.capture.test_app import EVIDENCE, App
from tests.capture.test_guardian import CHILD, LONG, PATH, confirms, given, may, point

__all__ = ["point"]

NUMBER = "+5511987654321"


@pytest.fixture
def app(point: CapturePoint) -> App:
    keys.forget()
    return App(point.company)


def shows(app: App, **query: str) -> Any:
    return app.point("criancas", **query).json()


def sends(app: App, *, key: str | None = None, **changes: Any) -> Any:
    """What Ana's app hands in; what is None is left out."""
    said = {
        "token": shows(app)["token"], "contact": NUMBER, "answers": {"oficina.sms": True}, "evidence": EVIDENCE,
        "guardian": CHILD,
    } | changes  # fmt: skip
    return app.post("consents", {name: one for name, one in said.items() if one is not None}, key=key)


def test_the_point_says_what_to_ask_of_whom_in_the_words_of_the_form(app: App, client: Client) -> None:
    asked = shows(app, language="pt-BR")["guardian"]
    form = text(client.get(f"{PATH}?lang=pt-BR"))

    assert [one["key"] for one in asked["relations"]] == ["mother", "father", "guardian", "other"]
    assert asked["asked"] == "Você diz sim por uma criança"
    for words in (*(asked[name] for name in ("asked", "note", "relation", "born", "contact")),
                  *(one["label"] for one in asked["relations"])):  # fmt: skip
        assert words in form
    assert shows(app, language="en")["guardian"]["relations"][0] == {"key": "mother", "label": "mother"}


def test_other_points_ask_nothing_and_take_nothing_of_a_guardian(app: App) -> None:
    assert app.point().json()["guardian"] is None
    answer = app.consent(guardian=CHILD)

    assert (answer.status_code, answer.json()["code"]) == (422, "guardian.not_asked")
    assert answer.json()["pointer"] == "#/guardian"
    assert not Act.objects.exists()


def test_the_yes_waits_for_the_guardian_s_own_number_whatever_the_app_claims(
    aurora: Sample, app: App
) -> None:
    answer = sends(app, verified={"method": "sms_code", "at": "2026-01-02T03:04:05Z"})

    assert answer.status_code == 201, answer.content
    assert [one["state"] for one in answer.json()["records"]] == ["requested"]
    assert ConsentRecord.objects.get().possession == Possession.NONE
    assert OutboundMessage.objects.get().kind == "ask"
    assert may(aurora).reason == "requested"
    confirms(aurora)
    assert may(aurora).allow
    assert given().method == "app"


def test_form_and_app_keep_the_same_of_guardian_and_end(app: App, client: Client) -> None:
    form = Visitor(client, path=PATH)
    form.open()
    with time_machine.travel(timezone.now(), tick=False):
        sends(app)
        form.send(form.fields("oficina.sms", **CHILD))
    by_app = ConsentRecord.objects.get(method="app")
    by_form = ConsentRecord.objects.get(method="website")

    kept = [opening.evidence_of(one.act_id) for one in (by_app, by_form)]
    for name in (guardian.EVIDENCE, guardian.TEXT, "text", "notice", "digest", "language"):
        assert kept[0][name] == kept[1][name], name
    assert kept[0][guardian.EVIDENCE] == [{"relation": "mother", "child_of_age": "2033-06-14"}]
    assert 0 < by_app.valid_days == by_form.valid_days < LONG
    assert (by_app.state, by_app.possession, by_app.point) == (
        by_form.state,
        by_form.possession,
        by_form.point,
    )


def test_the_birth_date_is_kept_nowhere(aurora: Sample, app: App) -> None:
    answer = sends(app)
    confirms(aurora)

    for act in Act.objects.all():
        assert CHILD["born"] not in str(opening.evidence_of(act.pk))
    assert CHILD["born"] not in answer.content.decode()
    assert not any(b"2015-06" in bytes(entry.data) for entry in LogPending.objects.all())


def test_the_receipt_and_the_confirmed_yes_name_the_relation(
    aurora: Sample, app: App, client: Client
) -> None:
    path = sends(app).json()["receipt"].removeprefix("http://localhost:8000")
    assert "For a child, by its mother" in text(client.get(f"{path}?lang=en"))
    confirms(aurora)

    assert given().valid_days < LONG
    assert receipts.guardians_of(given()) == ("mother",)


def test_a_no_counts_whoever_says_it_and_keeps_nothing_of_a_child(app: App) -> None:
    for said in (None, CHILD, {"relation": "nobody", "born": "never"}):
        answer = sends(app, answers={"oficina.sms": False}, guardian=said)
        assert [one["state"] for one in answer.json()["records"]] == ["refused"]
    for act in Act.objects.all():
        kept = opening.evidence_of(act.pk)
        assert guardian.EVIDENCE not in kept
        assert guardian.TEXT not in kept
    assert Act.objects.count() == 3
    assert not OutboundMessage.objects.exists()


WRONG = [
    (None, "guardian.required", "#/guardian"),
    ({}, "field.required", "#/guardian/relation"),
    ({"relation": "mother"}, "field.required", "#/guardian/born"),
    (CHILD | {"name": "Clara"}, "field.unknown", "#/guardian/name"),
    (CHILD | {"relation": 1}, "field.invalid", "#/guardian/relation"),
    (CHILD | {"relation": "uncle"}, "guardian.relation", "#/guardian/relation"),
    (CHILD | {"relation": "Mother"}, "guardian.relation", "#/guardian/relation"),
    (CHILD | {"relation": "mother\0"}, "guardian.relation", "#/guardian/relation"),
    (CHILD | {"born": 20150614}, "field.invalid", "#/guardian/born"),
    (CHILD | {"born": ""}, "guardian.born", "#/guardian/born"),
    (CHILD | {"born": "2015-02-30"}, "guardian.born", "#/guardian/born"),
    (CHILD | {"born": "14/06/2015"}, "guardian.born", "#/guardian/born"),
    (CHILD | {"born": "2015-06-14T00:00:00Z"}, "guardian.born", "#/guardian/born"),
    (CHILD | {"born": "2015-06-14\0"}, "guardian.born", "#/guardian/born"),
    (CHILD | {"born": "2900-01-01"}, "guardian.not_born", "#/guardian/born"),
    (CHILD | {"born": "1980-01-01"}, "guardian.of_age", "#/guardian/born"),
    ([CHILD], "field.invalid", "#/guardian"),
    ("mother", "field.invalid", "#/guardian"),
]


@pytest.mark.parametrize(("said", "code", "pointer"), WRONG)
def test_what_is_not_said_or_cannot_be_records_nothing(app: App, said: Any, code: str, pointer: str) -> None:
    answer = sends(app, guardian=said)

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (422, code, pointer)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert CHILD["born"] not in answer.content.decode()
    assert not Act.objects.exists()


def test_a_guardian_named_twice_is_no_json_we_take(app: App) -> None:
    body = json.dumps({"token": shows(app)["token"], "contact": NUMBER, "answers": {"oficina.sms": True},
                       "evidence": EVIDENCE, "guardian": CHILD})  # fmt: skip
    twice = body.replace('"relation":', '"relation": "other", "relation":')
    answer = app.client.post(
        "/api/v1/consents", twice, content_type="application/json", headers={"Idempotency-Key": str(uuid4())}
    )

    assert answer.status_code == 400
    assert not Act.objects.exists()


def test_the_same_request_again_is_the_same_and_another_child_is_refused(app: App) -> None:
    token = shows(app)["token"]
    first, second = (sends(app, key="k-1", token=token) for _ in range(2))
    assert first.content == second.content
    for other in (CHILD | {"relation": "father"}, CHILD | {"born": "2016-06-14"}):
        answer = sends(app, key="k-1", token=token, guardian=other)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.mismatch")

    assert Act.objects.count() == 1


def test_it_costs_no_query_more(app: App, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    settings.OPTIN_GROUP_COMMIT = False
    token = shows(app)["token"]
    sends(app, token=token)  # the catalogue and the key are known by now

    with CaptureQueriesContext(connection) as queries:
        sends(app, token=token, contact="+5521976543210")
    assert len([query for query in queries if query["sql"].startswith("SELECT")]) == 1


def test_a_closed_point_and_an_old_token_ask_nobody(app: App, point: CapturePoint) -> None:
    token = shows(app)["token"]
    with time_machine.travel(timezone.now() + timedelta(hours=49)):
        assert sends(app, token=token).json()["code"] == "token.expired"
    CapturePoint.objects.filter(pk=point.pk).update(is_open=False)
    catalogue.forget()

    assert app.point("criancas").json()["code"] == "point.closed"
    assert app.post(
        "consents",
        {"token": token, "contact": NUMBER, "answers": {"oficina.sms": True}, "evidence": EVIDENCE,
         "guardian": CHILD},
    ).json()["code"] == "point.closed"  # fmt: skip
    assert not ConsentRecord.objects.filter(state=State.REQUESTED).exists()


def test_the_document_says_what_a_guardian_is_asked(client: Client) -> None:
    schemas = client.get("/api/v1/openapi.json").json()["components"]["schemas"]

    assert schemas["Guardian"]["properties"]["relation"]["enum"] == ["mother", "father", "guardian", "other"]
    assert schemas["Guardian"]["properties"]["born"]["format"] == "date"
    assert set(schemas["Guardian"]["required"]) == {"relation", "born"}
    assert "guardian" not in schemas["Consent"]["required"]
    assert set(schemas["GuardianOut"]["required"]) == {
        "asked", "note", "relation", "relations", "born", "contact",
    }  # fmt: skip
