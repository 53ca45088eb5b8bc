"""Guessing at numbers stops, and nobody who asks about people the company knows notices."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consent.api import breaker, keys
from consent.models import ApiKey
from consent.sample import Sample
from tests.api.conftest import Heard, Program
from tests.cast import ANA, says, stranger


@pytest.fixture(autouse=True)
def _few_are_enough(settings: Any) -> None:
    settings.OPTIN_STRANGERS_A_MINUTE = 3
    settings.OPTIN_CATALOGUE_SECONDS = 60


def ask(program: Program, number: int) -> Heard:
    return program.ask(stranger(number).value)


def test_too_many_different_strangers_in_a_minute_are_refused(program: Program, aurora: Sample) -> None:
    says(aurora)
    answers = [ask(program, number) for number in (1, 1, 2, 2, 3, 4, 1)]
    assert [one.status for one in answers] == [200] * 5 + [429] * 2
    refused = answers[-1]
    assert (refused.json()["code"], refused.headers["Retry-After"]) == ("strangers.too_many", "60")
    assert "allow" not in refused.json()
    assert program.ask(ANA.value).json()["allow"]  # whom the company knows is answered as ever
    assert program.ask(ANA.value, purpose="pedidos").json()["reason"] == "no_record"


def test_another_key_is_not_harmed_and_the_next_minute_begins_anew(
    program: Program, aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        ask(program, number)
    assert ask(program, 9).status == 429
    assert ask(Program(keys.issue(aurora.company, name="Outra")), 9).status == 200
    monkeypatch.setattr(breaker, "MINUTE", 0.0)
    assert ask(program, 9).status == 200


def test_staff_are_told_once_and_no_question_is_dearer_for_it(program: Program) -> None:
    ask(program, 1)
    with CaptureQueriesContext(connection) as quiet:
        ask(program, 2)
    with CaptureQueriesContext(connection) as alarmed:
        ask(program, 3)
    with CaptureQueriesContext(connection) as after:
        ask(program, 4)
    assert [len(asked) for asked in (quiet, alarmed, after)] == [1, 2, 1]
    assert ApiKey.objects.get().alarm == ApiKey.Alarm.STRANGERS


def test_a_list_counts_its_strangers_and_a_whole_one_may_be_asked_about(
    program: Program, aurora: Sample
) -> None:
    says(aurora)

    def listed(*contacts: str) -> Heard:
        question = {"contacts": contacts, "channel": "sms", "purpose": "novidades"}
        return program.send(json.dumps(question).encode())

    assert listed(*[stranger(number).value for number in range(10)], ANA.value).status == 200
    assert listed(stranger(11).value, ANA.value).json()["code"] == "strangers.too_many"
    assert [one["reason"] for one in listed(ANA.value, "nobody").json()["decisions"]] == [
        "given",
        "malformed",
    ]


def test_a_stream_is_not_cut_but_counted(program: Program) -> None:
    lines = [json.dumps({"channel": "sms", "purpose": "novidades"})]
    lines += [json.dumps(stranger(number).value) for number in range(8)]
    heard = program.send("\n".join(lines).encode(), CONTENT_TYPE="application/x-ndjson", CONTENT_LENGTH=None)
    assert heard.body.count(b"no_record") == 8
    assert ask(program, 1).status == 429
    assert ApiKey.objects.get().alarm == ApiKey.Alarm.STRANGERS


def test_looking_people_up_by_number_is_guessing_too(program: Program, aurora: Sample) -> None:
    says(aurora)

    def find(number: str) -> Any:
        return Client().post(
            "/api/v1/subjects/find", json.dumps({"contact": number}), content_type="application/json",
            headers={"Authorization": f"Bearer {program.key}"},
        )  # fmt: skip

    assert [find(stranger(number).value).status_code for number in range(5)] == [200] * 3 + [429] * 2
    assert find(ANA.value).json()["subject"]
