"""Decisions: in process against the bare SELECT by key, over HTTP against a Django view that does nothing."""

from bench import figures, house

house.begin()

import json
import os
import random
import time
from collections.abc import Callable

from django.db import connection

from bench import load, people
from consent import decision, sample
from consent.api import decisions, keys
from consent.contact import Contact
from consent.models import ConsentRecord

WARM_UP = 1.0  # seconds: every thread of the server opens its connection


def main() -> None:
    chosen = figures.arguments(__doc__ or "", records=10_000)
    aurora = sample.seed()
    numbers = people.fill(os.environ["DATABASE_URL"], aurora, records=chosen.records)
    random.seed(1)
    random.shuffle(numbers)
    key = keys.issue(aurora.company, name="bench")
    questions = ask_all(numbers, key)

    def over_http() -> load.Ran:
        with house.serving() as base:
            load.post(base, questions, seconds=WARM_UP, again=True)
            return load.post(base, questions, seconds=chosen.seconds, again=True)

    def empty_view() -> load.Ran:
        with house.serving("bench.empty:application") as base:
            load.get(f"{base}/", seconds=WARM_UP)
            return load.get(f"{base}/", seconds=chosen.seconds)

    at_home = figures.rounds(
        {
            "may_send, in process": lambda: timed(decide(numbers, aurora.company.pk), chosen.seconds),
            "bare SELECT by key, same driver": lambda: timed(bare_select(), chosen.seconds),
        },
        times=chosen.rounds,
    )
    ran = figures.rounds(
        {"decision over HTTP": over_http, "empty Django view": empty_view}, times=chosen.rounds
    )
    ours, bare = (figures.middle(times) for times in at_home.values())
    front, empty = ran.values()
    figures.report(
        [
            figures.Promise(
                "decision in process, cost",
                ours / bare,
                f"{ours:.0f} us",
                f"{bare:.0f} us bare SELECT",
                3,
                False,
            ),
            figures.Promise(
                "decision over HTTP",
                figures.rate(front) / figures.rate(empty),
                f"{figures.rate(front):,.0f}/s, p99 {figures.p99(front):.1f} ms",
                f"{figures.rate(empty):,.0f}/s, p99 {figures.p99(empty):.1f} ms empty view",
                0.4,
                True,
            ),
        ],
        command="python -m bench.decision",
        machine=house.machine(),
    )


def ask_all(numbers: list[str], key: str) -> load.Post:
    """The questions for a set of people, as a program with a key sends them."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    bodies = [
        json.dumps({"contact": number, "channel": "sms", "purpose": "novidades"}).encode()
        for number in numbers[:20_000]
    ]
    return load.Post(decisions.PATH, headers, bodies)


def decide(numbers: list[str], company: int) -> Callable[[int], object]:
    """The product's own call, the number read and normalised each time."""

    def run(at: int) -> object:
        contact = Contact.tel(numbers[at % len(numbers)])
        decided = decision.may_send(contact, company=company, channel="sms", purpose="novidades")
        assert decided.allow
        return decided

    return run


def bare_select() -> Callable[[int], object]:
    """One row of the same table by its key, prepared, through psycopg alone."""
    connection.ensure_connection()
    raw = connection.connection
    [first, last] = [
        ConsentRecord.objects.order_by(order).values_list("pk", flat=True)[0] for order in ("pk", "-pk")
    ]
    span = last - first + 1

    def run(at: int) -> object:
        with raw.cursor() as cursor:
            cursor.execute(
                "SELECT arrival, state, possession, valid_days, event_time, recorded_at, uid"
                " FROM consent_consentrecord WHERE arrival = %s",
                (first + at * 7919 % span,),
                prepare=True,
            )
            return cursor.fetchone()

    return run


def timed(run: Callable[[int], object], seconds: float) -> float:
    """Microseconds of wall time for one call, over many."""
    for at in range(200):
        run(at)
    calls, begun = 0, time.perf_counter()
    while (spent := time.perf_counter() - begun) < seconds:
        for _ in range(50):
            run(calls)
            calls += 1
    return 1e6 * spent / calls


if __name__ == "__main__":
    main()
