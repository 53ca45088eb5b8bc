"""Captures on SQLite: the website's form over HTTP against one writer that does nothing but write the same rows."""

from bench import figures, house

house.begin(sqlite=True)

import secrets
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

from django.db import connection

from bench import capture, load, statements
from bench.statements import Statement
from consent import sample

AHEAD = 4_000  # acts made up for each second; more than any disk takes


def main() -> None:
    chosen = figures.arguments(__doc__ or "")
    sample.seed()
    promises = [measure(boxes, chosen.rounds, chosen.seconds) for boxes in (1, 3)]
    figures.report(promises, command="python -m bench.capture_sqlite", machine=house.machine())


def measure(boxes: int, times: int, seconds: float) -> figures.Promise:
    caught = [statement for statement in statements.of_one_form(boxes=boxes) if not _is_bracket(statement[0])]
    connection.close()
    name = Path(connection.settings_dict["NAME"])
    beside = name.with_name(f"limit{boxes}.sqlite3")
    shutil.copy(name, beside)
    runs = figures.rounds(
        {
            "one writer, raw sqlite3": lambda: raw(beside, caught, seconds),
            "website form": lambda: capture.website(boxes, seconds),
        },
        times=times,
    )
    alone, ours = runs.values()
    return figures.Promise(
        f"capture over HTTP on SQLite, {boxes} box{'es' if boxes > 1 else ''}",
        figures.rate(ours) / figures.rate(alone),
        f"{figures.rate(ours):,.0f}/s, p99 {figures.p99(ours):.0f} ms",
        f"{figures.rate(alone):,.0f}/s raw single writer",
        0.4,
        True,
    )


def raw(database: Path, caught: list[Statement], seconds: float) -> load.Ran:
    """The statements of one form again and again with new ids, a transaction each, under the product's pragmas.

    The rows are made up ahead: the clock sees the writer alone.
    """
    acts = [_fresh(caught) for _ in range(int(AHEAD * max(1.0, seconds)))]
    there = sqlite3.connect(database, isolation_level=None, timeout=20)
    for pragma in connection.settings_dict["OPTIONS"]["init_command"].split(";"):
        there.execute(pragma)
    busy, begun = load.our_seconds(), time.perf_counter()
    done = 0
    for act in acts:
        _write(there, act)
        done += 1
        if (spent := time.perf_counter() - begun) > seconds:
            break
    else:
        raise load.LoadFailed("The writer was faster than anybody thought: make up more acts ahead.")
    busy = load.our_seconds() - busy
    there.close()
    return load.Ran(done, done / spent, 1000 * spent / done, 0.0, 1e6 * busy / done)


def _write(there: sqlite3.Connection, act: list[Statement]) -> None:
    there.execute("BEGIN IMMEDIATE")
    for sql, parameters, many in act:
        if many:
            there.executemany(sql, parameters)
        else:
            there.execute(sql, parameters).fetchall()
    there.execute("COMMIT")


def _is_bracket(sql: str) -> bool:
    """Whether a statement only begins or ends something; a transaction's end is never caught, so we set our own."""
    return sql.split()[0] in {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK"}


def _fresh(caught: list[Statement]) -> list[Statement]:
    """The statements with every id and keyed hash replaced by a new one, the same for the same."""
    made: dict[Any, Any] = {}

    def fresh(value: Any) -> Any:
        if isinstance(value, str) and len(value) == 32:  # an id: sorted by time, as the product's
            return made.setdefault(value, f"{time.time_ns() // 1_000_000:012x}7{secrets.token_hex(10)[:19]}")
        if isinstance(value, bytes) and len(value) == 32:
            return made.setdefault(value, secrets.token_bytes(32))
        return value

    return [
        (
            sql.replace("%s", "?"),
            [[fresh(v) for v in row] for row in rows] if many else [fresh(v) for v in rows],
            many,
        )
        for sql, rows, many in caught
    ]


if __name__ == "__main__":
    main()
