"""Writing down in the background what gathers in memory: some seconds later, and at the end of the process."""

import atexit
import threading
from collections.abc import Callable

from django.db import connection


class Later:
    """Calls `write` in a thread of its own, and a last time when the process ends."""

    def __init__(self, write: Callable[[], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        atexit.register(write)

    def within(self, seconds: float) -> None:
        """See to it that it is written within so many seconds."""
        if self._timer is not None:
            return
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(seconds, self._run)
                self._timer.daemon = True
                self._timer.start()

    def done(self) -> None:
        """It was written: nobody needs to wait for it."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()  # does nothing to one that runs already
                self._timer = None

    def _run(self) -> None:
        self.done()
        try:
            self._write()
        finally:
            connection.close()
