"""Both rule books, sentence by sentence, at the second it changes; and against somebody who counts hour by hour."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from consent.quality import classic, current, states
from consent.quality.reading import CLASSIC_TIERS, UNLIMITED, Kind, Reading
from consent.quality.states import State
from tests.cast import at

ME, OTHER = 1, 2
START = at("2026-03-01 00:00")
SECOND, HOUR, DAY, WEEK = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)


def read(kind: str, value: Any, when: datetime = START, **more: Any) -> Reading:
    return Reading(kind=kind, value=str(value), said_at=when, **{"number": ME, **more})


def seen(book: Any, *readings: Reading, when: datetime) -> State:
    state: State = book.state(list(readings), when, ME)
    return state


GREEN, LIMIT = read(Kind.RATING, "green", START - DAY), read(Kind.LIMIT, 10_000, START - DAY)
RED = read(Kind.RATING, "red", START)


# --- the classic rules


def test_classic_rating_is_red_yellow_or_green() -> None:
    told = [
        read(Kind.RATING, word, START + HOUR * hour) for hour, word in enumerate(("green", "yellow", "red"))
    ]
    words = [seen(classic, *told, when=START + HOUR * hour).rating for hour in range(3)]
    assert words == ["green", "yellow", "red"]
    assert seen(classic, *told, when=START + HOUR - SECOND).rating == "green"


def test_classic_on_low_the_status_is_flagged() -> None:
    told = (GREEN, LIMIT, RED)
    assert seen(classic, *told, when=START - SECOND).status == "connected"
    flagged = seen(classic, *told, when=START)
    assert (flagged.status, flagged.flagged_until) == ("flagged", START + WEEK)


def test_classic_while_flagged_the_limit_cannot_rise() -> None:
    told = (GREEN, LIMIT, RED, read(Kind.LIMIT, 100_000, START + HOUR))
    flagged = seen(classic, *told, when=START + WEEK - SECOND)
    assert (flagged.limit, flagged.may_rise) == (10_000, False)
    assert seen(classic, GREEN, LIMIT, when=START).may_rise


@pytest.mark.parametrize("rating", ["green", "yellow"])
def test_classic_high_or_medium_by_the_seventh_day_brings_connected_back(rating: str) -> None:
    told = (GREEN, LIMIT, RED, read(Kind.RATING, rating, START + WEEK))
    assert seen(classic, *told, when=START + WEEK - SECOND).status == "flagged"
    back = seen(classic, *told, when=START + WEEK)
    assert (back.status, back.limit) == ("connected", 10_000)


def test_classic_otherwise_connected_with_the_next_lower_tier() -> None:
    told = (GREEN, LIMIT, RED, read(Kind.RATING, "green", START + WEEK + SECOND))
    before, after = (seen(classic, *told, when=START + WEEK + shift) for shift in (-SECOND, timedelta()))
    assert (before.status, before.limit) == ("flagged", 10_000)
    assert (after.status, after.limit) == ("connected", 1_000)
    assert seen(classic, *told, when=START + WEEK + SECOND).limit == 1_000


def test_classic_restricted_when_the_limit_is_reached_until_the_window_resets() -> None:
    full = read(Kind.FULL, 10_000, START, until=START + HOUR * 9)
    told = (GREEN, LIMIT, full)
    assert seen(classic, *told, when=START - SECOND).status == "connected"
    reached = seen(classic, *told, when=START)
    assert reached.status == "restricted"
    # No messages of our own; answers to people who write stay allowed.
    assert [(one.level, one.until) for one in reached.restraints] == [("answers", START + HOUR * 9)]
    assert seen(classic, *told, when=START + HOUR * 9 - SECOND).status == "restricted"
    assert seen(classic, *told, when=START + HOUR * 9).status == "connected"


def test_classic_restricted_by_the_platforms_word_ends_after_24_hours() -> None:
    told = (GREEN, read(Kind.STATUS, "restricted"))
    assert seen(classic, *told, when=START + DAY - SECOND).status == "restricted"
    assert seen(classic, *told, when=START + DAY).status == "connected"


def test_classic_the_platform_may_lift_the_flag_before_its_time() -> None:
    told = (GREEN, LIMIT, RED, read(Kind.STATUS, "connected", START + HOUR, about=classic.UNFLAGGED))
    assert seen(classic, *told, when=START + HOUR).status == "connected"
    assert seen(classic, *told, when=START + WEEK).limit == 10_000


def test_classic_a_limit_that_fell_does_not_come_back_with_the_next_recovery() -> None:
    again = START + 2 * WEEK
    told = (GREEN, LIMIT, RED, read(Kind.RATING, "green", again - DAY), read(Kind.RATING, "red", again),
            read(Kind.RATING, "green", again + DAY))  # fmt: skip
    assert seen(classic, *told, when=again + WEEK - SECOND).status == "flagged"
    back = seen(classic, *told, when=again + WEEK)
    assert (back.status, back.limit) == ("connected", 1_000)


def test_classic_the_platform_may_say_flagged_itself_and_a_second_time_changes_nothing() -> None:
    flagged = read(Kind.STATUS, "flagged", START + HOUR)
    assert seen(classic, GREEN, LIMIT, flagged, when=START + HOUR - SECOND).status == "connected"
    assert seen(classic, GREEN, LIMIT, flagged, when=START + HOUR).flagged_until == START + HOUR + WEEK
    assert seen(classic, GREEN, LIMIT, RED, flagged, when=START + DAY).flagged_until == START + WEEK


def test_classic_a_limit_told_while_flagged_counts_once_the_flag_is_lifted() -> None:
    lifted = read(Kind.STATUS, "connected", START + DAY, about=classic.UNFLAGGED)
    told = (GREEN, LIMIT, RED, read(Kind.LIMIT, 100_000, START + HOUR), lifted)
    assert seen(classic, *told, when=START + DAY - SECOND).limit == 10_000
    assert seen(classic, *told, when=START + DAY).limit == 100_000
    lower = (GREEN, LIMIT, RED, read(Kind.LIMIT, 1_000, START + HOUR))
    assert seen(classic, *lower, when=START + HOUR).limit == 1_000, "it may fall at any time"


@pytest.mark.parametrize(
    ("told", "rises"),
    [
        ((GREEN, LIMIT), True),
        ((GREEN,), False),  # nobody said where it stands
        ((GREEN, read(Kind.LIMIT, UNLIMITED, START - DAY)), False),
        ((GREEN, LIMIT, read(Kind.RATING, "yellow", START - HOUR)), False),
        ((GREEN, LIMIT, read(Kind.RATING, "red", START - HOUR), read(Kind.RATING, "green")), False),
    ],
)
def test_classic_only_a_limit_of_a_green_number_that_is_not_flagged_may_rise(
    told: tuple[Reading, ...], rises: bool
) -> None:
    assert seen(classic, *told, when=START).may_rise is rises


@pytest.mark.parametrize("word", ["pending", "offline"])
def test_classic_a_number_that_is_not_online_is_called_so_whatever_else_it_is(word: str) -> None:
    told = (
        GREEN,
        LIMIT,
        RED,
        read(Kind.FULL, 10_000, until=START + DAY),
        read(Kind.STATUS, word, START + HOUR),
    )
    assert seen(classic, *told, when=START + HOUR - SECOND).status == "restricted"
    assert seen(classic, *told, when=START + HOUR).status == word


# --- the current rules


@pytest.mark.parametrize("limit", [250, 2_000, 10_000, 100_000, UNLIMITED])
def test_current_the_limit_is_that_of_the_whole_account(limit: int) -> None:
    told = read(Kind.LIMIT, limit, number=OTHER)
    assert seen(current, told, when=START - SECOND).limit is None
    assert seen(current, told, when=START).limit == limit
    assert seen(classic, told, when=START).limit is None


def test_current_nobody_is_flagged() -> None:
    told = (GREEN, LIMIT, RED, read(Kind.STATUS, "flagged"))
    state = seen(current, *told, when=START)
    assert (state.status, state.rating, state.flagged_until) == ("connected", "red", None)


def test_current_no_limit_falls_by_itself() -> None:
    for when in (START, START + WEEK, START + 10 * WEEK):
        assert seen(current, GREEN, LIMIT, RED, when=when).limit == 10_000


def test_current_the_limit_may_rise_where_half_of_it_was_used_in_seven_days_and_all_quality_is_high() -> None:
    half = read(Kind.USED, 5_000, START, number=0)
    risen = seen(current, GREEN, LIMIT, half, when=START)
    assert (risen.may_rise, risen.rises_by) == (True, START + 6 * HOUR)
    assert not seen(current, GREEN, LIMIT, half, when=START - SECOND).may_rise
    assert seen(current, GREEN, LIMIT, half, when=START + WEEK - SECOND).may_rise
    assert not seen(current, GREEN, LIMIT, half, when=START + WEEK).may_rise
    assert not seen(current, GREEN, LIMIT, read(Kind.USED, 4_999, START, number=0), when=START).may_rise


@pytest.mark.parametrize(
    "worse",
    [
        read(Kind.RATING, "yellow", START + HOUR, number=OTHER),
        read(Kind.TEMPLATE, "red", START + HOUR, about="promo pt_BR", number=0),
        read(Kind.RATING, "unknown", START + HOUR),
    ],
)
def test_current_one_number_or_template_that_is_not_high_keeps_the_limit(worse: Reading) -> None:
    told = (GREEN, LIMIT, read(Kind.USED, 5_000, START, number=0), worse)
    assert seen(current, *told, when=START + HOUR - SECOND).may_rise
    assert not seen(current, *told, when=START + HOUR).may_rise


def test_current_it_rises_within_six_hours_of_when_everything_was_there_again() -> None:
    first, second = (read(Kind.USED, 5_000, START + days * DAY, number=0) for days in (0, 8))
    assert (
        seen(current, GREEN, LIMIT, first, second, when=START + 9 * DAY).rises_by == second.said_at + 6 * HOUR
    )
    more = read(Kind.USED, 6_000, START + DAY, number=0)
    assert seen(current, GREEN, LIMIT, first, more, when=START + DAY).rises_by == START + 6 * HOUR
    step = read(Kind.LIMIT, 2_000, START + DAY)  # after a step everything begins anew
    assert seen(current, GREEN, LIMIT, first, step, when=START + DAY).rises_by == step.said_at + 6 * HOUR


def test_current_there_is_no_step_above_no_limit_and_none_without_a_rating() -> None:
    used = read(Kind.USED, UNLIMITED, START, number=0)
    assert not seen(current, GREEN, read(Kind.LIMIT, UNLIMITED, START - DAY), used, when=START).may_rise
    assert not seen(current, LIMIT, used, when=START).may_rise


def test_current_a_template_nobody_has_rated_yet_does_not_keep_the_limit() -> None:
    new = read(Kind.TEMPLATE, "unknown", START, about="promo es", number=0)
    assert seen(current, GREEN, LIMIT, read(Kind.USED, 5_000, START, number=0), new, when=START).may_rise


def test_current_restricted_lasts_until_the_platform_says_otherwise() -> None:
    told = (GREEN, read(Kind.STATUS, "restricted"), read(Kind.STATUS, "connected", START + 9 * DAY))
    for when in (START, START + 9 * DAY - SECOND):
        state = seen(current, *told, when=when)
        assert (state.status, [one.level for one in state.restraints]) == ("restricted", ["answers"])
    after = seen(current, *told, when=START + 9 * DAY)
    assert (after.status, after.restraints) == ("connected", ())


# --- what both share


@pytest.mark.parametrize("book", [classic, current])
def test_a_limit_that_was_reached_holds_no_longer_once_it_is_higher(book: Any) -> None:
    told = (GREEN, LIMIT, read(Kind.FULL, 10_000, until=START + DAY), read(Kind.LIMIT, 100_000, START + HOUR))
    assert [one.cause for one in seen(book, *told, when=START + HOUR - SECOND).restraints] == ["full"]
    assert seen(book, *told, when=START + HOUR).restraints == ()


@pytest.mark.parametrize("book", [classic, current])
def test_of_two_words_at_one_moment_the_one_about_the_number_itself_counts(book: Any) -> None:
    whole = read(Kind.HEALTH, "none", START, number=0)
    for told in ((whole, read(Kind.HEALTH, "blocked")), (read(Kind.HEALTH, "blocked"), whole)):
        assert [one.cause for one in seen(book, *told, when=START).restraints] == ["health"]


@pytest.mark.parametrize("book", [classic, current])
def test_a_rating_that_is_said_again_is_no_newer(book: Any) -> None:
    told = (GREEN, RED, read(Kind.RATING, "red", START + HOUR))
    assert seen(book, *told, when=START + DAY).rating_since == START


@pytest.mark.parametrize("book", [classic, current])
def test_offline_and_a_ban_let_nothing_out_until_they_are_taken_back(book: Any) -> None:
    told = [read(Kind.STATUS, "offline"), read(Kind.RESTRICTION, "blocked", about="ban", number=0)]
    state = seen(book, *told, when=START)
    assert {(one.level, one.cause) for one in state.restraints} == {
        ("blocked", "offline"),
        ("blocked", "ban"),
    }
    told += [read(Kind.STATUS, "connected", START + HOUR),
             read(Kind.RESTRICTION, "none", START + 2 * HOUR, about="ban", number=0)]  # fmt: skip
    assert [one.cause for one in seen(book, *told, when=START + HOUR).restraints] == ["ban"]
    assert seen(book, *told, when=START + 2 * HOUR).restraints == ()


@pytest.mark.parametrize("book", [classic, current])
def test_a_lock_is_lifted_by_a_reinstated_account(book: Any) -> None:
    told = (
        read(Kind.ERROR, "locked", about="368"),
        read(Kind.RESTRICTION, "none", START + DAY, about="ban", number=0),
    )
    assert [one.cause for one in seen(book, *told, when=START + DAY - SECOND).restraints] == ["locked"]
    assert seen(book, *told, when=START + DAY).restraints == ()


def test_a_timeline_looks_at_every_moment_at_which_time_alone_changes_something() -> None:
    told = [GREEN, read(Kind.ERROR, "spam", START, about="131048"),
            read(Kind.RESTRICTION, "answers", START, about="x", until=START + 3 * HOUR, number=0)]  # fmt: skip
    line = states.timeline(current.state, told, ME, since=START - HOUR, until=START + WEEK)
    assert [(one.at, [hold.cause for hold in one.restraints]) for one in line] == [
        (START - HOUR, []), (START, ["x", "spam"]), (START + 3 * HOUR, ["spam"]), (START + DAY, []),
    ]  # fmt: skip


def test_the_lowest_limit_there_is_stays() -> None:
    told = (GREEN, read(Kind.LIMIT, 50, START - DAY), RED)
    assert seen(classic, *told, when=START + WEEK).limit == 50


@pytest.mark.parametrize("book", [classic, current])
def test_a_restriction_ends_at_its_second(book: Any) -> None:
    name = "RESTRICTED_BIZ_INITIATED_MESSAGING"
    told = read(Kind.RESTRICTION, "answers", START, about=name, until=START + DAY, number=0)
    assert seen(book, told, when=START - SECOND).restraints == ()
    for when in (START, START + DAY - SECOND):
        assert [(one.level, one.cause) for one in seen(book, told, when=when).restraints] == [
            ("answers", name)
        ]
    assert seen(book, told, when=START + DAY).restraints == ()


@pytest.mark.parametrize("book", [classic, current])
def test_spam_holds_offers_for_a_day_and_a_lock_until_it_is_lifted(book: Any) -> None:
    told = [read(Kind.ERROR, "spam", about="131048"), read(Kind.ERROR, "locked", START + HOUR, about="368")]
    assert [one.cause for one in seen(book, *told, when=START + HOUR).restraints] == ["locked", "spam"]
    assert [one.cause for one in seen(book, *told, when=START + DAY).restraints] == ["locked"]
    told.append(read(Kind.HEALTH, "none", START + 9 * WEEK))
    assert [one.level for one in seen(book, *told, when=START + 9 * WEEK - SECOND).restraints] == ["blocked"]
    assert seen(book, *told, when=START + 9 * WEEK).restraints == ()


@pytest.mark.parametrize("book", [classic, current])
def test_nothing_is_known_of_a_number_nobody_read(book: Any) -> None:
    state = seen(book, read(Kind.ALERT, "WARNING", about="whatever"), when=START)
    assert (state.rating, state.status, state.limit, state.restraints) == ("unknown", "unknown", None, ())


# --- against an oracle


def hour_by_hour(readings: Sequence[Reading], hours: int) -> list[tuple[str, str, int | None, bool]]:
    """The classic book as somebody would play it who only has a clock: rating, status, limit, and whether it may rise,
    after each hour.
    """
    rating, limit, reported, flagged_for, restricted_for = "unknown", None, None, None, 0
    known, told = False, []
    for hour in range(hours):
        now = START + HOUR * hour
        if flagged_for is not None:
            flagged_for += 1
        restricted_for = max(restricted_for - 1, 0)
        for one in readings:
            if one.said_at != now:
                continue
            known = known or (one.kind == Kind.RATING and one.value != "unknown")
            if one.kind == Kind.LIMIT:
                reported = int(one.value)
                limit = reported if flagged_for is None or limit is None else min(limit, reported)
            elif one.kind == Kind.RATING:
                if one.value == "red" and rating != "red" and flagged_for is None:
                    flagged_for = 0
                rating = one.value
            elif one.kind == Kind.FULL:
                restricted_for = 10
            elif one.value == "flagged":
                known, flagged_for = True, flagged_for or 0
            else:
                known, flagged_for, limit = True, None, reported
        if flagged_for == 7 * 24:
            if rating in ("green", "yellow"):
                limit = reported
            elif limit is not None:
                limit = reported = max((tier for tier in CLASSIC_TIERS if tier < limit), default=limit)
            flagged_for = None
        status = "flagged" if flagged_for is not None else "connected" if known else "unknown"
        may_rise = flagged_for is None and rating == "green" and limit not in (None, UNLIMITED)
        told.append((rating, "restricted" if restricted_for else status, limit, may_rise))
    return told


@pytest.mark.parametrize("seed", range(20))
def test_classic_agrees_with_whoever_plays_it_hour_by_hour(seed: int) -> None:
    draw = random.Random(seed)
    hours = 24 * 40
    readings = []
    for hour in sorted(draw.sample(range(hours), 40)):
        now = START + HOUR * hour
        kind = draw.choice([Kind.RATING, Kind.RATING, Kind.LIMIT, Kind.FULL, Kind.STATUS])
        if kind == Kind.RATING:
            readings.append(read(kind, draw.choice(["green", "yellow", "red", "unknown"]), now))
        elif kind == Kind.LIMIT:
            readings.append(read(kind, draw.choice(CLASSIC_TIERS[1:]), now))
        elif kind == Kind.STATUS:
            lifted = draw.random() < 0.3
            value, about = ("connected", classic.UNFLAGGED) if lifted else ("flagged", "")
            readings.append(read(kind, value, now, about=about))
        else:
            readings.append(read(kind, UNLIMITED, now, until=now + 10 * HOUR))
    expected = hour_by_hour(readings, hours)
    draw.shuffle(readings)  # they may come in any order
    for hour in range(0, hours, 3):
        state = classic.state(readings, START + HOUR * hour, ME)
        assert (state.rating, state.status, state.limit, state.may_rise) == expected[hour], hour


@pytest.mark.parametrize("seed", range(20))
def test_current_agrees_with_whoever_looks_at_what_was_said_last(seed: int) -> None:
    draw = random.Random(seed)
    hours = 24 * 20
    readings = []
    for hour in sorted(draw.sample(range(hours), 60)):
        now, number = START + HOUR * hour, draw.choice([ME, OTHER])
        kind = draw.choice([Kind.RATING, Kind.LIMIT, Kind.USED])
        if kind == Kind.RATING:
            readings.append(read(kind, draw.choice(["green", "green", "yellow"]), now, number=number))
        elif kind == Kind.LIMIT:
            readings.append(read(kind, draw.choice([250, 2_000]), now, number=number))
        else:
            readings.append(read(kind, draw.choice([100, 125, 1_000]), now, number=0))
    draw.shuffle(readings)
    for hour in range(0, hours, 2):
        now = START + HOUR * hour

        def newest(kind: str, now: datetime = now, **where: int) -> Reading | None:
            heard = [one for one in readings if one.kind == kind and one.said_at <= now]
            heard = [
                one for one in heard if all(getattr(one, name) == value for name, value in where.items())
            ]
            return max(heard, key=lambda one: one.said_at, default=None)

        limit, used = newest(Kind.LIMIT), newest(Kind.USED)
        ratings = [one for number in (ME, OTHER) if (one := newest(Kind.RATING, number=number))]
        may_rise = (
            limit is not None
            and used is not None
            and used.said_at > now - WEEK
            and 2 * int(used.value) >= int(limit.value)
            and bool(ratings)
            and all(one.value == "green" for one in ratings)
        )
        state = current.state(readings, now, ME)
        assert state.limit == (int(limit.value) if limit else None)
        assert state.may_rise is may_rise, hour


def test_a_timeline_is_what_asking_at_every_moment_gives() -> None:
    told = [GREEN, LIMIT, RED, read(Kind.FULL, 10_000, START + HOUR, until=START + 5 * HOUR)]
    line = states.timeline(classic.state, told, ME, since=START - DAY, until=START + 2 * WEEK)
    assert [(one.at, one.status, one.limit) for one in line] == [
        (START - DAY, "connected", 10_000),
        (START, "flagged", 10_000),
        (START + HOUR, "restricted", 10_000),
        (START + 5 * HOUR, "flagged", 10_000),
        (START + WEEK, "connected", 1_000),
    ]
