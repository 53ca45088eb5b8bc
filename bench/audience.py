"""Decisions for whole audiences: 100,000 in one call against the bare join, a million as a stream in little memory."""

from bench import figures, house

house.begin()

import os
import random
import time
from collections.abc import Callable, Sequence

import psycopg
from django.db import connection

from bench import people
from consent import decision, sample, vault
from consent.contact import Contact
from consent.models import Company
from consent.sample import Sample

ASKED = 100_000
SMALL = 10_000

# What any answer must read: who has these keys, and what they said about the purpose on the channel.
JOIN = """
SELECT c.lookup, r.arrival, r.state, r.possession, r.valid_days, r.event_time, r.recorded_at, r.uid, r.clock
FROM consent_contactpoint c JOIN consent_consentrecord r ON r.subject = c.subject
 AND r.channel = %s AND r.purpose_id = %s
WHERE c.lookup = ANY(%s)
"""


def main() -> None:
    chosen = figures.arguments(__doc__ or "", records=1_000_000)
    records = min(chosen.records, 100_000) if chosen.quick else chosen.records
    aurora = sample.seed()
    connection.close()
    small, big = os.environ["DATABASE_URL"], house.new_database("big", like="product")
    known = {
        database: people.fill(database, aurora, records=count, real=ASKED)
        for database, count in ((small, SMALL), (big, records))
    }
    few, many = _audience(known[small]), _audience(known[big])
    alike = _audience(random.Random(2).sample(known[big], len(known[small])))
    company = Company.objects.get(pk=aurora.company.pk)
    contenders: dict[str, Callable[[], float]] = {
        "100,000 decisions": lambda: _in(big, lambda: decide(many, company.pk)),
        "bare join of the same keys": lambda: bare_join(big, many, aurora),
        "100,000 decisions, as few known as among 10 thousand": lambda: _in(
            big, lambda: decide(alike, company.pk)
        ),
        "100,000 decisions among 10 thousand": lambda: _in(small, lambda: decide(few, company.pk)),
    }
    ran = figures.rounds(contenders, times=chosen.rounds)
    ours, bare, same, least = (figures.middle(times) for times in ran.values())
    figures.report(
        [
            figures.Promise(
                f"100,000 decisions at {records:,} records, cost", ours / bare, f"{ours:.2f} s",
                f"{bare:.2f} s bare join", 3, False,
            ),
            figures.Promise(
                f"100,000 decisions at {records:,} records, cost to 10 thousand, as many of them known",
                same / least, f"{same:.2f} s", f"{least:.2f} s", 3, False,
            ),
            figures.Promise(
                f"100,000 decisions at {records:,} records, all known, cost to 10 thousand, 1 in 40 known",
                ours / least, f"{ours:.2f} s", f"{least:.2f} s", 3, False,
            ),
        ],
        command=f"python -m bench.audience --records {records}",
        machine=house.machine(),
    )  # fmt: skip


def _audience(known: Sequence[str]) -> list[str]:
    """As many numbers as are asked about: those that are known first, strangers for the rest, in no order."""
    audience = [*known, *(f"+55219{70_000_000 + n:08d}" for n in range(ASKED - len(known)))][:ASKED]
    random.Random(1).shuffle(audience)
    return audience


def decide(numbers: Sequence[str], company: int) -> float:
    """Seconds for the product's own call, every number read and normalised."""
    begun = time.perf_counter()
    contacts = [Contact.tel(number) for number in numbers]
    decided = decision.may_send_to_each(contacts, company=company, channel="sms", purpose="novidades")
    spent = time.perf_counter() - begun
    assert len(decided) == len(numbers)
    assert any(one.allow for one in decided)
    return spent


def bare_join(database: str, numbers: Sequence[str], aurora: Sample) -> float:
    """Seconds for the join alone, the keys made before, through the same driver."""
    lookups = [vault.lookup(aurora.company.pk, Contact.tel(number)) for number in numbers]
    with psycopg.connect(database) as raw:
        begun = time.perf_counter()
        rows = raw.execute(JOIN, ("sms", aurora.purposes["novidades"].pk, lookups)).fetchall()
        spent = time.perf_counter() - begun
    assert rows
    return spent


def _in(database: str, run: Callable[[], float]) -> float:
    """Ask another database, on a connection that is open and warm."""
    connection.close()
    name = database.partition("?")[0].rpartition("/")[2]
    connection.settings_dict["NAME"] = name
    connection.ensure_connection()
    try:
        return run()
    finally:
        connection.close()


if __name__ == "__main__":
    main()
