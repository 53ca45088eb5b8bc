"""When a form is posted so often that it asks for a proof of work first; nobody is ever shut out.

Counted in this process alone, minute by minute. The address is a hint and no more: hundreds of people share
one (carriers' NAT), so crossing the line costs a second of the phone's work, or a short wait without script.
"""

from collections import Counter
from datetime import datetime
from typing import TypedDict

from django.conf import settings

POINT_SHARE = 10  # a capture point may be posted this many times as often as one address may post
MOST_KEYS = 50_000  # strangers' addresses must not fill the memory

type Key = tuple[str, object]


class Origin(TypedDict):
    """Where a post comes from, and when."""

    point: int
    network: str
    now: datetime


_minute = 0
_now: Counter[Key] = Counter()
_before: Counter[Key] = Counter()


def note(*, point: int, network: str, now: datetime) -> None:
    """Count one post."""
    _turn(now)
    if len(_now) > MOST_KEYS:
        _now.clear()
    _now["point", point] += 1
    _now["network", network] += 1


def is_high(*, point: int, network: str, now: datetime) -> bool:
    """Whether this capture point, or this network, posted too often in this minute or the one before."""
    limit = settings.OPTIN_CHALLENGE_AFTER
    if not limit:
        return False
    _turn(now)
    return any(
        minute["point", point] > limit * POINT_SHARE or minute["network", network] > limit
        for minute in (_now, _before)
    )


def forget() -> None:
    """Count from nothing: between tests."""
    _now.clear()
    _before.clear()


def _turn(now: datetime) -> None:
    global _minute, _now, _before
    minute = int(now.timestamp() // 60)
    if minute != _minute:
        _before = _now if minute == _minute + 1 else Counter()
        _minute, _now = minute, Counter()
