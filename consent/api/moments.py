"""Moments as programs write them: RFC 3339, with a zone; of the past, or of what is planned."""

import re
from datetime import UTC, datetime, timedelta

from consent import preflight
from consent.errors import BadInput

AHEAD = timedelta(minutes=2)  # clocks differ by so much

_SHAPE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-5][0-9])?"
)


def read(text: str, *, pointer: str, now: datetime) -> datetime:
    """The moment in a text, at most `now`. Raises BadInput with status 422."""
    moment = _parse(text, pointer=pointer)
    if moment > now + AHEAD:
        raise BadInput("time.future", "This has not happened yet.", pointer=pointer)
    return min(moment, now)


def read_planned(text: str, *, pointer: str, now: datetime) -> datetime:
    """The moment in a text, from `now` to a month ahead. Raises BadInput with status 422."""
    moment = _parse(text, pointer=pointer)
    if moment < now - AHEAD:
        raise BadInput("time.past", "This is over. Leave the moment out for now.", pointer=pointer)
    if moment > now + preflight.PLANNED:
        raise BadInput("time.too_far", "Ask again nearer to it: at most 31 days ahead.", pointer=pointer)
    return max(moment, now)


def _parse(text: str, *, pointer: str) -> datetime:
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise BadInput("time.format", "Write it like 2026-11-28T12:00:00Z.", pointer=pointer)
    if not found[2]:
        raise BadInput("time.zone_required", "Say the time zone: Z, or like -03:00.", pointer=pointer)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInput("time.format", "There is no such moment.", pointer=pointer) from error
