"""The classic rule book: seven days of Flagged, then back, or the next lower limit.

A number whose rating falls to low is Flagged, and its limit cannot rise. High or medium by the seventh day brings
Connected back; otherwise it is Connected with the next lower limit. Whoever reaches the limit is Restricted: no message
of their own until the 24-hour window resets, while answers to people who write stay allowed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consent.quality import states
from consent.quality.reading import ANSWERS, DAY, UNLIMITED, WEEK, Kind, Reading, lower
from consent.quality.states import Restraint, State
from consent.vocabulary import NumberStatus, Rating

RECOVERED = frozenset({Rating.GREEN.value, Rating.YELLOW.value})
UNFLAGGED = "unflagged"  # what a reading is about that lifts the flag before its time


@dataclass(slots=True)
class _Run:
    """What is carried from one reading to the next."""

    rating: str = Rating.UNKNOWN.value
    limit: int | None = None
    reported: int | None = None  # what the platform said last, which counts once the flag is gone
    flagged: datetime | None = None

    def take(self, one: Reading) -> None:
        if self.flagged and one.said_at > self.flagged + WEEK:
            self.seventh_day()
        if one.kind == Kind.RATING:
            if one.value == Rating.RED and self.rating != Rating.RED and self.flagged is None:
                self.flagged = one.said_at
            self.rating = one.value
        elif one.kind == Kind.STATUS and one.value == NumberStatus.FLAGGED:
            self.flagged = self.flagged or one.said_at
        elif one.kind == Kind.STATUS and one.about == UNFLAGGED:
            self.flagged, self.limit = None, self.reported
        elif one.kind == Kind.LIMIT:
            self.reported = int(one.value)
            held = self.flagged is not None and self.limit is not None
            self.limit = min(self.limit, self.reported) if held and self.limit else self.reported

    def seventh_day(self) -> None:
        if self.rating in RECOVERED:
            self.limit = self.reported
        elif self.limit is not None:
            self.limit = self.reported = lower(self.limit)
        self.flagged = None


def state(readings: Sequence[Reading], at: datetime, number: int) -> State:
    """A number at a moment after the classic rules."""
    heard = states.until_now(readings, at, number)
    run = _Run()
    for one in heard:
        run.take(one)
    if run.flagged and at >= run.flagged + WEEK:
        run.seventh_day()
    rating, since = states.rated(heard)
    said = states.last(heard, Kind.STATUS)
    found = list(states.restraints(heard, at, run.limit))
    if said and said.value == NumberStatus.RESTRICTED and at < said.said_at + DAY:
        found.append(Restraint(ANSWERS, "restricted", said.said_at, said.said_at + DAY))
    return State(
        at=at,
        rating=rating,
        rating_since=since,
        status=_status(run, said, found, is_known=bool(since or said)),
        limit=run.limit,
        may_rise=run.flagged is None and rating == Rating.GREEN and run.limit not in (None, UNLIMITED),
        flagged_until=run.flagged + WEEK if run.flagged else None,
        restraints=tuple(sorted(found, key=lambda one: -states.ORDER.index(one.level))),
    )


def _status(run: _Run, said: Reading | None, found: Sequence[Restraint], *, is_known: bool) -> str:
    if said and said.value in (NumberStatus.OFFLINE, NumberStatus.PENDING):
        return said.value
    if any(one.cause in ("full", "restricted") for one in found):
        return NumberStatus.RESTRICTED.value
    if run.flagged:
        return NumberStatus.FLAGGED.value
    if said and said.value == NumberStatus.UNKNOWN and run.rating == Rating.UNKNOWN:
        return NumberStatus.UNKNOWN.value
    return NumberStatus.CONNECTED.value if is_known or found else NumberStatus.UNKNOWN.value
