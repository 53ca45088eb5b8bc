"""Lists in and out: an import against a bare COPY of the very rows it wrote, and an export's speed and memory."""

from bench import figures, house

house.begin()

import gc
import itertools
import os
import resource
import tempfile
import threading
import time
from dataclasses import replace

import psycopg
from django.db import connection

from consent.exports import lines, taking_out
from consent.exports.lines import Wanted
from consent.imports import keeping, steps, working
from consent.log import tree
from consent.models import Company, ConsentRecord, Import, LogPending

TABLES = ("subjectkey", "contactpoint", "act", "evidence", "consentrecord", "logentry")
COPIED = 50_000_000  # bytes of a COPY handed on at once
MEGABYTES = 64  # that an export may grow by, however long it is


def main() -> None:
    chosen = figures.arguments(__doc__ or "", rows=1_000_000)
    if chosen.quick:
        chosen.rows = min(chosen.rows, 20_000)
    gc.freeze()  # as the worker does
    before = _memory()
    ours = imported(chosen.rows)
    grown = _memory() - before
    theirs = copied()
    promises = [
        figures.Promise(
            f"import of {chosen.rows:,} rows, sealed, recorded, in the log",
            ours / theirs,
            f"{ours:,.0f} rows/s",
            f"{theirs:,.0f} rows/s, COPY of the same rows into the same tables",
            0.15,
            True,
            note=f"memory grew by {grown:.0f} MB, dry run included",
        ),
        *(
            exported(kind, contacts=contacts)
            for kind, contacts in itertools.product(("csv", "parquet"), (False, True))
        ),
    ]
    figures.report(promises, command="python -m bench.lists", machine=house.machine())


def imported(rows: int) -> float:
    """Rows a second, from the dry run's end until every record has its place in the log."""
    with tempfile.TemporaryFile() as file:
        file.write(b"phone,date,reference\n")
        for number in range(rows):
            file.write(f"+5511{910_000_000 + number},2026-01-{1 + number % 28:02},form {number}\n".encode())
        size = file.tell()
        file.seek(0)
        company = Company.objects.get(slug="aurora")
        batch = keeping.take_in(
            file, name="old.csv", size=size, company=company, kind=Import.Kind.CLAIMS, entity="staff:1"
        )
    steps.begin(batch, replace(keeping.about(batch).columns, purpose="novidades", channel="sms"))
    _work()
    batch.refresh_from_db()
    Import.objects.filter(pk=batch.pk).update(state=Import.State.APPROVAL)
    steps.approve(batch, entity="staff:2", at=batch.created_at)
    begun = time.perf_counter()
    is_over = threading.Event()
    beside = threading.Thread(target=_sequence, args=(is_over,))  # as the worker does, in a thread of its own
    beside.start()
    _work()
    is_over.set()
    beside.join()
    spent = time.perf_counter() - begun
    assert not LogPending.objects.exists(), "a record has no place"
    assert ConsentRecord.objects.filter(method="import").count() == rows, "a row is missing"
    return rows / spent


def _sequence(is_over: threading.Event) -> None:
    is_last = False
    while not is_last:
        is_last = is_over.wait(0.5)
        while tree.sequence():
            pass
    connection.close()


def _work() -> None:
    while working.drain():
        pass


def copied() -> float:
    """Rows a second of a COPY of every row of every table into the product's own empty tables, indexes in place."""
    people = ConsentRecord.objects.filter(method="import").count()
    url = house.new_database("copied")
    house.manage("migrate", "-v0", database=url)
    spent = 0.0
    with connection.cursor() as ours, psycopg.connect(url) as other:
        other.execute(
            "SET session_replication_role = replica"
        )  # no trigger, no foreign key: the tables alone
        for table in TABLES:
            with tempfile.TemporaryFile() as kept:
                with ours.copy(f"COPY consent_{table} TO STDOUT (FORMAT binary)") as out:
                    for part in out:
                        kept.write(part)
                kept.seek(0)
                begun = time.perf_counter()
                with other.cursor().copy(f"COPY consent_{table} FROM STDIN (FORMAT binary)") as into:
                    while part := kept.read(COPIED):
                        into.write(part)
                spent += time.perf_counter() - begun
        begun = time.perf_counter()
        other.commit()
        spent += time.perf_counter() - begun
    return people / spent


def exported(kind: str, *, contacts: bool) -> figures.Promise:
    """Records a second of an export that nobody keeps, and how much memory it took beside what was there."""
    wanted = Wanted(Company.objects.get(slug="aurora"), with_contacts=contacts)
    size = lines.log_size()
    before, begun = _memory(), time.perf_counter()
    export = taking_out.begin(
        wanted, kind=kind, entity="staff:1", at=ConsentRecord.objects.latest("arrival").recorded_at
    )
    written = sum(map(len, export.parts))
    spent, grown = time.perf_counter() - begun, _memory() - before
    rate = ConsentRecord.objects.count() / spent
    assert size
    assert written
    with_what = "with numbers" if contacts else "without numbers"
    return figures.Promise(
        f"export as {kind}, {with_what}", rate / 50_000, f"{rate:,.0f} records/s", "50,000 records/s", 1, True,
        note=f"{written / 1e6:.0f} MB, memory grew by {grown:.0f} MB" + ("" if grown < MEGABYTES else ": TOO MUCH"),
    )  # fmt: skip


def _memory() -> float:
    """Megabytes this process had at most until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    assert os.environ["DATABASE_URL"].startswith("postgresql")
    main()
