"""Group commit: one thread a process writes whatever acts are waiting in one transaction.

It never waits for more to come: what is queued when it looks is one batch. A batch that fails is written act
by act, so that one bad act never takes its neighbours with it.
"""

import queue
import threading
from concurrent.futures import Future

from django.db import connection

from consent.recording import writer

BATCH = 64
Waiting = tuple[writer.Draft, "Future[writer.Recorded]"]

_queue: "queue.SimpleQueue[Waiting | None]" = queue.SimpleQueue()
_start = threading.Lock()
_thread: threading.Thread | None = None


def submit(draft: writer.Draft) -> writer.Recorded:
    """Have the committer write one act, and wait until it is durable. Raises what writing it raised."""
    _ensure_running()
    future: Future[writer.Recorded] = Future()
    _queue.put((draft, future))
    return future.result()


def stop() -> None:
    """Have the committer write what waits and end, with its connection; the next act starts another."""
    if _thread is not None and _thread.is_alive():
        _queue.put(None)
        _thread.join()


def _ensure_running() -> None:
    global _thread
    with _start:
        if _thread is None or not _thread.is_alive():  # not alive: the process was forked
            _thread = threading.Thread(target=_run, name="committer", daemon=True)
            _thread.start()


def _run() -> None:
    is_last = False
    while not is_last:
        waiting = [_queue.get()]
        while len(waiting) < BATCH:
            try:
                waiting.append(_queue.get_nowait())
            except queue.Empty:
                break
        is_last = None in waiting
        if acts := [each for each in waiting if each is not None]:
            commit(acts)
    connection.close()


def commit(batch: list[Waiting]) -> None:
    """Write a batch and tell everybody who waits; act by act where the whole does not go in."""
    try:
        results = writer.write([draft for draft, _future in batch])
    except Exception as error:
        connection.close_if_unusable_or_obsolete()
        if len(batch) == 1:
            batch[0][1].set_exception(error)
        else:
            for waiting in batch:
                commit([waiting])
        return
    for (_draft, future), recorded in zip(batch, results, strict=True):
        future.set_result(recorded)
