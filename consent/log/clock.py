"""Whether this machine's clock can be right, asked before it gives the log anything to sign."""

import logging
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from consent.log import published
from consent.log.errors import LogRefuses

log = logging.getLogger(__name__)

MAY_DIFFER = timedelta(minutes=1)


class ClockWrong(LogRefuses):
    """This machine and the database do not agree on the time."""

    def __init__(self, difference: timedelta) -> None:
        super().__init__(
            f"The clock of this machine differs from the database's by {difference}. Nothing is appended:"
            " set both by a time server (NTP) and start again."
        )


def check() -> None:
    """Raise ClockWrong where the database's clock, which all machines share, says another time.

    SQLite has no clock of its own: there, time that runs before the last checkpoint is only said.
    """
    now = timezone.now()
    if connection.vendor == "postgresql":
        difference = now - _database_time()
        if abs(difference) > MAY_DIFFER:
            raise ClockWrong(difference)
    latest = published.latest()
    if latest is not None and latest.published_at > now + MAY_DIFFER:
        log.critical("The last checkpoint was published at %s, and it is %s now.", latest.published_at, now)


def _database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        time: datetime = cursor.fetchone()[0]
    return time
