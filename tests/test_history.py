"""The fold against an oracle that knows nothing of it, in every order of arrival and on both databases."""

import itertools
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import history
from consent.history import Said, Standing
from consent.sample import Sample
from consent.vocabulary import Channel, Possession, State
from tests.cast import at, read, says, stops, stranger

NOON = at("2026-02-01 12:00")
DAY = timedelta(days=1)


def said(
    arrival: int, state: str, *, spoke: datetime = NOON, possession: str = "reply", valid_days: int = 0
) -> Said:
    recorded_at = max(spoke, NOON)
    return Said(arrival, state, possession, valid_days, spoke, recorded_at, uuid.UUID(int=arrival))


def oracle(events: Iterable[Said], moment: datetime) -> str:
    """The rules of `history.fold`, word for word, written without looking at its code."""
    heard = [event for event in events if event.recorded_at <= moment]
    noes = [
        event
        for event in heard
        if event.state in {"refused", "withdrawn", "revoked", "invalidated", "lapsed"}
    ]
    others = [
        event
        for event in heard
        if event not in noes
        and all(event.arrival > no.arrival and event.event_time > no.event_time for no in noes)
    ]
    yeses = [
        event
        for event in others
        if event.state == "given" and event.possession != "none" and event.event_time <= moment
    ]
    if yeses:
        last = sorted(yeses, key=lambda event: (event.event_time, event.arrival))[-1]
        age = moment - last.event_time
        return "given" if last.valid_days == 0 or age < timedelta(days=last.valid_days) else "expired"
    if others:
        return "requested"
    if noes:
        return sorted(noes, key=lambda event: (event.event_time, event.arrival))[-1].state
    return "nothing"


# Few moments close together, so that ties and clocks that disagree with arrival are common.
moments = st.sampled_from([NOON + offset * timedelta(hours=12) for offset in range(-4, 5)])
rows = st.tuples(
    st.sampled_from(State.values),
    st.sampled_from(["none", "reply", "policy"]),
    st.sampled_from([0, 1, 2]),
    moments,  # when they spoke
    moments,  # when it was recorded
)


def numbered(rows: Sequence[tuple[str, str, int, datetime, datetime]]) -> list[Said]:
    return [
        Said(arrival, state, possession, days, spoke, recorded, uuid.UUID(int=arrival))
        for arrival, (state, possession, days, spoke, recorded) in enumerate(rows, start=1)
    ]


@settings(max_examples=150)
@given(rows=st.lists(rows, max_size=6), moment=moments)
def test_the_fold_agrees_with_the_oracle_in_every_order(
    rows: list[tuple[str, str, int, datetime, datetime]], moment: datetime
) -> None:
    events = numbered(rows)
    expected = oracle(events, moment)
    standings = {history.fold(order, moment) for order in itertools.permutations(events)}
    assert {standing.state for standing in standings} == {expected}
    assert len(standings) == 1


@settings(max_examples=100)
@given(rows=st.lists(rows, max_size=40), moment=moments, random=st.randoms())
def test_long_histories_fold_the_same_when_shuffled(
    rows: list[tuple[str, str, int, datetime, datetime]], moment: datetime, random: Random
) -> None:
    events = numbered(rows)
    expected = history.fold(events, moment)
    assert expected.state == oracle(events, moment)
    random.shuffle(events)
    assert history.fold(events, moment) == expected


@settings(max_examples=200)
@given(rows=st.lists(rows, max_size=6), moment=moments, when=moments, arrival=st.integers(0, 6))
def test_one_more_withdrawal_never_turns_a_no_into_a_yes(
    rows: list[tuple[str, str, int, datetime, datetime]], moment: datetime, when: datetime, arrival: int
) -> None:
    events = numbered(rows)
    stop = said(100 + arrival, "withdrawn", spoke=when)
    assert history.fold(events, moment).is_given or not history.fold([*events, stop], moment).is_given


def test_nobody_heard_of_stands_nowhere() -> None:
    assert history.fold([], NOON) == Standing(history.NOTHING)


def test_a_tie_in_time_denies() -> None:
    assert history.fold([said(1, "withdrawn"), said(2, "given")], NOON).state == "withdrawn"


def test_a_grant_that_arrived_first_does_not_outlive_a_stop_of_an_earlier_hour() -> None:
    """The clock of the machine that took the stop is behind: what arrived later is what counts."""
    late_stop = said(2, "withdrawn", spoke=NOON - timedelta(hours=1))
    assert history.fold([said(1, "given"), late_stop], NOON).state == "withdrawn"


def test_a_form_of_january_typed_in_march_does_not_undo_a_stop_of_february() -> None:
    stop = said(1, "withdrawn", spoke=at("2026-02-10 09:00"))
    paper = Said(2, "given", "policy", 0, at("2026-01-15 00:00"), at("2026-03-01 10:00"), uuid.UUID(int=2))
    assert history.fold([stop, paper], at("2026-03-02 00:00")).state == "withdrawn"


def test_a_form_signed_after_the_stop_counts() -> None:
    stop = said(1, "withdrawn", spoke=at("2026-02-10 09:00"))
    paper = said(2, "given", spoke=at("2026-02-20 00:00"))
    assert history.fold([stop, paper], at("2026-03-02 00:00")).is_given


