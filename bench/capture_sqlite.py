"""Captures on SQLite: the website's form over HTTP against a raw single writer of the same statements and rows."""

import os
import tempfile

from bench import figures, house
from optin_site import env

FOLDER = tempfile.mkdtemp(prefix="optin-bench-sqlite-")
for _name, _value in env.new_secrets().items():
    os.environ.setdefault(_name, _value)
os.environ |= {
    "OPTIN_DATA_DIR": FOLDER,
    "DATABASE_URL": f"sqlite:///{FOLDER}/optin.sqlite3",
    "OPTIN_CHALLENGE_AFTER": "0",
    "PORT": str(house.PORT),
    "DJANGO_SETTINGS_MODULE": "optin_site.settings",
    "BENCH_SERVER": "given",
}
os.chdir(house.ROOT)

import django  # noqa: E402

for _command in ("migrate", "createcachetable", "seed_sample"):
    house.manage(_command)
django.setup()

import secrets  # noqa: E402
import shutil  # noqa: E402
import sqlite3  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from bench import forms, load, statements  # noqa: E402
from bench.capture import FORMS_A_SECOND, recorded  # noqa: E402


def main() -> None:
    chosen = figures.arguments(__doc__ or "")
    caught = statements.of_one_form(boxes=1)
    connection.close()
    beside = f"{FOLDER}/limit.sqlite3"
    shutil.copy(f"{FOLDER}/optin.sqlite3", beside)
    runs = figures.rounds(
        {
            "raw sqlite3, one writer": lambda: raw(beside, caught, chosen.seconds),
            "website form on SQLite": lambda: website(chosen.seconds),
        },
        times=chosen.rounds,
    )
    limit, ours = runs.values()
    figures.report(
        [
            figures.Promise(
                "capture over HTTP on SQLite, to a raw writer",
                figures.rate(ours) / figures.rate(limit),
                f"{figures.rate(ours):,.0f}/s, p99 {figures.p99(ours):.0f} ms",
                f"{figures.rate(limit):,.0f}/s",
                0.4,
                True,
            )
        ],
        command="python -m bench.capture_sqlite",
        machine=f"SQLite {sqlite3.sqlite_version}, {settings.DATABASES['default']['OPTIONS']['init_command']}",
    )
    shutil.rmtree(FOLDER, ignore_errors=True)


def website(seconds: float) -> load.Ran:
    with house.serving() as base:
        enough = int(FORMS_A_SECOND * max(1.0, seconds))
        return recorded(lambda: load.post(base, forms.fill_in(enough, boxes=1), seconds=seconds), base, 1)


def raw(database: str, caught: list[statements.Statement], seconds: float) -> load.Ran:
    """Replay the statements of one form, with new ids each time, in one transaction each, as fast as one writer can."""
    there = sqlite3.connect(database, isolation_level=None)
    for pragma in settings.DATABASES["default"]["OPTIONS"]["init_command"].split(";"):
        there.execute(pragma)
    statements_of_one = [
        (sql.replace("%s", "?"), rows, many) for sql, rows, many in caught if not _is_bracket(sql)
    ]
    done, begun = 0, time.perf_counter()
    while (spent := time.perf_counter() - begun) < seconds:
        new: dict[Any, Any] = {}
        there.execute("BEGIN IMMEDIATE")
        for sql, rows, many in statements_of_one:
            if many:
                there.executemany(sql, [[_fresh(value, new) for value in row] for row in rows])
            else:
                there.execute(sql, [_fresh(value, new) for value in rows]).fetchall()
        there.execute("COMMIT")
        done += 1
    there.close()
    return load.Ran(done, done / spent, 1000 * spent / done, 0.0, 1e6 * spent / done)


def _is_bracket(sql: str) -> bool:
    return sql.split()[0] in {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK"}


def _fresh(value: Any, new: dict[Any, Any]) -> Any:
    """The value itself, or for an id or keyed hash one that was never there, the same within one form."""
    if isinstance(value, str) and len(value) == 32:
        return new.setdefault(value, secrets.token_hex(16))
    if isinstance(value, bytes) and len(value) == 32:
        return new.setdefault(value, secrets.token_bytes(32))
    return value


if __name__ == "__main__":
    main()
