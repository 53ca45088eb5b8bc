"""The memory outside the database of how far the log had come, against a restored old backup."""

import os
from pathlib import Path

from django.conf import settings

from consent.log import checkpoint, note, proofs, published
from consent.models.log import LogHead

FILE = "published-checkpoint"


class LogBehind(RuntimeError):
    """The database does not hold what was published: appending would fork the log, so nothing is appended."""

    def __init__(self, *, published_size: int, size: int) -> None:
        super().__init__(
            f"The log in this database has {size} entries and does not continue the published checkpoint of"
            f" {published_size} entries: an old backup was restored, or this is another database. Nothing is appended."
            " Restore the newest backup; where entries are lost for good, follow docs/log-succession.md."
        )


def remember(text: str) -> None:
    """Keep the published checkpoint in a file outside the database; durable when this returns."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{FILE}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def forget() -> None:
    """Begin anew: after a succession, and between tests."""
    _path().unlink(missing_ok=True)


def check() -> None:
    """Raise LogBehind where the checkpoint last published is not a beginning of the log in this database."""
    try:
        text, _signatures = note.split(_path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    remembered = checkpoint.parse(text)
    if remembered.origin != settings.OPTIN_LOG_ORIGIN:
        return  # another log's: the address changed, or the log was succeeded by this one
    head = LogHead.objects.first()
    size = head.size if head else 0
    if size < remembered.size or _root_at(remembered.size) != remembered.root:
        raise LogBehind(published_size=remembered.size, size=size)


def _root_at(size: int) -> bytes:
    return proofs.TiledTree(size, published.read_tile).root()


def _path() -> Path:
    return Path(settings.OPTIN_DATA_DIR) / FILE