@pytest.mark.parametrize("state", sorted(history.ENDS))
def test_whatever_ends_a_grant_is_the_standing(state: str) -> None:
    events = [said(1, "given"), said(2, state, spoke=NOON + DAY)]
    assert history.fold(events, NOON + DAY) == Standing(state, since=NOON + DAY, record=uuid.UUID(int=2))


@pytest.mark.parametrize("possession", sorted(Possession.values))
def test_a_grant_counts_only_where_the_number_was_proved_or_policy_says_otherwise(possession: str) -> None:
    standing = history.fold([said(1, "given", possession=possession)], NOON)
    assert standing.state == ("requested" if possession == "none" else "given")


def test_a_question_asked_again_leaves_a_living_grant_alone() -> None:
    assert history.fold([said(1, "given"), said(2, "requested", spoke=NOON + DAY)], NOON + DAY).is_given


def test_a_grant_ends_to_the_microsecond() -> None:
    grant = said(1, "given", valid_days=730)
    end = NOON + timedelta(days=730)
    before = history.fold([grant], end - timedelta(microseconds=1))
    assert (before.state, before.until) == ("given", end)
    assert history.fold([grant], end).state == history.EXPIRED


def test_a_grant_for_ever_has_no_end() -> None:
    assert history.fold([said(1, "given")], NOON + 36500 * DAY) == Standing(
        "given", since=NOON, record=uuid.UUID(int=1)
    )


def test_a_validity_beyond_the_calendar_is_for_ever() -> None:
    assert history.expiry(NOON, 2**31 - 1) is None


def test_the_later_of_two_grants_decides_when_it_ends() -> None:
    events = [said(1, "given", valid_days=730), said(2, "given", spoke=NOON + DAY, valid_days=1)]
    assert history.fold(events, NOON + 3 * DAY).state == history.EXPIRED


def test_what_was_recorded_later_was_not_known_then() -> None:
    events = [said(1, "given"), said(2, "withdrawn", spoke=NOON + DAY)]
    assert history.fold(events, NOON + DAY / 2).is_given


def test_a_request_waits_until_a_grant_or_an_ending_arrives_after_it() -> None:
    request = said(1, "requested")
    assert history.unanswered([request]) == {request.uid}
    assert history.unanswered([said(0, "given"), request]) == {request.uid}
    assert history.unanswered([request, said(2, "given", possession="none")]) == {request.uid}
    for state in ["given", *history.ENDS]:
        assert history.unanswered([request, said(2, state)]) == set()


def test_a_request_after_an_expired_grant_waits_though_the_standing_is_expired() -> None:
    events = [said(1, "given", valid_days=1), said(2, "requested", spoke=NOON + 2 * DAY)]
    assert history.fold(events, NOON + 2 * DAY).state == history.EXPIRED
    assert history.unanswered(events) == {uuid.UUID(int=2)}


# --- as read from the database


def test_standings_are_the_folds_of_everything_a_person_said(aurora: Sample) -> None:
    recorded = says(aurora)
    says(aurora, channel=Channel.WHATSAPP)
    stops(aurora, event_time=at("2030-01-01 00:00"))
    news = aurora.purposes["novidades"].pk
    with CaptureQueriesContext(connection) as queries:
        standings = history.standings(recorded.subject, at=at("2099-01-01 00:00"))
    assert len(queries) == 3
    assert {key: standing.state for key, standing in standings.items()} == {
        ("sms", news): "withdrawn",
        ("sms", None): "withdrawn",
        ("whatsapp", news): "expired",
    }


def test_waiting_requests_are_found_by_their_records(aurora: Sample) -> None:
    asked = says(aurora, state=State.REQUESTED, possession=Possession.NONE)
    assert history.waiting(asked.subject) == set(asked.records)
    says(aurora)
    assert history.waiting(asked.subject) == set()


_people = itertools.count(1000)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,  # the same histories on SQLite and on PostgreSQL
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(State.values),
            st.sampled_from(["none", "reply", "policy"]),
            st.booleans(),  # of every purpose, where that may be said
            moments,
        ),
        max_size=6,
    ),
    moment=moments,
)
def test_both_databases_give_what_the_oracle_gives(
    aurora: Sample, rows: list[tuple[str, str, bool, datetime]], moment: datetime
) -> None:
    contact = stranger(next(_people))
    expected = []
    now = NOON - 2 * DAY
    for arrival, (state, possession, is_everything, spoke) in enumerate(rows, start=1):
        now += timedelta(hours=9)
        with time_machine.travel(now, tick=False):
            says(
                aurora,
                contact,
                state=state,
                possession=possession,
                event_time=spoke,
                purpose=None if is_everything and state == "withdrawn" else aurora.purposes["novidades"],
            )
        days = 0 if is_everything and state == "withdrawn" else 730
        expected.append(Said(arrival, state, possession, days, min(spoke, now), now, uuid.UUID(int=arrival)))
    assert history.fold(read(aurora, contact), moment).state == oracle(expected, moment)
