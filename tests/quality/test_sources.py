"""A source that brings people who turn away stands first, and only where there are people enough to tell."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from consent.models import (
    ActOrigin,
    CapturePoint,
    ConsentRecord,
    ContactTrouble,
    Hold,
    PersonSource,
    Poster,
    Purpose,
    Sender,
    SourceDay,
)
from consent.quality import source_days, sources
from consent.sample import Sample
from consent.vocabulary import Origin, Possession, State
from tests import cast
from tests.imports import lists


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


def people(
    aurora: Sample, point: CapturePoint | None, *, number: int, away: int, first: int, origin: str = ""
) -> None:
    """Some people agreed at a point, and some of them turned away since."""
    PersonSource.objects.bulk_create(
        PersonSource(
            company=aurora.company, subject=UUID(int=first + one), channel="sms", point=point, method="website",
            notice=aurora.version.pk, language="pt-BR", entity="subject", agreed_at=timezone.now(),
            is_stopped=one < away,
            origin=origin,
        )
        for one in range(number)
    )  # fmt: skip
    source_days.recount()


def ranked(aurora: Sample) -> list[sources.Source]:
    return sources.ranked(aurora.company.pk, "sms", since=timezone.now() - sources.YEAR)


def test_a_bad_source_among_ten_is_ranked_first(aurora: Sample) -> None:
    made = points(aurora, 10)
    for place, point in enumerate(made):
        people(aurora, point, number=100, away=20 if place == 7 else 3, first=1_000 * place + 1)
    found = ranked(aurora)
    assert (found[0].dimension, found[0].value) == ("point", made[7].pk)
    assert [one.value for one in found if one.is_to_blame] == [made[7].pk]


def test_a_source_that_may_be_worse_by_chance_is_not_to_blame(aurora: Sample) -> None:
    worse, usual = points(aurora, 2)
    people(aurora, worse, number=100, away=6, first=1)
    people(aurora, usual, number=1_000, away=30, first=1_000)
    found = [one for one in ranked(aurora) if one.dimension == "point"]
    assert [(one.value, one.rate > one.usual) for one in found[:1]] == [(worse.pk, True)]
    assert not any(one.is_to_blame for one in found)


def test_the_one_that_is_worse_for_certain_stands_before_the_one_that_may_be_worse(aurora: Sample) -> None:
    few, many = points(aurora, 2)
    people(aurora, few, number=30, away=9, first=1)
    people(aurora, many, number=1_000, away=250, first=1_000)
    assert [one.value for one in ranked(aurora) if one.dimension == "point"] == [many.pk, few.pk]


def test_a_yes_long_after_a_question_is_no_answer_to_it(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "ANSWERED_WITHIN", timedelta(microseconds=1))
    cast.says(aurora, origin="poster:1", state=State.REQUESTED, possession=Possession.NONE)
    cast.says(aurora)
    sources.drain()
    assert PersonSource.objects.get().origin == ""


def test_a_bad_poster_among_ten_at_one_point_is_ranked_first_and_alone_to_blame(aurora: Sample) -> None:
    hung = [Poster.objects.create(point=aurora.point, name=f"Place {place}") for place in range(10)]
    for place, poster in enumerate(hung):
        people(
            aurora, aurora.point, number=100, away=20 if place == 7 else 3, first=1_000 * place + 1,
            origin=Origin.POSTER.of(poster.pk),
        )  # fmt: skip
    people(aurora, aurora.point, number=100, away=3, first=50_000)  # by an address without a code
    found = ranked(aurora)
    assert (found[0].dimension, found[0].value) == ("poster", str(hung[7].pk))
    assert [one.value for one in found if one.is_to_blame] == [str(hung[7].pk)]
    assert [one.people for one in found if one.dimension == "poster"] == [100] * 10
    assert [one.people for one in found if one.dimension == "point"] == [1_100]


def test_a_list_whose_people_turn_away_is_ranked_first_and_too_short_a_one_is_not_told(
    aurora: Sample,
) -> None:
    """Each list is brought in as staff do, recorded by the worker, and answered by those on it."""
    Purpose.objects.update(validity_days=0)
    brought = []
    for place, (rows, away) in enumerate(((40, 1), (40, 12), (40, 1), (12, 12))):
        contacts = [cast.stranger(100 * place + one) for one in range(rows)]
        lines = "".join(f"{one.value},2026-05-0{1 + place}\n" for one in contacts)
        batch = lists.bring(aurora, f"tel,date\n{lines}", name=f"{place}.csv")
        lists.try_out(batch)
        assert lists.record(batch) == {"given": rows}
        brought.append(batch)
        for one in contacts[:away]:
            cast.stops(aurora, one)
    sources.drain()
    found = [one for one in ranked(aurora) if one.dimension == "list"]
    assert [(one.value, one.people, one.stopped) for one in found[:1]] == [(brought[1].pk.hex, 40, 12)]
    assert [one.value for one in found if one.is_to_blame] == [brought[1].pk.hex]
    assert {one.value: one.is_told for one in found}[brought[3].pk.hex] is False
    assert ranked(aurora)[0].value == brought[1].pk.hex


def test_an_answer_counts_for_the_last_question_and_only_for_one_of_its_capture_point(
    aurora: Sample,
) -> None:
    poster, later = (Origin.POSTER.of(number) for number in (1, 2))
    asked = {"state": State.REQUESTED, "possession": Possession.NONE}
    [elsewhere] = points(aurora, 1)
    cast.says(aurora, cast.ANA, origin=poster, **asked)
    cast.says(aurora, cast.ANA, origin=later, **asked)
    cast.says(aurora, cast.ANA)
    cast.says(aurora, cast.BRUNO, origin=poster, **asked)
    cast.says(aurora, cast.BRUNO, point=elsewhere)
    cast.says(aurora, cast.CLARA, origin=poster, **asked)
    cast.says(aurora, cast.CLARA, **asked)  # asked anew by an address without a code
    cast.says(aurora, cast.CLARA)
    sources.drain()
    ana, bruno, clara = PersonSource.objects.order_by("pk").values_list("origin", flat=True)
    assert (ana, bruno, clara) == (later, "", "")


def test_what_brought_somebody_is_no_part_of_the_record_in_the_log(aurora: Sample) -> None:
    cast.says(aurora, origin=Origin.LIST.of("77"))
    assert ActOrigin.objects.get().origin == "list:77"
    assert not any(b"list:77" in entry or b"origin" in entry for entry in cast.entries())


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


def sums() -> set[tuple[Any, ...]]:
    names = (*source_days.KEYS, *source_days.COUNTS)
    return set(SourceDay.objects.exclude(people=0).values_list(*names))


def test_sums_kept_up_change_by_change_are_those_of_a_count_of_everybody(aurora: Sample) -> None:
    chance = random.Random(4)
    contacts = (cast.ANA, cast.BRUNO, cast.CLARA)
    now = timezone.now()
    strangers = [
        PersonSource(
            company=aurora.company, subject=UUID(int=number), channel="sms", method="website", language="en",
            entity="subject", agreed_at=now - timedelta(minutes=chance.randrange(500_000)), is_unreached=number % 2,
        )
        for number in range(50)
    ]  # fmt: skip
    PersonSource.objects.bulk_create(strangers)
    source_days.move((), map(source_days.of, strangers))
    for turn in range(15):
        for _ in range(chance.randint(1, 3)):
            contact = chance.choice(contacts)
            match chance.randrange(4):
                case 0 | 1:
                    cast.says(
                        aurora, contact, method=chance.choice(("website", "sms", "ivr")),
                        entity=chance.choice(("subject", "staff:7")), point=chance.choice((aurora.point, None)),
                        origin=chance.choice(("", "poster:1", "list:2")),
                    )  # fmt: skip
                case 2:
                    cast.stops(aurora, contact, entity=chance.choice(("subject", "platform:twilio")))
                case 3 if (
                    someone := ConsentRecord.objects.values_list("subject", flat=True).order_by("-pk").first()
                ):
                    Hold.objects.create(
                        id=UUID(int=chance.getrandbits(128)), company=aurora.company, sender=aurora.sender,
                        subject=someone, channel="sms", kind="unsure", said_at=now + timedelta(seconds=turn),
                    )  # fmt: skip
        sources.drain()
    kept = sums()
    assert len(kept) > 1
    source_days.recount()
    assert sums() == kept
    assert sum(row[len(source_days.KEYS)] for row in kept) == PersonSource.objects.count() == 53


def test_people_from_before_there_were_sums_are_summed_up_once(aurora: Sample) -> None:
    people(aurora, aurora.point, number=40, away=4, first=1)
    SourceDay.objects.all().delete()
    sources.drain()
    (point,) = [one for one in ranked(aurora) if one.dimension == "point"]
    assert (point.people, point.stopped, point.turned_away) == (40, 4, 4)


def test_people_of_the_days_before_do_not_count(aurora: Sample) -> None:
    people(aurora, aurora.point, number=40, away=4, first=1)
    assert sources.ranked(aurora.company.pk, "sms", since=timezone.now() + timedelta(days=1)) == []
