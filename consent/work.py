"""What runs in the background: rows with a state, drained until nothing is left."""

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection

from consent import delivery, outbox, withdrawing, witnesses
from consent.aging import working as aging
from consent.capture import sms
from consent.capture.ivr import statuses, webhook
from consent.capture.paper import working as paper
from consent.capture.whatsapp import working as whatsapp
from consent.exports import scheduled as exports
from consent.imports import working as imports
from consent.log import clock, guard, tree
from consent.log.errors import LogRefuses
from consent.preferences import visits, waiting
from consent.quality import telling, working
from consent.relay import giving_up
from consent.relay import working as relay
from consent.sandbox import network

log = logging.getLogger(__name__)

IDLE = 0.2  # seconds between two looks when nothing is waiting
UNHURRIED = 1.0  # the same where nobody holds a phone meanwhile: each look costs processor time, all day long
SEQUENCE_EVERY = 0.5  # seconds: one signed checkpoint covers what came in meanwhile
AFTER_TROUBLE = 2.0  # seconds
AFTER_REFUSAL = 30.0  # seconds: somebody has to come and mend the log

_last_sequenced = 0.0


def sequence() -> int:
    """Give waiting log entries their places, at most every half second."""
    global _last_sequenced
    if time.monotonic() - _last_sequenced < SEQUENCE_EVERY:
        return 0
    _last_sequenced = time.monotonic()
    done = count = tree.sequence()
    while count == tree.BATCH:  # not until nothing waits: under load something always does
        done += (count := tree.sequence())
    return done


def send() -> int:
    """Send what is due; a stop that a provider answers with is recorded."""
    return outbox.drain(on_stop=delivery.stopped)


# Each takes what is due, does it, and returns how much that was.
DRAINS: tuple[Callable[[], int], ...] = (
    sequence,
    witnesses.drain,
    send,
    sms.drain,
    whatsapp.drain,
    delivery.drain,
    webhook.drain,
    statuses.drain,
    waiting.drain,
    withdrawing.drain,
    visits.drain,
    working.ask,
    working.judge,
    working.trace,
    telling.drain,
    network.drain,
    paper.drain,
    imports.drain,
    exports.drain,
    relay.drain,
    giving_up.drain,
    aging.remind,
    aging.lapse,
    aging.ask_again,
    aging.sum_up,
)

CAN_WAIT = frozenset(
    (witnesses.drain, working.ask, telling.drain, imports.drain, exports.drain, giving_up.drain)
)


def check() -> None:
    """Raise errors.LogRefuses where this database does not continue the published log, or the clock is wrong.

    What was published is what this machine or a witness remembers.
    """
    clock.check()
    guard.check()
    witnesses.look()


def run(stop: threading.Event) -> None:
    """Drain everything again and again until `stop` is set; trouble in one drain never stops another.

    Each in a thread of its own: the log must not wait for a provider that does not answer.
    Raises errors.LogRefuses at the start, see `check`.
    """
    check()
    threads = [
        threading.Thread(target=_keep_draining, args=(drain, stop), name=f"drain {drain.__module__}")
        for drain in DRAINS
    ]
    for thread in threads:
        thread.start()
    while not stop.is_set():
        time.sleep(IDLE)  # and not stop.wait(), whose lock a signal handler that sets it might find taken
    for thread in threads:
        thread.join()


def _keep_draining(drain: Callable[[], int], stop: threading.Event) -> None:
    while not stop.is_set():
        close_old_connections()
        stop.wait(_once(drain))
    connection.close()


def _once(drain: Callable[[], int]) -> float:
    """Run one drain. Returns how long to wait before the next time."""
    try:
        if drain():
            return 0.0
        return UNHURRIED if drain in CAN_WAIT else IDLE
    except tree.HeadMoved:
        log.info("Another sequencer was faster; nothing is lost.")
        return IDLE
    except LogRefuses as refusal:
        log.critical("%s", refusal)
        return AFTER_REFUSAL
    except DatabaseError:
        log.exception("The database refused; trying again soon.")
        connection.close()
    except Exception:
        log.exception("A drain failed; the others go on.")
    return AFTER_TROUBLE
