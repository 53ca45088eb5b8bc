"""The clock of the sandbox can be turned ahead, and back to real time; the pretend Meta rates by it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from consent.models import SandboxPress, Sender
from consent.quality import clocks, counting, keeping
from consent.quality.clocks import Clock
from consent.quality.reading import Kind, Reading, Source
from consent.sample import Sample
from consent.sandbox import rating
from tests.quality.test_keeping import left

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
TURNED = Clock(((T0, DAY), (T0 + HOUR, WEEK)))


@pytest.mark.parametrize(
    ("real", "shown"),
    [
        (T0 - HOUR, T0 - HOUR),
        (T0, T0 + DAY),
        (T0 + HOUR / 2, T0 + DAY + HOUR / 2),
        (T0 + HOUR, T0 + HOUR + DAY + WEEK),
        (T0 + DAY, T0 + DAY + DAY + WEEK),
    ],
)
def test_a_clock_is_turned_ahead_and_read_back(real: datetime, shown: datetime) -> None:
    assert TURNED.shown(real) == shown
    assert TURNED.real(shown) == real


def test_what_the_clock_never_showed_is_when_it_was_turned() -> None:
    assert TURNED.real(T0 + HOUR) == T0
    assert TURNED.real(T0 + HOUR + DAY + HOUR) == T0 + HOUR
    assert TURNED.ahead == DAY + WEEK


def test_only_the_sandboxs_numbers_have_a_clock_of_their_own(aurora: Sample, number: Sender) -> None:
    now = timezone.now()
    clocks.let_pass(aurora.company, DAY, at=now)
    assert clocks.of(number).shown(now) == now
    assert clocks.of(aurora.sender).shown(now) == now + DAY


@pytest.fixture
def pretend(aurora: Sample) -> Sender:
    sender = aurora.company.senders.get(number_id__gt="")
    sender.rule_book = "classic"
    sender.save()
    return sender


def presses(sender: Sender, *weights: int, at: datetime = T0) -> None:
    for place, weight in enumerate(weights):
        SandboxPress.objects.create(sender=sender, at=at + timedelta(seconds=place), weight=weight)


@pytest.mark.parametrize(
    ("weights", "after", "said"),
    [
        ((-1,), HOUR, ("GREEN", "CONNECTED", 1_000)),
        ((1,), HOUR, ("YELLOW", "CONNECTED", 1_000)),
        ((1, 1), HOUR, ("RED", "FLAGGED", 1_000)),
        ((1, 1, 1), HOUR, ("RED", "RESTRICTED", 1_000)),
        ((1, 1, 1), 2 * DAY, ("RED", "FLAGGED", 1_000)),
        ((1, 1, 1, -1, -1, -1), 2 * DAY, ("GREEN", "FLAGGED", 1_000)),
        ((1, 1, 1, -1, -1, -1), 8 * DAY, ("GREEN", "CONNECTED", 1_000)),
        ((1, 1), 8 * DAY, ("GREEN", "CONNECTED", 1_000)),  # medium a second before the seventh day ends
        ((1, 1, 1), 8 * DAY, ("GREEN", "CONNECTED", 250)),
    ],
)
def test_the_pretend_meta_rates_by_what_people_did(
    pretend: Sender, weights: tuple[int, ...], after: timedelta, said: tuple[str, str, int]
) -> None:
    presses(pretend, *weights)
    found = rating.look(pretend, at=T0 + after)
    assert (found.rating, found.status, found.limit) == said


def test_nobody_is_flagged_and_no_limit_falls_after_the_current_rules(pretend: Sender) -> None:
    pretend.rule_book = "current"
    presses(pretend, 1, 1, 1, -1)
    assert rating.look(pretend, at=T0 + 2 * DAY).status == "CONNECTED"
    assert rating.look(pretend, at=T0 + 8 * DAY).limit == 2_000


def test_what_is_held_back_ends_in_real_time_and_at_once_where_time_is_let_pass(pretend: Sender) -> None:
    now = timezone.now()
    clocks.let_pass(pretend.company, WEEK, at=now - HOUR)
    own = clocks.of(pretend).shown(now)
    until = own + DAY
    one = Reading(
        kind=Kind.RESTRICTION, value="answers", said_at=own, about="x", until=until, number=pretend.pk
    )
    keeping.keep(pretend, [one], source=Source.WEBHOOK, read_at=own)
    pretend.refresh_from_db()
    assert (pretend.restricted_since, pretend.restricted_until) == (now, now + DAY)
    clocks.let_pass(pretend.company, DAY, at=now)
    keeping.judge(pretend, at=clocks.of(pretend).shown(now))
    pretend.refresh_from_db()
    assert pretend.restriction == ""


def test_people_drop_out_of_the_limit_as_time_is_let_pass(pretend: Sender) -> None:
    left(pretend, people=3)
    now = timezone.now()
    assert counting.count(pretend, at=now).people == 3
    clocks.let_pass(pretend.company, DAY, at=now)
    own = clocks.of(pretend).shown(now)
    assert counting.count(pretend, at=own).people == 0
    left(pretend, people=2, ago=timedelta())
    assert counting.count(pretend, at=clocks.of(pretend).shown(timezone.now())).people == 2
