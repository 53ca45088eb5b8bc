"""What programs tell that they sent is counted, once, and nobody gets more offers than the company allows."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consent import erasure
from consent.api import keys
from consent.decision import Reason
from consent.models import ApiKey, Company, Sending
from consent.sample import Sample
from tests.cast import ANA, BRUNO, may, new_reference, says

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class Program:
    """A program of Café Aurora that sends, and tells what it sent."""

    def __init__(self, company: Company, **made: Any) -> None:
        self.key = keys.issue(company, name="Gateway", **made)

    def tell(self, *, key: str = "", **message: Any) -> Any:
        body = {"contact": ANA.value, "channel": "sms", "purpose": "novidades"} | message
        return Client().post(
            "/api/v1/messages", json.dumps(body), content_type="application/json",
            headers={"Authorization": f"Bearer {self.key}", "Idempotency-Key": key or new_reference()},
        )  # fmt: skip


@pytest.fixture
def program(aurora: Sample) -> Program:
    keys.forget()
    says(aurora)
    return Program(aurora.company)


def limit(aurora: Sample, **limits: int) -> None:
    Company.objects.filter(pk=aurora.company.pk).update(**limits)


def test_nobody_gets_more_offers_a_day_than_the_company_allows(program: Program, aurora: Sample) -> None:
    limit(aurora, offers_per_day=2)
    says(aurora, channel="voice")
    says(aurora, purpose=aurora.purposes["pedidos"])
    program.tell()
    assert may(aurora).allow
    told = program.tell(channel="whatsapp")  # all channels count together
    assert (told.status_code, told.json()) == (201, {"counted": True})
    assert [may(aurora).reason, may(aurora, channel="voice").reason] == [Reason.CAPPED] * 2
    assert may(aurora, purpose="pedidos").allow
    says(aurora, BRUNO)
    assert may(aurora, BRUNO).allow


def test_a_week_has_a_limit_of_its_own_and_both_roll_on(program: Program, aurora: Sample) -> None:
    limit(aurora, offers_per_day=1, offers_per_week=2)
    now = timezone.now()
    for ago in (7 * DAY - MINUTE, DAY + MINUTE):
        assert program.tell(sent_at=(now - ago).isoformat()).json() == {"counted": True}
    assert may(aurora).reason == Reason.CAPPED
    limit(aurora, offers_per_week=3)
    assert may(aurora).allow
    Sending.objects.update(sent_at=now - 7 * DAY)
    limit(aurora, offers_per_week=1)
    assert may(aurora).allow
    program.tell(channel="voice")
    assert Sending.objects.count() == 1  # what no limit looks back to is not kept


def test_only_offers_count(program: Program, aurora: Sample) -> None:
    limit(aurora, offers_per_day=1)
    program.tell(purpose="pedidos")
    assert may(aurora).allow


def test_told_again_it_counts_once_and_another_message_needs_another_key(
    program: Program, aurora: Sample
) -> None:
    limit(aurora, offers_per_day=2)
    first, again = program.tell(key="a"), program.tell(key="a")
    assert (first.content, first.status_code) == (again.content, again.status_code)
    other = program.tell(key="a", channel="voice")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.mismatch")
    assert Sending.objects.count() == 1
    assert may(aurora).allow


def test_strangers_and_what_is_long_ago_count_for_nobody(program: Program, aurora: Sample) -> None:
    for message in ({"contact": BRUNO.value}, {"sent_at": (timezone.now() - 8 * DAY).isoformat()}):
        assert program.tell(**message).json() == {"counted": False}
    assert not Sending.objects.exists()


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        ({"contact": "nobody"}, 422, "phone.bad_character"),
        ({"contact": 5}, 422, "phone.type"),
        ({"channel": "fax"}, 422, "field.invalid"),
        ({"purpose": "sorteio"}, 422, "purpose.unknown"),
        ({"purpose": "a b"}, 422, "field.bad_character"),
        ({"sent_at": "2026-01-01T00:00:00"}, 422, "time.zone_required"),
        ({"sent_at": "2999-01-01T00:00:00Z"}, 422, "time.future"),
        ({"more": "x"}, 422, "field.unknown"),
        ({"key": "a b"}, 400, "idempotency.malformed"),
    ],
)
def test_what_makes_no_sense_is_refused(program: Program, message: Any, status: int, code: str) -> None:
    heard = program.tell(**message)
    assert (heard.status_code, heard.json()["code"]) == (status, code)
    assert not Sending.objects.exists()


def test_it_takes_the_right_key(aurora: Sample) -> None:
    keys.forget()
    assert Program(aurora.company, scopes=[ApiKey.Scope.RECORDS.value]).tell().status_code == 403


def test_what_was_sent_goes_with_an_erased_person(program: Program, aurora: Sample) -> None:
    program.tell()
    [subject] = Sending.objects.values_list("subject", flat=True)
    erasure.erase(subject, company=aurora.company, entity="staff:1")
    assert not Sending.objects.exists()
