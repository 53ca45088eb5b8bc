"""What one person said about one purpose on one channel, and what follows from it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from consent.models import ConsentRecord, ContactPoint, Erased
from consent.vocabulary import Possession, State

# Everything that ends a grant. A refusal of a new ask is a no as well: doubt denies.
ENDS = frozenset(
    state.value for state in (State.REFUSED, State.WITHDRAWN, State.REVOKED, State.INVALIDATED, State.LAPSED)
)
GIVEN = State.GIVEN.value
REQUESTED = State.REQUESTED.value
EXPIRED = "expired"
# By which two clocks may differ and still be believed; and many tell whole seconds only.
CLOCKS_DIFFER = timedelta(minutes=2, seconds=1)
_NOT_SHOWN = Possession.NONE.value
INEXACT = "?"  # ends the name of a clock whose times were cut off: it agrees with none, not even with itself
NOTHING = "nothing"
ERASED = "erased"


class Said(NamedTuple):
    """One record as the fold needs it. `arrival` is the order in which records reached the database; `clock` is whose
    clock `event_time` is by, empty for our own.
    """

    arrival: int
    state: str
    possession: str
    valid_days: int
    event_time: datetime
    recorded_at: datetime
    uid: UUID
    clock: str = ""


class Standing(NamedTuple):
    """Where a person stands: a state, `expired`, `erased` or `nothing`, since when, until when, by which record."""

    state: str
    since: datetime | None = None
    until: datetime | None = None
    record: UUID | None = None

    @property
    def is_given(self) -> bool:
        return self.state == GIVEN


def fold(events: Iterable[Said], at: datetime) -> Standing:
    """The standing at a moment: a pure function of the set of events, whatever order they come in.

    Withdrawal wins: a grant counts only if it is later than every ending in both event_time and arrival, so
    that a form signed in January and typed in March does not undo a stop of February. Ties deny; where the two
    times are by different clocks, so does less than clocks may differ. A grant counts only if it was shown that
    the person holds the number, or if the capture point's policy says that this is not asked.
    """
    known: list[Said] = []
    ends: list[Said] = []
    for event in events:
        if event.recorded_at <= at:
            (ends if event.state in ENDS else known).append(event)
    open_events = _later_than(ends, known) if ends else known
    grant: Said | None = None
    for event in open_events:
        if (
            event.state == GIVEN
            and event.possession != _NOT_SHOWN
            and event.event_time <= at
            and (grant is None or _order(event) > _order(grant))
        ):
            grant = event
    if grant is not None:
        return _standing_of_grant(grant, at)
    latest = max(open_events, key=_order, default=None)
    if latest is not None:
        return Standing(REQUESTED, since=latest.event_time, record=latest.uid)
    if ends:
        end = max(ends, key=_order)
        return Standing(end.state, since=end.event_time, record=end.uid)
    return Standing(NOTHING)


def _later_than(ends: list[Said], others: list[Said]) -> list[Said]:
    """Which of the others are later than every ending."""
    last_end_arrival = max(event.arrival for event in ends)
    last_end_time: dict[str, datetime] = {}
    for event in ends:
        last_end_time[event.clock] = max(event.event_time, last_end_time.get(event.clock, event.event_time))
    return [
        event
        for event in others
        if event.arrival > last_end_arrival
        and all(
            event.event_time > (ended if _agree(clock, event.clock) else ended + CLOCKS_DIFFER)
            for clock, ended in last_end_time.items()
        )
    ]


def _agree(one: str, other: str) -> bool:
    return one == other and not one.endswith(INEXACT)


def _order(event: Said) -> tuple[datetime, int]:
    return (event.event_time, event.arrival)


def _standing_of_grant(grant: Said, at: datetime) -> Standing:
    until = expiry(grant.event_time, grant.valid_days)
    state = EXPIRED if until is not None and at >= until else GIVEN
    return Standing(state, since=grant.event_time, until=until, record=grant.uid)


def expiry(event_time: datetime, valid_days: int) -> datetime | None:
    """When a grant ends by itself, to the second; None for one that does not."""
    if not valid_days:
        return None
    try:
        return event_time + _days(valid_days)
    except OverflowError:
        return None


@lru_cache(maxsize=100)
def _days(days: int) -> timedelta:
    return timedelta(days=days)


def said(row: tuple[Any, ...]) -> Said:
    """One record as raw SQL reads it: SQLite knows neither ids nor time zones."""
    if isinstance(row[6], str):
        event_time, recorded_at = (moment.replace(tzinfo=UTC) for moment in row[4:6])
        row = (*row[:4], event_time, recorded_at, UUID(row[6]), row[7])
    return tuple.__new__(Said, row)  # as _make does, which counts them first: there are very many


def given(standings: Mapping[tuple[str, int | None], Standing]) -> dict[tuple[str, int], Standing]:
    """What a person agreed to that stands, of all their standings, by (channel, purpose id)."""
    return {
        (channel, purpose): standing
        for (channel, purpose), standing in standings.items()
        if purpose is not None and standing.is_given
    }


def standings(subject: UUID, *, at: datetime) -> dict[tuple[str, int | None], Standing]:
    """Every standing of one person, by (channel, purpose id). Three queries.

    The purpose None stands for "everything on this channel" and is there only where the person said so. Nobody
    stands anywhere after they were erased: the records stay, and lead to nobody.
    """
    return standings_of([subject], at=at).get(subject, {})


def standings_of(
    subjects: Collection[UUID], *, at: datetime
) -> dict[UUID, dict[tuple[str, int | None], Standing]]:
    """The standings of many people at once. Three queries."""
    erased = dict(
        Erased.objects.filter(subject__in=subjects, recorded_at__lte=at).values_list("subject", "recorded_at")
    )
    return {
        subject: (
            dict.fromkeys(said, Standing(ERASED, since=erased[subject]))
            if subject in erased
            else {key: fold(events, at) for key, events in said.items()}
        )
        for subject, said in _everything_said(subjects).items()
    }


def waiting(subject: UUID) -> set[UUID]:
    """The requests of a person that nobody answered yet. Two queries."""
    return {
        uid for events in _everything_said([subject]).get(subject, {}).values() for uid in unanswered(events)
    }


def unanswered(events: Iterable[Said]) -> set[UUID]:
    """The requests after which neither a grant nor an ending arrived.

    Does NOT look at the standing: who was asked again while a grant lives, or after it expired, may still
    answer.
    """
    known = list(events)
    last_answer = max((event.arrival for event in known if _is_answer(event)), default=-1)
    return {event.uid for event in known if event.state == REQUESTED and event.arrival > last_answer}


def _is_answer(event: Said) -> bool:
    return event.state in ENDS or (event.state == GIVEN and event.possession != _NOT_SHOWN)


def ids_of(subjects: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Every id of each of some people, their own among them: who was met twice has two (ADR-0008). One query."""
    lookups = ContactPoint.objects.filter(subject__in=subjects, ended_at=None).values("lookup")
    sharing: dict[bytes, set[UUID]] = {}
    for lookup, subject in ContactPoint.objects.filter(lookup__in=lookups).values_list("lookup", "subject"):
        sharing.setdefault(bytes(lookup), set()).add(subject)
    ids = {subject: {subject} for subject in subjects}
    for together in sharing.values():
        for subject in together.intersection(ids):
            ids[subject] |= together
    return ids


