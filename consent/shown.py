"""Counting how often each notice version was shown, in memory first, so that showing stays cheap."""

import logging
import threading
from datetime import date
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, connection, transaction

from consent.catalogue import Ask
from consent.later import Later
from consent.models import NoticeVersion

logger = logging.getLogger(__name__)

ENOUGH = 100  # views that are written down at once, however soon


class _Counted(NamedTuple):
    point: int
    version: int
    language: str
    method: str
    day: date


_counts: dict[_Counted, int] = {}
_lock = threading.Lock()

_ADD = """
INSERT INTO consent_noticeshown (point_id, version_id, language, method, day, times)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (point_id, version_id, language, method, day)
DO UPDATE SET times = consent_noticeshown.times + excluded.times
"""


def count(ask: Ask, version: NoticeVersion, *, language: str, method: str, day: date) -> None:
    """Count one showing: written down after OPTIN_SHOWN_SECONDS, after 100 of them, or at the end."""
    counted = _Counted(ask.point.pk, version.pk, language, method, day)
    with _lock:
        _counts[counted] = _counts.get(counted, 0) + 1
        is_enough = sum(_counts.values()) >= ENOUGH
    if is_enough or not settings.OPTIN_SHOWN_SECONDS:
        flush()
    else:
        _later.within(settings.OPTIN_SHOWN_SECONDS)


def flush() -> None:
    """Write down what was counted. What cannot be written now is kept; what is gone is not counted."""
    _later.done()
    with _lock:
        waiting = dict(_counts)
        _counts.clear()
    for counted, times in waiting.items():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_ADD, [*counted, times])
        except IntegrityError:
            logger.info("A capture point is gone, and the count of its showings with it.")
        except (DatabaseError, InterfaceError):
            logger.warning("Showings could not be counted; they are kept for later.")
            with _lock:
                _counts[counted] = _counts.get(counted, 0) + times


_later = Later(flush)
