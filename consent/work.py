"""What runs in the background: rows with a state, drained until nothing is left."""

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection

from consent import outbox
from consent.log import tree

log = logging.getLogger(__name__)

IDLE = 0.2  # seconds between two looks when nothing is waiting
SEQUENCE_EVERY = 0.5  # seconds: one signed checkpoint covers what came in meanwhile
AFTER_TROUBLE = 2.0  # seconds

_last_sequenced = 0.0


def sequence() -> int:
    """Give waiting log entries their places, at most every half second."""
    global _last_sequenced  # noqa: PLW0603
    if time.monotonic() - _last_sequenced < SEQUENCE_EVERY:
        return 0
    _last_sequenced = time.monotonic()
    done = 0
    while count := tree.sequence():
        done += count
    return done


# Each takes what is due, does it, and returns how much that was.
DRAINS: tuple[Callable[[], int], ...] = (sequence, outbox.drain)


def run(stop: threading.Event) -> None:
    """Drain everything again and again until `stop` is set; trouble in one drain never stops another."""
    while not stop.is_set():
        close_old_connections()
        stop.wait(_round())


def _round() -> float:
    """Run each drain once. Returns how long to wait before the next round."""
    done, wait = 0, 0.0
    for drain in DRAINS:
        try:
            done += drain()
        except tree.HeadMoved:
            log.info("Another sequencer was faster; nothing is lost.")
        except DatabaseError:
            log.exception("The database refused; trying again soon.")
            connection.close()
            wait = AFTER_TROUBLE
        except Exception:
            log.exception("A drain failed; the others go on.")
            wait = AFTER_TROUBLE
    return wait or (0.0 if done else IDLE)
