"""The current rule book: one limit for the whole account, nobody Flagged, and no limit that falls by itself.

A limit rises by a step within six hours where the quality of all numbers and templates of the account is high and at
least half of the limit was used in the last seven days.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from consent.quality import states
from consent.quality.reading import ANSWERS, UNLIMITED, WEEK, Kind, Reading
from consent.quality.states import Restraint, State
from consent.vocabulary import NumberStatus, Rating

WITHIN = timedelta(hours=6)


def state(readings: Sequence[Reading], at: datetime, number: int) -> State:
    """A number at a moment after the current rules. `readings` are those of the whole account."""
    heard = states.until_now(readings, at, number)
    rating, since = states.rated(heard)
    said = states.last(heard, Kind.STATUS)
    # All numbers share the limit: whichever of them was asked last knows it.
    limits = [one for one in readings if one.kind == Kind.LIMIT and one.said_at <= at]
    limit = int(max(limits, key=lambda one: one.said_at).value) if limits else None
    rises_since = _rises_since(readings, at)
    found = list(states.restraints(heard, at, limit))
    if said and said.value == NumberStatus.RESTRICTED:
        found.append(Restraint(ANSWERS, "restricted", said.said_at))
    return State(
        at=at,
        rating=rating,
        rating_since=since,
        status=_status(said, is_known=since is not None or bool(found)),
        limit=limit,
        may_rise=rises_since is not None,
        rises_by=rises_since + WITHIN if rises_since else None,
        restraints=tuple(sorted(found, key=lambda one: -states.ORDER.index(one.level))),
    )


def _status(said: Reading | None, *, is_known: bool) -> str:
    if said is None:
        return NumberStatus.CONNECTED.value if is_known else NumberStatus.UNKNOWN.value
    # Flagged arises no more; where it is said all the same, the rating tells what it used to tell.
    return NumberStatus.CONNECTED.value if said.value == NumberStatus.FLAGGED else said.value


def _rises_since(readings: Sequence[Reading], at: datetime) -> datetime | None:
    """Since when all that a higher limit asks for is there; None where it is not."""
    since: datetime | None = None
    quality: dict[tuple[str, str, int], str] = {}
    limit = used = used_at = None
    for one in sorted((one for one in readings if one.said_at <= at), key=lambda one: one.said_at):
        if since and used_at and one.said_at >= used_at + WEEK:
            since = None
        if one.kind in (Kind.RATING, Kind.TEMPLATE):
            quality[one.key] = one.value
        elif one.kind == Kind.LIMIT:
            # After a step everything begins anew.
            since = since if limit == int(one.value) else None
            limit = int(one.value)
        elif one.kind == Kind.USED:
            used, used_at = int(one.value), one.said_at
        since = (since or one.said_at) if _rises(quality, limit, used) else None
    return since if used_at and at < used_at + WEEK else None


def _rises(quality: dict[tuple[str, str, int], str], limit: int | None, used: int | None) -> bool:
    numbers = [value for (kind, _about, _number), value in quality.items() if kind == Kind.RATING]
    templates = [value for (kind, _about, _number), value in quality.items() if kind == Kind.TEMPLATE]
    is_high = bool(numbers) and all(value == Rating.GREEN for value in numbers)
    is_high = is_high and all(value in (Rating.GREEN, Rating.UNKNOWN) for value in templates)
    return bool(is_high and limit and limit != UNLIMITED and used is not None and 2 * used >= limit)
