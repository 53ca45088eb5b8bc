"""A source that brings people who turn away stands first, and only where there are people enough to tell."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from consent.models import CapturePoint, ConsentRecord, ContactTrouble, Hold, PersonSource, Sender
from consent.quality import sources
from consent.sample import Sample
from tests import cast


@pytest.fixture(autouse=True)
def _records_count_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_settled", lambda: timezone.now() + timedelta(minutes=1))


def points(aurora: Sample, number: int) -> list[CapturePoint]:
    point = aurora.point
    made = []
    for place in range(number):
        made.append(CapturePoint.objects.create(
            company=aurora.company, slug=f"p{place}", title={"en": f"Point {place}"}, notice=point.notice,
            sender=point.sender,
        ))  # fmt: skip
    return made


def people(aurora: Sample, point: CapturePoint, *, number: int, away: int, first: int) -> None:
    """Some people agreed at a point, and some of them turned away since."""
    PersonSource.objects.bulk_create(
        PersonSource(
            company=aurora.company, subject=UUID(int=first + one), channel="sms", point=point, method="website",
            notice=aurora.version.pk, language="pt-BR", entity="subject", agreed_at=timezone.now(),
            is_stopped=one < away,
        )
        for one in range(number)
    )  # fmt: skip


def ranked(aurora: Sample) -> list[sources.Source]:
    return sources.ranked(aurora.company.pk, "sms", since=timezone.now() - sources.YEAR)


def test_a_bad_source_among_ten_is_ranked_first(aurora: Sample) -> None:
    made = points(aurora, 10)
    for place, point in enumerate(made):
        people(aurora, point, number=100, away=20 if place == 7 else 3, first=1_000 * place + 1)
    found = ranked(aurora)
    assert (found[0].dimension, found[0].value) == ("point", made[7].pk)
    assert [one.value for one in found if one.is_to_blame] == [made[7].pk]


def test_with_too_few_people_nothing_is_said_of_anybody(aurora: Sample) -> None:
    first, second = points(aurora, 2)
    people(aurora, first, number=5, away=5, first=1)
    people(aurora, second, number=20, away=0, first=100)
    assert not any(one.is_told for one in ranked(aurora) if one.dimension == "point")
    assert not any(one.is_to_blame for one in ranked(aurora))


def test_people_are_followed_from_their_yes_to_their_stop_and_begin_anew_with_the_next(
    aurora: Sample,
) -> None:
    cast.says(aurora)
    cast.says(aurora, cast.BRUNO, method="sms", entity="staff:7")
    sources.drain()
    assert PersonSource.objects.count() == 2
    cast.stops(aurora)
    assert sources.drain() == 1
    ana = PersonSource.objects.get(is_stopped=True)
    assert (ana.method, ana.point, ana.language) == ("website", aurora.point, "pt-BR")
    assert [one.value for one in ranked(aurora) if one.dimension == "entity"] == ["staff:7"]
    cast.says(aurora, method="ivr")
    sources.drain()
    ana.refresh_from_db()
    assert (ana.method, ana.is_stopped) == ("ivr", False)
    assert sources.drain() == 0


def test_blocks_numbers_that_nobody_reaches_and_complaints_count_for_the_source(aurora: Sample) -> None:
    for contact in (cast.ANA, cast.BRUNO, cast.CLARA):
        cast.says(aurora, contact)
    ana, bruno, clara = ConsentRecord.objects.order_by("arrival").values_list("subject", flat=True)
    cast.stops(aurora, entity="platform:twilio")
    now = timezone.now()
    company, sender = aurora.company, Sender.objects.get(pk=aurora.sender.pk)
    ContactTrouble.objects.create(
        company=company, subject=bruno, number_key=b"b" * 32, channel="sms", kind="unreachable", cause="30003",
        since=now, seen_at=now,
    )  # fmt: skip
    Hold.objects.create(
        id=UUID(int=1),
        company=company,
        sender=sender,
        subject=clara,
        channel="sms",
        kind="unsure",
        said_at=now,
    )
    sources.drain()
    flags: dict[Any, tuple[bool, bool, bool]] = {
        row.subject: (row.is_blocked, row.is_unreached, row.is_complaint)
        for row in PersonSource.objects.all()
    }
    assert flags == {ana: (True, False, False), bruno: (False, True, False), clara: (False, False, True)}
    (point,) = [one for one in ranked(aurora) if one.dimension == "point"]
    assert (point.people, point.blocked, point.unreached, point.complaints, point.turned_away) == (
        3,
        1,
        1,
        1,
        2,
    )
