"""Proofs: one at ten million entries, what appending costs as the log grows, and the case file of one person."""

from bench import figures, house

house.begin()

import math
import random
import time
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from bench.verify import event
from consent import casefile, recording, sample, vault
from consent.log import checkpoint, counted, merkle, note, proofs, published, tiles, tree
from consent.models import Checkpoint, ConsentRecord, LogEntry, LogHead, LogPending
from consent.proof import tlog_proof

SMALL = 10_000
CHUNK = 1 << 16
PROOFS = 500
APPENDS = 200
RECORDS = 200  # of one person
PROOF_MS, CASE_FILE_S = 10, 3


def main() -> None:
    chosen = figures.arguments(__doc__ or "", records=10_000_000)
    records = min(chosen.records, 500_000) if chosen.quick else chosen.records
    aurora = sample.seed()
    fill(SMALL)
    few = figures.rounds({f"appending at {SMALL:,}, ms": append}, times=chosen.rounds)
    fill(records)
    many = figures.rounds({f"appending at {records:,}, ms": append}, times=chosen.rounds)
    shown = figures.rounds({f"a proof at {records:,}, ms": prove}, times=chosen.rounds)
    subject = speak(aurora)
    files = figures.rounds(
        {f"a case file of {RECORDS}, s": lambda: build(subject, aurora)}, times=chosen.rounds
    )
    [small], [big] = (each.values() for each in (few, many))
    [proved], [built] = (each.values() for each in (shown, files))
    before, after = figures.middle(small), figures.middle(big)
    one, worst = (figures.middle([ran[place] for ran in proved]) for place in (0, 1))
    made, busy = (figures.middle([ran[place] for ran in built]) for place in (0, 1))
    figures.report(
        [
            figures.Promise(
                f"a proof at {records:,} entries, to {PROOF_MS} ms",
                one / PROOF_MS,
                f"{one:.1f} ms",
                f"{PROOF_MS} ms",
                1,
                False,
                note=f"p99 {worst:.1f} ms",
            ),
            figures.Promise(
                f"appending at {records:,} entries, cost to {SMALL:,}",
                after / before,
                f"{after:.2f} ms",
                f"{before:.2f} ms",
                round(math.log(records) / math.log(SMALL), 2),
                False,
                note="O(log n)",
            ),
            figures.Promise(
                f"case file of a person with {RECORDS} records, to {CASE_FILE_S} s",
                made / CASE_FILE_S,
                f"{made:.2f} s",
                f"{CASE_FILE_S} s",
                1,
                False,
                note=f"{busy:.2f} s of processor",
            ),
        ],
        command=f"python -m bench.proof --records {records}",
        machine=house.machine(),
    )


def fill(size: int) -> None:
    """Grow the log to a size: every entry, tile, head and checkpoint of it, but entries of a few bytes."""
    head = LogHead.objects.get()
    edge = tree._edge(head.size)
    grown = tiles.Growth(head.size, bytes(head.root), {}, edge)
    begun = time.monotonic()
    for low in range(head.size, size, CHUNK):
        high = min(low + CHUNK, size)
        leaves = [merkle.leaf_hash(b"entry %d" % number) for number in range(low, high)]
        grown = tiles.grow(grown.size, grown.edge, leaves)
        tree.write_tiles(grown)
        with connection.cursor() as cursor:
            cursor.execute(
                'INSERT INTO consent_logentry ("index", id, data)'
                " SELECT n, lpad(to_hex(n), 32, '0')::uuid, convert_to('entry ' || n, 'UTF8')"
                " FROM generate_series(%s::bigint, %s::bigint) n",
                [low, high - 1],
            )
    sign(grown)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) consent_logentry, consent_logtile")
    figures.say(f"  filled {size:,} entries in {time.monotonic() - begun:.0f} s")


def sign(grown: tiles.Growth) -> None:
    """Publish a log of this size, as sequencing does."""
    signer, now = published.signing_key(), timezone.now()
    text = str(checkpoint.Checkpoint(origin=published.origin(), size=grown.size, root=grown.root))
    number = Checkpoint.objects.count() + 1
    count = counted.sign(signer, number=number, size=grown.size, published_at=now)
    LogHead.objects.update(size=grown.size, root=grown.root)
    Checkpoint.objects.create(
        size=grown.size, note=note.sign(text, signer), published_at=now, number=number, counted=count
    )


def append() -> float:
    """Milliseconds in which one waiting entry gets its place and is published; the median."""
    took = []
    for _ in range(APPENDS):
        LogPending.objects.create(id=vault.new_id(), arrival=timezone.now(), data=b"one more")
        begun = time.perf_counter()
        assert tree.sequence() == 1
        took.append(time.perf_counter() - begun)
    return figures.middle(took) * 1000


def prove() -> tuple[float, float]:
    """Milliseconds that a proof of one entry takes, all of it read from the database: median, and one in a hundred."""
    size, took = LogHead.objects.get().size, []
    for _ in range(PROOFS):
        entry = LogEntry.objects.get(index=random.randrange(size))
        begun = time.perf_counter()
        logged = tlog_proof.of_records([entry.id])[entry.id]
        took.append(time.perf_counter() - begun)
        proofs.verify(
            logged.proof, leaf=merkle.leaf_hash(bytes(entry.data)), log=published.signing_key().verifier
        )
    return figures.middle(took) * 1000, sorted(took)[-PROOFS // 100] * 1000


def speak(aurora: sample.Sample) -> UUID:
    """One person who said something two hundred times, each an act with evidence of its own, in the log."""
    first = timezone.now() - timedelta(days=RECORDS)
    for number in range(RECORDS):
        when, state = first + timedelta(days=number), "withdrawn" if number % 2 else "given"
        recording.record(replace(event(aurora, 0), event_time=when, state=state, reference=f"bench:{number}"))
    while tree.sequence():
        pass
    return ConsentRecord.objects.values_list("subject", flat=True)[0]


def build(subject: UUID, aurora: sample.Sample) -> tuple[float, float]:
    """Seconds in which a person's case file is made: that pass, and of processors."""
    begun, busy = time.perf_counter(), time.process_time()
    casefile.build(subject, company=aurora.company, language="pt-BR", at=timezone.now())
    return time.perf_counter() - begun, time.process_time() - busy


if __name__ == "__main__":
    main()
