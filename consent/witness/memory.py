"""What a witness remembers, durably: of each log the latest checkpoint it cosigned, and contradictions."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from consent.log import merkle

PATIENCE = 10  # seconds to wait for a decision on another request
MOST_CONTRADICTIONS = 1000  # of one log: its key may sign as many as it likes

_TABLES = """
    CREATE TABLE latest (
        hash TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL,
        note TEXT NOT NULL
    );
    CREATE TABLE contradiction (
        hash TEXT NOT NULL, time INTEGER NOT NULL, request TEXT NOT NULL, PRIMARY KEY (hash, request)
    );
"""


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest checkpoint of a log that was cosigned, signed by its log and by this witness."""

    size: int = 0
    root: bytes = merkle.EMPTY_ROOT
    time: int = 0
    note: str = ""


class Decision:
    """One request of a log being decided on; nobody else decides on any at the same time."""

    def __init__(self, connection: sqlite3.Connection, log: str) -> None:
        self._connection = connection
        self._log = log
        self.latest = _read(connection, log) or Latest()

    def keep(self, latest: Latest) -> None:
        """Remember this checkpoint instead of the one before; durable when the decision ends."""
        self._connection.execute(
            "INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?)",
            (self._log, latest.size, latest.root, latest.time, latest.note),
        )

    def keep_contradiction(self, request: str, *, time: int) -> None:
        """Remember what the log signed although it cannot be: evidence of its misbehaviour."""
        self._connection.execute(
            "INSERT OR IGNORE INTO contradiction SELECT ?, ?, ?"
            " WHERE (SELECT count(*) FROM contradiction WHERE hash = ?) < ?",
            (self._log, time, request, self._log, MOST_CONTRADICTIONS),
        )


class Memory:
    """The file of a witness. Logs go by the hash of their origin, as in tlog-witness' addresses."""

    def __init__(self, path: Path) -> None:
        # Made by `create` alone: a witness that lost its memory would cosign what it must not.
        self._uri = f"{path.absolute().as_uri()}?mode=rw"
        with self._open():
            pass

    @classmethod
    def create(cls, path: Path) -> "Memory":
        """Make the file of a new witness. Raises FileExistsError."""
        path.touch(mode=0o600, exist_ok=False)
        memory = cls(path)
        with memory._open() as connection:
            connection.executescript(_TABLES)
        return memory

    @contextmanager
    def deciding(self, log: str) -> Iterator[Decision]:
        """Check and keep in one: whoever comes meanwhile waits. What was kept is durable when this ends."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield Decision(connection, log)
            connection.execute("COMMIT")  # closing without it, as an exception or a kill does, keeps nothing

    def latest(self, log: str) -> Latest | None:
        """The latest checkpoint of a log that was cosigned, if any was."""
        with self._open() as connection:
            return _read(connection, log)

    def contradictions(self, log: str) -> list[str]:
        """The requests that contradicted what a log had signed before."""
        with self._open() as connection:
            rows = connection.execute("SELECT request FROM contradiction WHERE hash = ?", (log,))
            return [request for (request,) in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._uri, uri=True, timeout=PATIENCE, isolation_level=None)
        try:
            # A journal synced twice: what was answered outlives a power cut.
            connection.execute("PRAGMA synchronous = EXTRA")
            yield connection
        finally:
            connection.close()


def _read(connection: sqlite3.Connection, log: str) -> Latest | None:
    row = connection.execute("SELECT size, root, time, note FROM latest WHERE hash = ?", (log,)).fetchone()
    return Latest(*row) if row else None
