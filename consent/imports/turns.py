"""One spreadsheet at a time on a machine: each that is read may need two gigabytes and a processor."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from consent.errors import BadInput

FILE = "spreadsheet.lock"
PATIENCE = 20.0  # seconds; whoever waits holds a thread of the web server
PAUSE = 0.1  # seconds

_BUSY = _("Another spreadsheet is being read. Try again in a minute, or bring it as CSV.")


@contextmanager
def turn() -> Iterator[None]:
    """Wait until nobody else reads one. Raises BadInput with status 503 where that takes longer than PATIENCE.

    The lock is the machine's: it ends with the process that holds it, however that ends.
    """
    until = time.monotonic() + PATIENCE
    with (Path(settings.OPTIN_DATA_DIR) / FILE).open("wb") as file:
        while not _is_mine(file.fileno()):
            if time.monotonic() > until:
                raise BadInput("file.busy", _BUSY, status=503)
            time.sleep(PAUSE)
        yield


def _is_mine(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