def _everything_said(subjects: Collection[UUID]) -> dict[UUID, dict[tuple[str, int | None], list[Said]]]:
    """What people said under any of their ids, by the id they are looked up by."""
    ids = ids_of(subjects)
    looked_up: dict[UUID, list[UUID]] = {}
    for subject, own in ids.items():
        for one in own:
            looked_up.setdefault(one, []).append(subject)
    said: dict[UUID, dict[tuple[str, int | None], list[Said]]] = {}
    for who, channel, purpose, *row in ConsentRecord.objects.filter(subject__in=looked_up).values_list(
        "subject",
        "channel",
        "purpose_id",
        "arrival",
        "state",
        "possession",
        "valid_days",
        "event_time",
        "recorded_at",
        "uid",
        "clock",
    ):
        for subject in looked_up[who]:
            said.setdefault(subject, {}).setdefault((channel, purpose), []).append(Said(*row))
    return {subject: _with_everything_on_the_channel(by_key) for subject, by_key in said.items()}


def _with_everything_on_the_channel(
    said: dict[tuple[str, int | None], list[Said]],
) -> dict[tuple[str, int | None], list[Said]]:
    return {
        (channel, purpose): [*events, *(said.get((channel, None), []) if purpose is not None else [])]
        for (channel, purpose), events in said.items()
    }
