"""Our own signals: what people and phones say of a sender before its platform's colour turns.

Seven days, weighted to the recent. A signal warns where even the low end of its interval is above what is usual: a
handful of people warns of nothing (docs/quality.md has the rate of false alarms).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import sqrt

from django.utils.translation import gettext_lazy

from consent.models import QualityChange, Sender, SenderDay
from consent.quality import clocks

DAYS = 7
FADES = 0.75  # what a day counts of the one after it
LEAST = 5  # people who turned away, before anything warns
Z = 1.96  # 95 %


@dataclass(frozen=True, slots=True)
class Day:
    """What became of the messages of one day, `age` days ago."""

    age: int
    sent: int = 0
    delivered: int = 0
    seen: int = 0
    failed: int = 0
    limited: int = 0
    blocks: int = 0
    stops: int = 0
    reports: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """A rate with its interval (Wilson, 95 %), and what is still usual."""

    name: str
    times: int
    out_of: int
    rate: float
    low: float
    high: float
    usual: float

    @property
    def warns(self) -> bool:
        return self.times >= LEAST and self.low > self.usual

    @property
    def low_percent(self) -> float:
        return round(100 * self.low, 1)

    @property
    def high_percent(self) -> float:
        return round(100 * self.high, 1)

    @property
    def usual_percent(self) -> float:
        return round(100 * self.usual, 1)


NAMES = {
    "blocks": gettext_lazy("blocked us"),
    "stops": gettext_lazy("wrote stop"),
    "reports": gettext_lazy("said spam or complained"),
    "limited": gettext_lazy("not delivered: too many offers for this person"),
    "failed": gettext_lazy("not delivered"),
    "unseen": gettext_lazy("delivered and not read"),
}

# What is still usual, of all messages (of delivered ones for what nobody reads).
USUAL = {"blocks": 0.01, "stops": 0.03, "reports": 0.005, "limited": 0.10, "failed": 0.10, "unseen": 0.80}


def wilson(times: float, out_of: float) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson 1927), honest for small numbers; from 0 to 1 where there are none."""
    if out_of <= 0:
        return 0.0, 1.0
    rate, square = times / out_of, Z * Z
    middle = rate + square / (2 * out_of)
    half = Z * sqrt(rate * (1 - rate) / out_of + square / (4 * out_of * out_of))
    whole = 1 + square / out_of
    return max((middle - half) / whole, 0.0), min((middle + half) / whole, 1.0)


def signals(days: Sequence[Day]) -> list[Signal]:
    """Every signal of some days, as they stand today."""
    return [_signal(name, days) for name in USUAL]


def _signal(name: str, days: Sequence[Day]) -> Signal:
    # The weighted share of the days, as if it were that of the people the weights leave.
    pairs = [(FADES**day.age, *_counts(name, day)) for day in days if 0 <= day.age < DAYS]
    weighed = sum(weight * out_of for weight, _times, out_of in pairs)
    bad = sum(weight * times for weight, times, _out_of in pairs)
    # A sum of weighed counts says as much as (sum w n)^2 / sum w^2 n people do (Kish's effective size).
    spread = sum(weight * weight * out_of for weight, _times, out_of in pairs)
    people = weighed * weighed / spread if spread else 0.0
    rate = min(bad / weighed, 1.0) if weighed else 0.0
    low, high = wilson(rate * people, people)
    times, out_of = sum(pair[1] for pair in pairs), sum(pair[2] for pair in pairs)
    return Signal(name, times, out_of, rate, low, high, USUAL[name])


def _counts(name: str, day: Day) -> tuple[int, int]:
    if name == "unseen":
        # Where nobody's reading is told at all, nothing is known of it.
        return (day.delivered - day.seen, day.delivered) if day.seen else (0, 0)
    return getattr(day, name), day.sent


def days_of(sender: Sender, *, at: datetime) -> list[Day]:
    """The last seven days of a sender, by real time: messages do not grow old as the sandbox lets time pass."""
    today = clocks.of(sender).real(at).astimezone(UTC).date()
    rows = SenderDay.objects.filter(sender=sender, day__gt=today - timedelta(days=DAYS), day__lte=today)
    return [
        Day(
            (today - row.day).days, row.sent, row.delivered, row.seen, row.failed, row.limited, row.blocks,
            row.stops, row.reports,
        )
        for row in rows
    ]  # fmt: skip


def warned_since(sender: Sender, *, at: datetime) -> datetime | None:
    """Since when our own figures warn of a sender; None where they do not."""
    if not any(one.warns for one in signals(days_of(sender, at=at))):
        return None
    last = (
        QualityChange.objects.filter(sender=sender, facet=QualityChange.Facet.WARNING).order_by("-pk").first()
    )
    return last.at if last and last.now else at
