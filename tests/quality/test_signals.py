"""Our own signals warn before the platform does, and seldom without reason: measured by simulation."""

import random

import pytest

from consent.quality import signals
from consent.quality.signals import Day, Signal

SENT = 300  # messages a day


def week(draw: random.Random, rate: float) -> list[Day]:
    """Seven days of messages, some of which are stopped at random."""
    return [
        Day(age=age, sent=SENT, delivered=SENT, seen=SENT // 2, stops=sum(draw.random() < rate for _ in range(SENT)))
        for age in range(7)
    ]  # fmt: skip


def stops(days: list[Day]) -> Signal:
    return next(one for one in signals.signals(days) if one.name == "stops")


def warned(rate: float, *, times: int) -> float:
    """How often a rate warns, of so many weeks."""
    draw = random.Random(7)
    return sum(stops(week(draw, rate)).warns for _ in range(times)) / times


def test_false_alarms_are_as_rare_as_the_documents_say() -> None:
    assert warned(signals.USUAL["stops"], times=400) <= 0.04
    assert warned(signals.USUAL["stops"] / 2, times=400) == 0


def test_a_rate_of_twice_what_is_usual_warns() -> None:
    assert warned(signals.USUAL["stops"] * 2, times=100) > 0.95


def test_the_recent_counts_more() -> None:
    old = [Day(age=6, sent=300, stops=40), Day(age=0, sent=300, stops=0)]
    new = [Day(age=6, sent=300, stops=0), Day(age=0, sent=300, stops=40)]
    assert stops(new).rate > 4 * stops(old).rate
    assert stops(new).warns
    assert stops([Day(age=7, sent=300, stops=300)]).out_of == 0  # no longer of the seven days


def test_a_handful_of_people_warns_of_nothing() -> None:
    assert not stops([Day(age=0, sent=4, stops=4)]).warns
    assert not stops([]).warns
    nobody = stops([])
    assert (nobody.low, nobody.high, nobody.rate) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("times", "out_of", "low", "high"),
    # As R's binom.confint(method = "wilson") and every textbook have them.
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)],
)
def test_the_interval_is_that_of_wilson(times: int, out_of: int, low: float, high: float) -> None:
    assert signals.wilson(times, out_of) == pytest.approx((low, high), abs=0.0001)


def test_what_nobody_reads_is_only_known_where_reading_is_told_at_all() -> None:
    def unseen(day: Day) -> Signal:
        return next(one for one in signals.signals([day]) if one.name == "unseen")

    assert unseen(Day(age=0, sent=300, delivered=300, seen=0)).out_of == 0
    assert unseen(Day(age=0, sent=300, delivered=300, seen=10)).warns
