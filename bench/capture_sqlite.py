"""Captures on SQLite: the website's form over HTTP against one writer that does nothing but write the same rows."""

from bench import figures, house

house.begin(sqlite=True)

import secrets
import sqlite3
import time
from typing import Any

from django.db import connection

from bench import capture, load, statements
from bench.statements import Statement
from consent import sample

AHEAD = 4_000  # acts whose rows are made up before the clock starts


def main() -> None:
    chosen = figures.arguments(__doc__ or "")
    sample.seed()
    promises = [measure(boxes, chosen.rounds, chosen.seconds) for boxes in (1, 3)]
    figures.report(promises, command="python -m bench.capture_sqlite", machine=house.machine())


def measure(boxes: int, times: int, seconds: float) -> figures.Promise:
    caught = statements.of_one_form(boxes=boxes)
    connection.close()
    runs = figures.rounds(
        {
            "one writer, raw sqlite3": lambda: raw(caught, seconds),
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


def raw(caught: list[Statement], seconds: float) -> load.Ran:
    """The statements of one form again and again with fresh ids, one transaction an act, on a connection like ours."""
    settings = connection.settings_dict
    with sqlite3.connect(settings["NAME"], isolation_level=None, timeout=20) as database:
        for pragma in settings["OPTIONS"]["init_command"].split(";"):
            database.execute(pragma)
        acts = [_fresh(caught) for _ in range(AHEAD)]
        done, busy, begun = 0, load.our_seconds(), time.perf_counter()
        while time.perf_counter() - begun < seconds:
            if done == len(acts):
                raise load.LoadFailed("Make up more acts ahead.")
            _write(database, acts[done])
            done += 1
        spent, busy = time.perf_counter() - begun, load.our_seconds() - busy
    database.close()
    return load.Ran(done, done / spent, 1000 * spent / done, 0.0, 1e6 * busy / done)


def _write(database: sqlite3.Connection, act: list[Statement]) -> None:
    for sql, parameters, many in act:
        if many:
            database.executemany(sql, parameters)
        else:
            database.execute(sql, parameters).fetchall()


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
