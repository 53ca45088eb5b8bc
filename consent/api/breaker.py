"""Guessing stops: a key that asks about too many numbers nobody knows is told no more about strangers for a minute.

What it asks about people the company knows is answered as ever. Each process counts for itself.
"""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from django.conf import settings

from consent.api import keys
from consent.api.keys import Holder
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import ApiKey

log = logging.getLogger(__name__)

MINUTE = 60.0  # seconds


@dataclass(slots=True)
class _Minute:
    """The different strangers that a key asked about since a minute began."""

    begun: float
    numbers: set[int] = field(default_factory=set)
    is_told: bool = False


_minutes: dict[int, _Minute] = {}
_lock = threading.Lock()


def note(strangers: Iterable[Contact], holder: Holder) -> bool:
    """Count strangers that were asked about, each once a minute; whether there were too many before these.

    The first time in a minute, staff are told.
    """
    with _lock:
        minute = _minutes.get(holder.key)
        if minute is None or time.monotonic() - minute.begun >= MINUTE:
            minute = _minutes[holder.key] = _Minute(time.monotonic())
        most = settings.OPTIN_STRANGERS_A_MINUTE
        is_full = len(minute.numbers) >= most
        if not is_full:
            minute.numbers.update(hash(contact.canonical) for contact in strangers)
        is_news = len(minute.numbers) >= most and not minute.is_told
        minute.is_told = minute.is_told or is_news
    if is_news:
        log.warning("API key %s asked about %s numbers in a minute that nobody knows.", holder.key, most)
        keys.alarm(holder, ApiKey.Alarm.STRANGERS)
    return is_full


def check(strangers: list[Contact], holder: Holder) -> None:
    """Count them. Raises BadInput with status 429 where there were too many before."""
    if strangers and note(strangers, holder):
        raise BadInput(
            "strangers.too_many",
            "This key asked about too many numbers that nobody knows. Wait a minute; a whole audience goes through"
            " POST /preflight.",
            status=HTTPStatus.TOO_MANY_REQUESTS,
        )


def forget() -> None:
    """Begin a new minute: between tests."""
    _minutes.clear()
