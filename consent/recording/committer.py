"""Group commit: one thread a process writes whatever acts are waiting in one transaction.

It never waits for more to come: what is queued when it looks is one batch. A batch that fails is written act by act,
so that one bad act never takes its neighbours with it.
"""

import queue
import threading
from concurrent.futures import Future

from django.db import DatabaseError, connection

from consent.recording import writer

BATCH = 64
Waiting = tuple[writer.Draft, "Future[writer.Recorded]"]

_queue: "queue.SimpleQueue[Waiting]" = queue.SimpleQueue()
_start = threading.Lock()
_thread: threading.Thread | None = None


def submit(draft: writer.Draft) -> writer.Recorded:
    """Have the committer write one act, and wait until it is durable. Raises what writing it raised."""
    _ensure_running()
    future: Future[writer.Recorded] = Future()
    _queue.put((draft, future))
    return future.result()


def _ensure_running() -> None:
    global _thread  # noqa: PLW0603
    if _thread is None or not _thread.is_alive():  # not alive: the process was forked
        with _start:
            if _thread is None or not _thread.is_alive():
                _thread = threading.Thread(target=_run, name="committer", daemon=True)
                _thread.start()


def _run() -> None:
    while True:
        batch = [_queue.get()]
        while len(batch) < BATCH:
            try:
                batch.append(_queue.get_nowait())
            except queue.Empty:
                break
        commit(batch)


def commit(batch: list[Waiting]) -> None:
    """Write a batch and tell everybody who waits; act by act where the whole does not go in."""
    try:
        results = writer.write([draft for draft, _future in batch])
    except Exception as error:
        if isinstance(error, DatabaseError):
            connection.close_if_unusable_or_obsolete()
        if len(batch) == 1:
            batch[0][1].set_exception(error)
        else:
            for waiting in batch:
                commit([waiting])
        return
    for (_draft, future), recorded in zip(batch, results, strict=True):
        future.set_result(recorded)
