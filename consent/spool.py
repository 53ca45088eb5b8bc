"""Where deliveries wait on disk while the database refuses: sealed, synced, taken in again by the worker.

One file a delivery, in OPTIN_DATA_DIR/spool. Every machine that serves webhooks runs a worker of its own.
"""

import contextlib
import logging
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from consent import errors, vault

log = logging.getLogger(__name__)

SUFFIX = ".sealed"
BROKEN = ".broken"
AGAIN = 60.0  # seconds after which a file that failed is tried again
STUCK = timedelta(minutes=5)  # what has waited for so long is not taken in by itself

_put_off: dict[Path, float] = {}  # what failed in this process, and until when


def write(door: str, content: bytes) -> None:
    """Keep `content` for a door; on disk, and so is its name, when this returns. Raises OSError."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{door}-{vault.new_id().hex}"  # ids sort by time
    partial = folder / f"{name}.partial"
    with partial.open("xb") as file:
        file.write(vault.seal_system(item=b"spool" + name.encode(), plaintext=content))
        file.flush()
        os.fsync(file.fileno())
    partial.rename(folder / f"{name}{SUFFIX}")
    _sync(folder)


def drain(door: str, handle: Callable[[bytes], None]) -> int:
    """Hand everything kept for a door to `handle`, oldest first, and remove it. Returns how much that was.

    `handle` must be idempotent: two workers may take the same file. What it raises leaves the file in place; unless it
    is trouble of the database, the others are taken in first, so that one keeps no other waiting. So does a file that
    the disk does not give.
    """
    done = 0
    failed: Exception | None = None
    for path in sorted(_folder().glob(f"{door}-*{SUFFIX}")):
        if _put_off.get(path, 0.0) > time.monotonic():
            continue
        try:
            content = vault.open_system(item=b"spool" + path.stem.encode(), sealed=path.read_bytes())
        except FileNotFoundError:
            continue  # another worker was faster
        except OSError as error:
            failed, _put_off[path] = error, time.monotonic() + AGAIN
            continue
        except vault.SealBroken:
            log.error("A spooled delivery does not open and was put aside: %s%s", path.name, BROKEN)
            with contextlib.suppress(FileNotFoundError):  # another worker was faster
                path.rename(path.with_name(f"{path.name}{BROKEN}"))
            continue
        try:
            errors.settled(lambda content=content: handle(content))  # type: ignore[misc]
        except Exception as error:
            if errors.passes(error):
                raise
            failed, _put_off[path] = error, time.monotonic() + AGAIN
            continue
        path.unlink(missing_ok=True)
        _put_off.pop(path, None)
        done += 1
    if failed is not None:
        raise failed
    return done


def stuck(now: datetime) -> int:
    """How many files nobody takes in by itself: they do not open, or fail again and again, or no worker is there."""
    count = 0
    for path in _folder().glob("*"):
        with contextlib.suppress(FileNotFoundError):  # taken in meanwhile
            since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            count += path.suffix == BROKEN or (path.suffix == SUFFIX and since < now - STUCK)
    return count


def _folder() -> Path:
    return Path(settings.OPTIN_DATA_DIR) / "spool"


def _sync(folder: Path) -> None:
    """Make the folder's own entry durable: a synced file without a name is lost all the same."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
