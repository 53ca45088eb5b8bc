"""A sample can be drawn again by anybody, from the log's own entries, and nobody can draw until they like it."""

import hashlib
import json
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from consent.audits import drawing
from consent.log import tree
from consent.models import AuditSample, LogEntry, LogPending
from consent.sample import Sample
from tests import cast
from tests.staff import other_sample

LONG_AGO, FAR = date(2000, 1, 1), date(2100, 1, 1)


@pytest.fixture
def twenty(aurora: Sample) -> Sample:
    for number in range(20):
        cast.says(aurora, cast.stranger(number))
    other = other_sample()
    cast.says(other, cast.ANA)
    return aurora


def draw(aurora: Sample, *, asked: int = 5, seed: str = "one", **changes: object) -> AuditSample:
    auditor, _new = User.objects.get_or_create(username="auditor")
    days = {"first_day": LONG_AGO, "last_day": FAR, "at": timezone.now()} | changes
    return drawing.draw(aurora.company, asked=asked, seed=seed, user=auditor.pk, **days)  # type: ignore[arg-type]


def uids(sample: AuditSample) -> list[str]:
    return [str(item.record.uid) for item in sample.items.select_related("record")]


def test_the_same_seed_draws_the_same_and_another_one_others(twenty: Sample) -> None:
    first = draw(twenty)
    assert len(set(uids(first))) == 5
    assert first.population == 20
    assert uids(draw(twenty)) == uids(first)
    assert uids(draw(twenty, seed="two")) != uids(first)


def test_what_comes_later_changes_nothing_that_was_drawn(twenty: Sample) -> None:
    first = draw(twenty)
    for number in range(20, 40):
        cast.says(twenty, cast.stranger(number))

    again, population = drawing.pick(
        twenty.company, first_day=first.first_day, until=first.until, asked=5, seed="one"
    )

    assert [str(uid) for _rank, uid, _arrival in again] == uids(first)
    assert population == 20


def test_anybody_draws_it_again_from_the_log_alone(twenty: Sample) -> None:
    sample = draw(twenty)
    tree.sequence()

    entries = [json.loads(bytes(data)) for data in LogEntry.objects.values_list("data", flat=True)]
    [drawn] = [entry for entry in entries if entry["type"] == "sampled"]
    among = [
        entry["id"]
        for entry in entries
        if entry["type"] == "consent"
        and entry["company"] == drawn["company"]
        and drawn["since"] <= entry["recorded_at"] < drawn["until"]
    ]
    among.sort(key=lambda uid: hashlib.sha256(f"{drawn['seed']}\n{uid}".encode()).digest())

    assert among[: int(drawn["asked"])] == uids(sample)
    assert len(among) == int(drawn["population"])


def test_every_draw_is_in_the_log(twenty: Sample) -> None:
    for seed in ("one", "two", "three"):
        draw(twenty, seed=seed)

    assert sum(b'"type":"sampled"' in bytes(row.data) for row in LogPending.objects.all()) == 3


def test_days_are_those_of_the_companys_clock(twenty: Sample) -> None:
    now = timezone.now()
    today = timezone.localdate(timezone=drawing.ZoneInfo(twenty.company.time_zone))
    assert draw(twenty, first_day=today, last_day=today, at=now).population == 20
    yesterday = today - timedelta(days=1)
    assert draw(twenty, first_day=yesterday, last_day=yesterday, at=now).population == 0


def test_fewer_than_asked_are_all_there_are_page_after_page(
    twenty: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = uids(draw(twenty, asked=7))
    monkeypatch.setattr(drawing, "FETCH", 3)

    assert uids(draw(twenty, asked=7)) == whole
    assert len(uids(draw(twenty, asked=50))) == 20
