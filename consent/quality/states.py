"""What a number is at a moment: the parts that both rule books share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from consent.quality.reading import ANSWERS, BLOCKED, DAY, FREE, OFFERLESS, WEEK, Kind, Reading
from consent.vocabulary import NumberStatus, Rating

# What an error of a message says of the whole number: spam (131048 and its kin) for a day, a lock until it is lifted.
SPAM, LOCKED = "spam", "locked"

# The gravest last.
ORDER = (FREE, OFFERLESS, ANSWERS, BLOCKED)


@dataclass(frozen=True, slots=True)
class Restraint:
    """Something that keeps messages of a number back: `level` is what it leaves open, `cause` what it comes from."""

    level: str
    cause: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A number at a moment. `limit` is in people a day, None where nobody said; `flagged_until` when the seven days of
    the classic book end; `rises_by` when the limit is raised at the latest, where nothing changes before.
    """

    at: datetime
    rating: str = Rating.UNKNOWN.value
    rating_since: datetime | None = None
    status: str = NumberStatus.UNKNOWN.value
    limit: int | None = None
    may_rise: bool = False
    rises_by: datetime | None = None
    flagged_until: datetime | None = None
    restraints: tuple[Restraint, ...] = ()

    @property
    def shown(self) -> tuple[str, str, int | None, tuple[tuple[str, str], ...]]:
        """What a timeline tells apart."""
        return (
            self.rating,
            self.status,
            self.limit,
            tuple((one.level, one.cause) for one in self.restraints),
        )


type Book = Callable[[Sequence[Reading], datetime, int], State]


def until_now(readings: Iterable[Reading], at: datetime, number: int) -> list[Reading]:
    """The readings that bear on a number at a moment, in the order of time."""
    heard = [one for one in readings if one.said_at <= at and one.number in (0, number)]
    return sorted(heard, key=lambda one: one.said_at)


def last(readings: Sequence[Reading], kind: str) -> Reading | None:
    """The last reading of a kind; of those at one moment the one about the number itself."""
    found = [one for one in readings if one.kind == kind]
    return max(found, key=lambda one: (one.said_at, bool(one.number))) if found else None


def rated(readings: Sequence[Reading]) -> tuple[str, datetime | None]:
    """The rating, and since when it has been this one."""
    value, since = Rating.UNKNOWN.value, None
    for one in readings:
        if one.kind == Kind.RATING and one.value != value:
            value, since = one.value, one.said_at
    return value, since


def restraints(readings: Sequence[Reading], at: datetime, limit: int | None) -> tuple[Restraint, ...]:
    """What keeps messages back at a moment by the platform's word or by its limit, the gravest first."""
    found = [one for one in _restraints(readings, limit) if one.until is None or one.until > at]
    return tuple(sorted(found, key=lambda one: -ORDER.index(one.level)))


def _restraints(readings: Sequence[Reading], limit: int | None) -> Iterator[Restraint]:
    named = {one.key: one for one in readings if one.kind == Kind.RESTRICTION}
    for one in named.values():
        if one.value != FREE:
            yield Restraint(one.value, one.about, one.said_at, one.until)
    said = last(readings, Kind.STATUS)
    if said and said.value == NumberStatus.OFFLINE:
        yield Restraint(BLOCKED, "offline", said.said_at)
    health = last(readings, Kind.HEALTH)
    if health and health.value == BLOCKED:
        yield Restraint(BLOCKED, "health", health.said_at)
    yield from _by_errors(readings)
    full = last(readings, Kind.FULL)
    if full and (limit is None or int(full.value) >= limit):
        yield Restraint(ANSWERS, "full", full.said_at, full.until)


def _by_errors(readings: Sequence[Reading]) -> Iterator[Restraint]:
    spam = locked = None
    for one in readings:
        if one.kind == Kind.ERROR and one.value == SPAM:
            spam = one
        elif one.kind == Kind.ERROR and one.value == LOCKED:
            locked = locked or one
        elif _lifts(one):
            locked = None
    if spam:
        yield Restraint(OFFERLESS, SPAM, spam.said_at, spam.said_at + DAY)
    if locked:
        yield Restraint(BLOCKED, LOCKED, locked.said_at)


def _lifts(one: Reading) -> bool:
    """Whether a reading says that an account which was locked is free again."""
    return (one.kind == Kind.HEALTH and one.value == FREE) or (
        one.kind == Kind.RESTRICTION and one.value == FREE
    )


def moments(readings: Iterable[Reading]) -> set[datetime]:
    """When a state can change at all: with a reading, and some time after one."""
    found: set[datetime] = set()
    for one in readings:
        found.add(one.said_at)
        if one.until is not None:
            found.add(one.until)
        if one.kind in (Kind.ERROR, Kind.STATUS):
            found.add(one.said_at + DAY)
        if one.kind in (Kind.RATING, Kind.STATUS, Kind.USED):
            found.add(one.said_at + WEEK)
    return found


def timeline(
    book: Book, readings: Sequence[Reading], number: int, *, since: datetime, until: datetime
) -> list[State]:
    """Every state between two moments that differs from the one before it, beginning with the one at `since`."""
    told = [book(readings, since, number)]
    for moment in sorted(one for one in moments(readings) if since < one <= until):
        state = book(readings, moment, number)
        if state.shown != told[-1].shown:
            told.append(state)
    return told
