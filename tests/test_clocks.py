"""Grants and withdrawals in every order of arrival, by clocks two minutes apart: never a wrong yes."""

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import dialogue, history
from consent.history import Said
from consent.sample import Sample
from tests.cast import at, may, says, stops, stranger

NOON = at("2026-02-01 12:00")
AFTER = NOON + timedelta(days=1)
CLOCKS = ("", "meta", "app")


@dataclass(frozen=True)
class Truth:
    """What really happened: a yes or a no, when, told by whose clock, and how long it was on its way."""

    is_yes: bool
    moment: datetime
    clock: str
    delay: timedelta

    def told(self, wrong: dict[str, timedelta]) -> dialogue.SaidAt:
        """When we think it was, where each clock is wrong by so much."""
        if not self.clock:
            return dialogue.SaidAt(self.moment)
        claim = int((self.moment + wrong[self.clock]).timestamp())
        return dialogue.said_at(claim, clock=self.clock, received_at=self.moment + self.delay)


def wants(truths: Sequence[Truth]) -> bool:
    """The oracle: what the person wants is what they said last; a yes and a no at once are a no."""
    last = max(truth.moment for truth in truths)
    return all(truth.is_yes for truth in truths if truth.moment == last)


seconds = st.floats(0, 400, allow_nan=False).map(lambda number: timedelta(seconds=round(number, 1)))
truths = st.builds(
    Truth,
    is_yes=st.booleans(),
    moment=seconds.map(NOON.__add__),
    clock=st.sampled_from(CLOCKS),
    delay=seconds,
)
# No two clocks are more than two minutes apart.
clocks = st.tuples(st.sampled_from((1, -1)), st.floats(0, 120), st.floats(0, 120)).map(
    lambda drawn: dict(zip(CLOCKS[1:], (timedelta(seconds=drawn[0] * by) for by in drawn[1:]), strict=True))
)


def said(truth: Truth, wrong: dict[str, timedelta], arrival: int) -> Said:
    told = truth.told(wrong)
    state = "given" if truth.is_yes else "withdrawn"
    return Said(arrival, state, "reply", 0, told.at, AFTER, uuid.UUID(int=arrival), told.clock)


@settings(max_examples=400)
@given(happened=st.lists(truths, min_size=1, max_size=4), wrong=clocks)
def test_no_order_of_arrival_makes_a_yes_of_a_no(happened: list[Truth], wrong: dict[str, timedelta]) -> None:
    for order in itertools.permutations(happened):
        standing = history.fold([said(one, wrong, place) for place, one in enumerate(order, 1)], AFTER)
        assert wants(happened) or not standing.is_given


@settings(max_examples=100)
@given(happened=st.lists(truths, min_size=1, max_size=4, unique_by=lambda one: int(one.moment.timestamp())))
def test_by_one_clock_and_in_order_everybody_gets_what_they_want(happened: list[Truth]) -> None:
    for clock in CLOCKS:
        exact = [Truth(one.is_yes, one.moment, clock, timedelta(seconds=1)) for one in happened]
        in_order = sorted(exact, key=lambda one: one.moment)
        slow = dict.fromkeys(CLOCKS, timedelta(minutes=-2))
        standing = history.fold([said(one, slow, place) for place, one in enumerate(in_order, 1)], AFTER)
        assert standing.is_given is wants(exact)


_people = itertools.count(7000)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=st.lists(truths, min_size=2, max_size=3), wrong=clocks)
def test_the_databases_say_so_too(aurora: Sample, happened: list[Truth], wrong: dict[str, timedelta]) -> None:
    contact = stranger(next(_people))
    with time_machine.travel(AFTER, tick=False):
        for one in happened:
            told = one.told(wrong)
            say = says if one.is_yes else stops
            say(aurora, contact, event_time=told.at, clock=told.clock)
        assert wants(happened) or not may(aurora, contact).allow
        expected = [said(one, wrong, place) for place, one in enumerate(happened, 1)]
        assert may(aurora, contact).allow is history.fold(expected, AFTER).is_given


def test_a_yes_that_was_long_on_its_way_by_a_clock_ahead_is_not_newer_than_the_stop_that_followed_it() -> (
    None
):
    ahead = {"meta": timedelta(seconds=119), "app": timedelta(0)}
    yes = Truth(True, NOON, "meta", timedelta(seconds=100))
    for clock in CLOCKS:
        stop = Truth(False, NOON + timedelta(seconds=1), clock, timedelta(seconds=1))
        assert not history.fold([said(stop, ahead, 1), said(yes, ahead, 2)], AFTER).is_given
