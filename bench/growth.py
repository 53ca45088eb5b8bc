"""Growth: what captures, an app's too, and decisions cost at ten million records, against ten thousand."""

from bench import figures, house

house.begin()

import os
import random
import time
from functools import partial

import psycopg
from django.db import connection
from django.utils import timezone

from bench import app_capture, capture, decision, forms, load, people
from consent import sample, vault
from consent.api import keys
from consent.contact import Contact
from consent.decision import statement
from consent.models import CapturePoint

SMALL = 10_000
INDEX = "fold_of_a_person"


def main() -> None:
    chosen = figures.arguments(__doc__ or "", records=10_000_000)
    records = min(chosen.records, 1_000_000) if chosen.quick else chosen.records
    aurora = sample.seed()
    key = keys.issue(aurora.company, name="bench")
    CapturePoint.objects.filter(pk=aurora.point.pk).update(trusts_app=False)
    connection.close()
    small, big = os.environ["DATABASE_URL"], house.new_database("big", like="product")
    numbers = {small: people.fill(small, aurora, records=SMALL)}
    begun = time.monotonic()
    numbers[big] = people.fill(big, aurora, records=records)
    figures.say(f"  filled {records:,} records in {time.monotonic() - begun:.0f} s: {_size(big)}")
    for everybody in numbers.values():
        random.Random(1).shuffle(everybody)
    plan = explain(big, aurora.company.pk, numbers[big][0])

    def captures(database: str) -> load.Ran:
        with house.serving(database=database) as base:
            _forms(base, numbers[database], capture.WARM_UP)
            return _forms(base, numbers[database], chosen.seconds)

    def consents(database: str) -> load.Ran:
        with house.serving(database=database) as base:
            app_capture.send(base, key, aurora.company.pk, capture.WARM_UP)
            return app_capture.send(base, key, aurora.company.pk, chosen.seconds)

    def decisions(database: str) -> load.Ran:
        questions = decision.ask_all(numbers[database], key)
        with house.serving(database=database) as base:
            load.post(base, questions, seconds=decision.WARM_UP, again=True)
            return load.post(base, questions, seconds=chosen.seconds, again=True)

    names = {small: f"{SMALL:,}", big: f"{records:,}"}
    promises = []
    for what, run in (("capture", captures), ("app's consent", consents), ("decision", decisions)):
        runs = figures.rounds(
            {f"{what} at {names[each]}": partial(run, each) for each in (small, big)},
            times=chosen.rounds,
        )
        few, many = runs.values()
        promises.append(
            figures.Promise(
                f"{what} at {names[big]} records, cost to {names[small]}",
                figures.rate(few) / figures.rate(many),
                f"{figures.rate(many):,.0f}/s",
                f"{figures.rate(few):,.0f}/s",
                1.5,
                False,
            )
        )
    figures.report(promises, command=f"python -m bench.growth --records {records}", machine=house.machine())
    print(f"\nThe plan of a decision at {names[big]} records:\n{plan}")


def explain(database: str, company: int, number: str) -> str:
    """The plan of the decision's statement. Raises when the fold is not read from its index alone."""
    now = timezone.now()
    about = statement.About(company, "sms", "novidades")
    lookup = vault.lookup(company, Contact.tel(number))
    query, parameters = statement.question(about, lookup, b"", is_limited=True, now=now)
    with psycopg.connect(database) as raw:
        rows = raw.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {query.sql}", parameters).fetchall()
    plan = "\n".join(line for [line] in rows)
    if f"Index Only Scan using {INDEX}" not in plan or "Seq Scan on consent_c" in plan:
        raise load.LoadFailed(f"The fold is not read from its index alone:\n{plan}")
    return plan


def _forms(base: str, known: list[str], seconds: float) -> load.Ran:
    filled = forms.fill_in(int(capture.FORMS_A_SECOND * seconds), boxes=1, known=known)
    return load.post(base, filled, seconds=seconds)


def _size(database: str) -> str:
    with psycopg.connect(database) as raw:
        [[size]] = raw.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchall()
    return str(size)


if __name__ == "__main__":
    main()
