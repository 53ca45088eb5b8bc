"""What was read of credentials, believed for a moment, and for as long as the database is down."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError

log = logging.getLogger(__name__)


class Kept[T]:
    """The answer of one reading, read anew after OPTIN_CATALOGUE_SECONDS.

    While the database refuses, what was last read still counts, because a stop must get in. Raises
    DatabaseError where nothing was read yet.
    """

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._kept: tuple[float, T] | None = None

    def __call__(self) -> T:
        now = time.monotonic()
        kept = self._kept
        if kept is not None and now - kept[0] < settings.OPTIN_CATALOGUE_SECONDS:
            return kept[1]
        try:
            read = self._read()
        except DatabaseError:
            if kept is None:
                raise
            log.warning(
                "The database refused; webhooks are checked with the credentials that were last read."
            )
            return kept[1]
        self._kept = (now, read)
        return read

    def forget(self) -> None:
        """Read it anew: after a change in this process, and between tests."""
        self._kept = None
