"""What the worker does about time: rounds over everybody whom it concerns, a few people at a time."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import batched

from django.db.models import Model
from django.utils import timezone

from consent import asking_again, errors
from consent.aging import lapsing, reasking, reminders, summaries
from consent.aging.reminders import AT_ONCE
from consent.models import Company, Reasking

log = logging.getLogger(__name__)

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
    running = Reasking.objects.filter(ended_at=None).select_related("version__notice__company")
    return _one_by_one(running.order_by("pk"), _questions_of)


def _questions_of(asked: Reasking) -> Iterator[int]:
    is_over = asked.ends_at is not None and asked.ends_at <= timezone.now()
    for people in batched(asking_again.find(asked.version, at=timezone.now()), AT_ONCE, strict=False):
        act = reasking.end if is_over else reasking.ask
        _each(partial(act, asked, now=timezone.now()), people)
        yield len(people)
    if is_over:
        Reasking.objects.filter(pk=asked.pk, ended_at=None).update(ended_at=timezone.now())


def lapse() -> int:
    """End a few consents of people with whom nobody was in touch for long. Returns how many people were looked at."""
    return _step("lapse", _lapses, every=DAY)


def _lapses() -> Iterator[int]:
    return _one_by_one(Company.objects.filter(lapse_months__gt=0).order_by("pk"), _lapses_of)


def _lapses_of(company: Company) -> Iterator[int]:
    for people in lapsing.everybody(company):
        _each(partial(lapsing.lapse, company, now=timezone.now()), people)
        yield len(people)


def sum_up() -> int:
    """Tell a few people what they agreed to, once a year. Returns how many were looked at."""
    return _step("sum up", _summaries, every=HOUR)


def _summaries() -> Iterator[int]:
    told = Company.objects.filter(tells_yearly=True, is_paused=False)
    return _one_by_one(told.order_by("pk"), _summaries_of)


def _summaries_of(company: Company) -> Iterator[int]:
    for people in lapsing.everybody(company):
        now = timezone.now()
        _each(partial(summaries.tell, company, now=now), summaries.find(people, until=now, now=now))
        yield len(people)


def _reminders() -> Iterator[int]:
    reminded = Company.objects.filter(remind_days__gt=0, is_paused=False)
    return _one_by_one(reminded.order_by("pk"), _reminders_of)


def _reminders_of(company: Company) -> Iterator[int]:
    for people in reminders.plan(company, ahead=timedelta(), now=timezone.now()):
        _each(partial(reminders.remind, company, now=timezone.now()), people)
        yield len(people)


def _one_by_one[One: Model](whose: Iterable[One], begin: Callable[[One], Iterator[int]]) -> Iterator[int]:
    """The rounds of several, one after the other: where people cannot be found, those of the others still are."""
    for one in whose:
        try:
            yield from begin(one)
        except Exception as error:
            if errors.passes(error):
                raise
            log.exception("What time brings could not be found out for %s %s.", type(one).__name__, one.pk)


def _each[One](act: Callable[..., int], people: Sequence[One]) -> None:
    """Do something for some people: where that fails, for each alone, so that one of them keeps no other waiting."""
    try:
        act(people=people)
    except Exception as error:
        if errors.passes(error):
            raise
        if len(people) > 1:
            for one in people:
                _each(act, [one])
        else:
            log.exception("What time brings could not be done for one person; the others have it.")


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
