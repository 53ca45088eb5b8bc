"""Many forms at once: a proof of work or some patience, and nobody is shut out (threat 40)."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
import pytest
import time_machine
from django.test import Client

from consent.capture.website import pressure, proof
from consent.models import Act, ConsentRecord
from consent.sample import Sample
from tests.capture.conftest import FORM, Visitor, codes, text

LIMIT = 3


@pytest.fixture
def pressed(visitor: Visitor, settings: Any) -> Visitor:
    """Ana, behind an address that sent many forms within this minute."""
    settings.OPTIN_CHALLENGE_AFTER = LIMIT
    for _ in range(LIMIT + 1):
        pressure.note(point=0, network="127.0.0.1", now=datetime.now(UTC))
    visitor.open("lang=en")
    return visitor


def solve(client: Client) -> str:
    """What the widget posts once it has worked."""
    challenge = client.get("/challenge/").json()
    solution = altcha.solve_challenge(challenge["challenge"], challenge["salt"], max_number=proof.WORK)
    answer = {
        "algorithm": challenge["algorithm"], "challenge": challenge["challenge"], "number": solution.number,
        "salt": challenge["salt"], "signature": challenge["signature"],
    }  # fmt: skip
    return base64.b64encode(json.dumps(answer).encode()).decode()


def test_without_pressure_no_form_asks_for_work(visitor: Visitor) -> None:
    assert "altcha" not in visitor.page.content.decode()


def test_under_pressure_the_form_asks_for_work_from_this_server_alone(pressed: Visitor) -> None:
    html = pressed.page.content.decode()

    assert "<altcha-widget" in html
    assert 'challengeurl="/challenge/"' in html
    assert "wait 20 seconds" in text(pressed.page)


def test_a_form_without_work_is_shown_again_with_all_that_was_typed(pressed: Visitor) -> None:
    fields = pressed.fields("pedidos.sms")

    answer = pressed.send(fields, query="lang=en")

    assert (answer.status_code, codes(answer)) == (429, ["form.pressed"])
    assert pressed.token == fields["token"]
    assert answer.content.decode().count(" checked") == 1
    assert answer["Retry-After"] == "20"
    assert not ConsentRecord.objects.exists()


def test_work_opens_the_door_once(pressed: Visitor) -> None:
    work = solve(pressed.client)

    assert pressed.send(pressed.fields(altcha=work)).status_code == 303
    assert pressed.send(pressed.fields(altcha=work)).status_code == 303, "a double click is the same answer"
    assert pressed.send(pressed.fields(altcha=work, phone="(11) 98765-4322")).status_code == 429
    assert Act.objects.count() == 1


def test_work_written_another_way_is_the_same_work(pressed: Visitor) -> None:
    work = solve(pressed.client)
    again = base64.b64encode(json.dumps(json.loads(base64.b64decode(work)), indent=1).encode()).decode()

    assert pressed.send(pressed.fields(altcha=work)).status_code == 303
    assert pressed.send(pressed.fields(altcha=again, phone="(11) 98765-4322")).status_code == 429


@pytest.mark.parametrize(
    "work",
    ["", "x", "☃", "e30=", base64.b64encode(b"[]").decode(), base64.b64encode(b"[" * 50_000).decode(),
     base64.b64encode(b'{"challenge": 1, "number": "x"}').decode()],
)  # fmt: skip
def test_what_is_no_work_opens_nothing(pressed: Visitor, work: str) -> None:
    assert pressed.send(pressed.fields(altcha=work)).status_code == 429


def test_work_for_an_old_challenge_opens_nothing(pressed: Visitor) -> None:
    work = solve(pressed.client)

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=21)):
        pressed.open()
        pressure.note(point=0, network="127.0.0.1", now=datetime.now(UTC))
        assert not proof._is_solved(work)


def test_patience_opens_the_door_once_without_javascript(pressed: Visitor) -> None:
    fields = pressed.fields()

    with time_machine.travel(datetime.now(UTC) + proof.WAIT):
        assert pressed.send(fields).status_code == 303
        assert pressed.send(fields).status_code == 303, "a double click is the same answer"
        assert pressed.send(fields | {"phone": "(11) 98765-4322"}).status_code == 429


def test_five_hundred_people_behind_one_address_all_come_through(
    aurora: Sample, client: Client, settings: Any
) -> None:
    settings.OPTIN_CHALLENGE_AFTER = LIMIT
    people = 25  # in the five seconds that a hall of 500 takes to fill
    visitors = [Visitor(client) for _ in range(people)]
    for visitor in visitors:
        visitor.open()
    refused = 0

    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=5)):
        for number, visitor in enumerate(visitors):
            answer = visitor.send(visitor.fields(phone=f"(11) 98765-{4000 + number}"))
            refused += answer.status_code == 429
    with time_machine.travel(datetime.now(UTC) + proof.WAIT):
        for number, visitor in enumerate(visitors):
            assert visitor.send(visitor.fields(phone=f"(11) 98765-{4000 + number}")).status_code == 303

    assert refused > people / 2
    assert Act.objects.count() == people


def test_another_network_is_not_asked(pressed: Visitor) -> None:
    answer = pressed.client.get(FORM, REMOTE_ADDR="203.0.113.9")

    assert "altcha" not in answer.content.decode()


def test_a_point_that_is_flooded_from_everywhere_asks_everybody(
    visitor: Visitor, settings: Any, aurora: Sample
) -> None:
    settings.OPTIN_CHALLENGE_AFTER = LIMIT
    for number in range(LIMIT * pressure.POINT_SHARE + 1):
        pressure.note(point=aurora.point.pk, network=f"203.0.113.{number}", now=datetime.now(UTC))

    assert "<altcha-widget" in visitor.open().content.decode()


def test_pressure_is_felt_for_a_minute_more_and_then_forgotten(settings: Any) -> None:
    settings.OPTIN_CHALLENGE_AFTER = LIMIT
    pressure.forget()
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for second in range(LIMIT + 1):
        pressure.note(point=0, network="127.0.0.1", now=noon + timedelta(seconds=second))

    felt = [
        pressure.is_high(point=0, network="127.0.0.1", now=noon + timedelta(minutes=minutes))
        for minutes in (0, 1, 2)
    ]

    assert felt == [True, True, False]


def test_addresses_of_strangers_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressure, "MOST_KEYS", 10)
    for number in range(1000):
        pressure.note(point=number, network=str(number), now=datetime.now(UTC))

    assert len(pressure._now) <= 12


def test_a_challenge_is_never_kept(client: Client) -> None:
    answer = client.get("/challenge/")

    assert answer["Cache-Control"] == "no-store"
    assert answer.json()["maxnumber"] == proof.WORK
    assert client.post("/challenge/").status_code == 405
