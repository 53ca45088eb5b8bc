"""How often what was decided, in memory first: deciding writes nothing, a minute of decisions is written at once."""

import hashlib
import logging
import secrets
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from consent import journal
from consent.canonical import canonical, moment
from consent.decision.judging import Decision
from consent.decision.reasons import Reason
from consent.decision.statement import About
from consent.later import Later
from consent.models import Company, DecisionBatch
from consent.vocabulary import Channel

log = logging.getLogger(__name__)

CHANNELS = frozenset(Channel.values)
ONE_IN = 100  # of the decisions that allow is kept
MOST_KEPT = 5_000  # of one company in a minute; the others are counted

_ADD = """
INSERT INTO consent_decisioncount (company_id, day, channel, reason, times) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (company_id, day, channel, reason) DO UPDATE SET times = consent_decisioncount.times + excluded.times
"""


@dataclass(slots=True)
class _Minute:
    """What was decided for one company since it was last written down."""

    begun: datetime
    times: Counter[tuple[str, str]] = field(default_factory=Counter)  # by channel and reason
    kept: list[tuple[Decision, About]] = field(default_factory=list)
    allowed: int = 0


_minutes: dict[int, _Minute] = {}
_lock = threading.Lock()


def count(decided: Sequence[Decision], about: About) -> None:
    """Count decisions about the same thing; every denial is kept, and a sample of the rest."""
    reasons = {decided[0].reason: 1} if len(decided) == 1 else Counter([one.reason for one in decided])
    channel = about.channel if about.channel in CHANNELS else ""
    with _lock:
        minute = _minutes.get(about.company)
        if minute is None:
            minute = _minutes[about.company] = _Minute(timezone.now())
        for reason, times in reasons.items():
            minute.times[channel, reason] += times
        _keep(decided, about, minute)
    if settings.OPTIN_DECISIONS_SECONDS:
        _later.within(settings.OPTIN_DECISIONS_SECONDS)


def _keep(decided: Sequence[Decision], about: About, minute: _Minute) -> None:
    room = MOST_KEPT - len(minute.kept)
    if room <= 0:
        return
    allowed = [one for one in decided if one.allow]
    sample = allowed[-minute.allowed % ONE_IN :: ONE_IN]
    denied = [one for one in decided if not one.allow] if len(allowed) < len(decided) else []
    if sample or denied:
        minute.kept += [(one, about) for one in (*sample, *denied)[:room]]
    minute.allowed += len(allowed)


def flush() -> None:
    """Write down what was counted. What cannot be written now is counted later, and then without single decisions."""
    _later.done()
    with _lock:
        waiting = dict(_minutes)
        _minutes.clear()
    for company, minute in waiting.items():
        try:
            _write(company, minute)
        except (DatabaseError, InterfaceError):
            log.warning("Decisions could not be counted; they are kept for later.")
            with _lock:
                _minutes.setdefault(company, _Minute(minute.begun)).times.update(minute.times)


def forget() -> None:
    """Count nothing of what was decided until now: between tests."""
    with _lock:
        _minutes.clear()


def _write(number: int, minute: _Minute) -> None:
    company = Company.objects.filter(pk=number).defer("logo").first()
    if company is None:  # somebody asked about one that does not exist
        return
    now = timezone.now()
    content = _content(minute, now)
    day = now.astimezone(ZoneInfo(company.time_zone)).date()
    rows: list[list[Any]] = [
        [number, day, channel, reason, times] for (channel, reason), times in sorted(minute.times.items())
    ]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.executemany(_ADD, rows)
        digest = hashlib.sha256(content).hexdigest()
        entry = journal.write(DecisionBatch.ENTRY, company=company, at=now, digest=digest)
        DecisionBatch.objects.create(id=entry, company=company, content=content, kept_at=now)


def _content(minute: _Minute, now: datetime) -> bytes:
    """A batch: it names records and nothing personal, and begins with salt so that nobody guesses it by its digest."""
    return canonical(
        {
            "salt": secrets.token_hex(16),
            "from": moment(minute.begun),
            "until": moment(now),
            "times": {f"{channel} {reason}": times for (channel, reason), times in minute.times.items()},
            "kept": [_line(one, about) for one, about in minute.kept],
        }
    )


def _line(one: Decision, about: About) -> dict[str, Any]:
    is_known = one.reason not in (
        Reason.UNKNOWN_PURPOSE,
        Reason.UNAVAILABLE,
    )  # else anything might stand there
    return {
        "at": moment(one.at),
        "channel": about.channel if is_known else "",
        "about": (about.category or about.purpose) if is_known else "",
        "reason": one.reason.value,
        "record": str(one.record) if one.record else "",
    }


_later = Later(flush)
