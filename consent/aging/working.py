"""What the worker does about time: rounds over everybody whom it concerns, a few people at a time."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import batched

from django.utils import timezone

from consent import asking_again
from consent.aging import lapsing, reasking, reminders, summaries
from consent.aging.reminders import AT_ONCE
from consent.models import Company, Reasking

HOUR, DAY = 3_600.0, 86_400.0  # seconds
LOOK_EVERY = 600.0  # seconds from the beginning of a round to that of the next

_rounds: dict[str, Iterator[int]] = {}
_begun: dict[str, float] = {}


def remind() -> int:
    """Tell a few people that a consent of theirs ends. Returns how many were looked at, 0 between two rounds."""
    return _step("remind", _reminders)


def ask_again() -> int:
    """Ask a few people again whose consent is to an older meaning. Returns how many were looked at."""
    return _step("ask again", _questions, every=HOUR)


def _questions() -> Iterator[int]:
    for asked in (
        Reasking.objects.filter(ended_at=None).select_related("version__notice__company").order_by("pk")
    ):
        is_over = asked.ends_at is not None and asked.ends_at <= timezone.now()
        for people in batched(asking_again.find(asked.version, at=timezone.now()), AT_ONCE, strict=False):
            (reasking.end if is_over else reasking.ask)(asked, people, now=timezone.now())
            yield len(people)
        if is_over:
            Reasking.objects.filter(pk=asked.pk, ended_at=None).update(ended_at=timezone.now())


def lapse() -> int:
    """End a few consents of people with whom nobody was in touch for long. Returns how many people were looked at."""
    return _step("lapse", _lapses, every=DAY)


def _lapses() -> Iterator[int]:
    for company in Company.objects.filter(lapse_months__gt=0).order_by("pk"):
        for people in lapsing.everybody(company):
            lapsing.lapse(company, people, now=timezone.now())
            yield len(people)


def sum_up() -> int:
    """Tell a few people what they agreed to, once a year. Returns how many were looked at."""
    return _step("sum up", _summaries, every=HOUR)


def _summaries() -> Iterator[int]:
    for company in Company.objects.filter(tells_yearly=True, is_paused=False).order_by("pk"):
        for people in lapsing.everybody(company):
            now = timezone.now()
            summaries.tell(company, summaries.find(people, until=now, now=now), now=now)
            yield len(people)


def _reminders() -> Iterator[int]:
    for company in Company.objects.filter(remind_days__gt=0, is_paused=False).order_by("pk"):
        for people in reminders.plan(company, ahead=timedelta(), now=timezone.now()):
            reminders.remind(company, people, now=timezone.now())
            yield len(people)


def _step(what: str, begin: Callable[[], Iterator[int]], *, every: float = LOOK_EVERY) -> int:
    """One step of a round. A round that fails is over; the next one begins anew, and asks nobody twice."""
    found = _rounds.pop(what, None)
    if found is None:
        if time.monotonic() - _begun.get(what, -every) < every:
            return 0
        _begun[what] = time.monotonic()
        found = begin()
    done = next(found, 0)
    if done:
        _rounds[what] = found
    return done


def forget() -> None:
    """Begin every round anew: between tests."""
    _rounds.clear()
    _begun.clear()
