"""The process in which files of strangers are read: each page in a fork of its own, with limits it cannot lift.

It is started without a key and without a database. It parses nothing itself; what does ends with the page, and has
asked for no more of the file than that page needs.
"""

import contextlib
import os
import resource
import select
import signal
import sys
import time
from dataclasses import asdict
from typing import Any, NoReturn

import cv2
import numpy.ma  # noqa: F401  # np.median loads it at its first call, which would be once in every fork

from consent import confined
from consent.paper import decoding, limits, page, pulled
from consent.paper.decoding import Unreadable
from consent.paper.framing import frame, send, take
from consent.paper.result import PageReading, Reason

ANSWER_BYTES = 64 * 1024 * 1024  # what one page may answer
SLOW = {signal.SIGXCPU, signal.SIGKILL}  # how the limits on time end it


def main() -> None:
    """Answer until the other side hangs up."""
    cv2.setNumThreads(1)
    pipes, memory, seconds = (0, 0, 0), 0, 0.0
    while True:
        try:
            said, _parts = take(sys.stdin.buffer)
        except EOFError:
            return
        if said["do"] == "open":
            pipes = (said["wants"], said["blocks"], said["size"])
            memory, seconds = said["memory"], said["seconds"]
            continue
        # What a fork says is passed on unread: only its length is ours.
        answer, used = _forked(pipes, said, memory, seconds)
        send(sys.stdout.buffer, {"seconds": used}, answer)


def _forked(
    pipes: tuple[int, int, int], asked: dict[str, Any], memory: int, seconds: float
) -> tuple[bytes, float]:
    """What a fork answers, or why it could not, and how many seconds of a processor it took."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _limit(memory, seconds)
        _work(pipes, asked, writer)
    os.close(writer)
    answer, is_late = _collected(reader, seconds * limits.PATIENCE)
    os.close(reader)
    if is_late:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    _pid, status, usage = os.wait4(child, 0)
    used = usage.ru_utime + usage.ru_stime
    if is_late or not (os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0):
        killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        return frame({"reason": Reason.TOO_SLOW if killed_by in SLOW else Reason.CRASHED}), used
    return answer, used


def _collected(reader: int, seconds: float) -> tuple[bytes, bool]:
    """All that the fork wrote, and whether it took too long or wrote too much."""
    until = time.monotonic() + seconds
    parts: list[bytes] = []
    size = 0
    while size <= ANSWER_BYTES and (left := until - time.monotonic()) > 0:
        ready, _writers, _errors = select.select([reader], [], [], left)
        if not ready:
            break
        part = os.read(reader, 1 << 20)
        if not part:
            return b"".join(parts), False
        parts.append(part)
        size += len(part)
    return b"", True


def _work(pipes: tuple[int, int, int], asked: dict[str, Any], writer: int) -> NoReturn:
    """In the fork: read, answer, end."""
    with os.fdopen(writer, "wb") as out:
        try:
            file = decoding.opened(pulled.stream(*pipes))
            if asked["do"] == "pages":
                out.write(frame({"pages": decoding.pages(file)}))
            elif asked["do"] == "original":
                came, media_type = decoding.original(file, asked["page"])
                out.write(frame({"media_type": media_type}, came))
            else:
                said, parts = _told(page.read(file, asked["page"]))
                out.write(frame(said, *parts))
        except Unreadable as error:
            out.write(frame({"reason": error.reason}))
        except (MemoryError, cv2.error) as error:
            reason = Reason.TOO_MUCH_MEMORY if "emory" in repr(error) else Reason.CRASHED
            out.write(frame({"reason": reason}))
    os._exit(0)


def _limit(memory: int, seconds: float) -> None:
    confined.limit(memory=memory, seconds=seconds)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _told(readings: tuple[PageReading, ...]) -> tuple[dict[str, Any], list[bytes]]:
    """Readings as JSON, with their pictures behind it in order."""
    told: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for one in readings:
        parts += [one.picture, *one.crops.values()]
        told.append(
            {
                "page": one.page,
                "part": one.part,
                "reason": one.reason,
                "code": one.code,
                "boxes": [asdict(box) for box in one.boxes],
                "signature": one.signature,
                "digits": one.digits,
                "crops": list(one.crops),
                "fingerprint": one.fingerprint,
            }
        )
    return {"readings": told}, parts


if __name__ == "__main__":
    main()
