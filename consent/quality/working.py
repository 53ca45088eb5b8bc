"""What the worker does for our numbers' health: asks providers, counts, judges, and follows people to their source."""

import logging
import time
from datetime import datetime, timedelta

from django.utils import timezone

from consent import errors
from consent.models import Sender
from consent.quality import clocks, counting, keeping, polling, sources

log = logging.getLogger(__name__)

JUDGE_EVERY = 1.0  # seconds: what changes by the clock alone changes within it
COUNT_EVERY = 10.0
TALLY_EVERY = 60.0
TRACE_EVERY = 10.0
TALLIED_DAYS = timedelta(days=2)  # statuses of older messages hardly ever come

_last: dict[str, float] = {}


def ask() -> int:
    """Ask providers about senders that are due."""
    return polling.drain()


def judge() -> int:
    """Count people and messages, and judge every sender that may have changed by the clock or by a count."""
    if not _is_time("judge", JUDGE_EVERY):
        return 0
    now = timezone.now()
    counts, tallies = _is_time("count", COUNT_EVERY), _is_time("tally", TALLY_EVERY)
    senders = Sender.objects.select_related("company").order_by("pk")
    if not counts:
        senders = senders.filter(restricted_until__lte=now)
    for sender in senders:
        try:
            _judge(sender, now, counts=counts, tallies=tallies)
        except Exception as error:
            if errors.passes(error):
                raise
            log.exception("Sender %s could not be judged; the others are.", sender.pk)
    return 0


def _judge(sender: Sender, now: datetime, *, counts: bool, tallies: bool) -> None:
    if tallies:
        counting.tally(sender, since=(now - TALLIED_DAYS).date(), at=now)
    own = clocks.of(sender).shown(now)
    if counts and counting.is_counted(sender):
        counting.watch(sender, at=own)
    keeping.judge(sender, at=own)


def trace() -> int:
    """Follow people to where their yes came from. Returns how many records were looked at."""
    if not _is_time("trace", TRACE_EVERY):
        return 0
    done = count = sources.drain()
    while count == sources.AT_ONCE:
        done += (count := sources.drain())
    return done


def _is_time(what: str, every: float) -> bool:
    if time.monotonic() - _last.get(what, -every) < every:
        return False
    _last[what] = time.monotonic()
    return True
