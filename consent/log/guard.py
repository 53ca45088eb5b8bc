"""The memory outside the database of how far the log had come, against a restored old backup."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from consent.log import checkpoint, eras, note, proofs, published, tiles
from consent.log.errors import LogRefuses
from consent.models.log import LogHead, LogWitness

FILE = "published-checkpoint"


class LogBehind(LogRefuses):
    """The database does not hold what was published: appending would fork the log, so nothing is appended."""

    def __init__(self, signed: checkpoint.Checkpoint, *, size: int) -> None:
        super().__init__(
            f"The log in this database has {size} entries and does not continue the published checkpoint of"
            f" {signed.size} entries of {signed.origin}: an old backup was restored, or this is another"
            " database. Nothing is appended. Restore the newest backup; where entries are lost for good,"
            " follow docs/log-succession.md."
        )


def remember(text: str) -> None:
    """Keep the published checkpoint in a file outside the database; durable when this returns."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{FILE}.{os.getpid()}.{threading.get_ident()}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def forget() -> None:
    """Begin anew: where another database is meant to be another log, and between tests."""
    _path().unlink(missing_ok=True)


def check() -> None:
    """Raise LogBehind where what was published is not a beginning of the log in this database."""
    for text in _remembered():
        compare(text)


def compare(text: str) -> None:
    """Raise LogBehind unless this checkpoint of ours is a beginning of the log in this database.

    Does NOT verify its signatures.
    """
    signed = checkpoint.parse(note.split(text)[0])
    all_eras = eras.read()
    if signed.origin != all_eras[-1].origin and signed.origin in {era.origin for era in all_eras}:
        return  # the log says itself that it succeeds that one, and where that one ended
    head = LogHead.objects.first()
    size = head.size if head else 0
    is_beginning = signed.origin == all_eras[-1].origin and signed.size <= size
    if not is_beginning or _root_at(signed.size) != signed.root:
        raise LogBehind(signed, size=size)


def _remembered() -> Iterator[str]:
    """The checkpoint this machine published last, and those that witnesses hold against us."""
    with contextlib.suppress(FileNotFoundError):
        yield _path().read_text(encoding="utf-8")
    yield from LogWitness.objects.exclude(contradiction="").values_list("contradiction", flat=True)


def _root_at(size: int) -> bytes | None:
    try:
        return proofs.TiledTree(size, published.read_tile).root()
    except (LookupError, tiles.TileInvalid):
        return None  # the log does not even have the tiles


def _path() -> Path:
    return Path(settings.OPTIN_DATA_DIR) / FILE
