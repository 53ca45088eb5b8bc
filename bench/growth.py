"""Growth: what a capture and a decision cost among 10 million records, to what they cost among 10 thousand."""

from bench import figures, house

house.begin()

import random  # noqa: E402

import psycopg  # noqa: E402
from django.db import connection  # noqa: E402

from bench import capture, decision, forms, load, people  # noqa: E402
from consent import sample  # noqa: E402
from consent.api import keys  # noqa: E402

SMALL = 10_000
PLAN = (
    "EXPLAIN SELECT arrival, state, possession, valid_days, event_time, recorded_at, uid FROM consent_consentrecord"
    " WHERE subject = (SELECT subject FROM consent_consentrecord LIMIT 1) AND channel = 'sms' AND purpose_id = 1"
)


def main() -> None:
    chosen = figures.arguments(__doc__ or "", records=10_000_000)
    records = 1_000_000 if chosen.quick and chosen.records == 10_000_000 else chosen.records
    aurora = sample.seed()
    key = keys.issue(aurora.company, name="bench")
    connection.close()
    filled: dict[str, tuple[str, load.Post]] = {}
    for name, size in (("small", SMALL), ("large", records)):
        database = house.new_database(name, like="product")
        numbers = people.fill(database, aurora, records=size)
        random.seed(1)
        random.shuffle(numbers)
        filled[name] = (database, decision.ask_all(numbers, key))
    figures.say(f"  plan among {records:,}: {plan(filled['large'][0])}")
    ran = figures.rounds(
        {
            f"{what} among {size}": lambda run=run, name=name: run(*filled[name], chosen.seconds)
            for what, run in (("captures", captures), ("decisions", decisions))
            for name, size in (("small", f"{SMALL:,}"), ("large", f"{records:,}"))
        },
        times=chosen.rounds,
    )
    few_captures, many_captures, few_decisions, many_decisions = ran.values()
    figures.report(
        [
            promise("capture", few_captures, many_captures, records),
            promise("decision", few_decisions, many_decisions, records),
        ],
        command="python -m bench.growth",
        machine=house.machine(),
    )


def promise(what: str, few: list[load.Ran], many: list[load.Ran], records: int) -> figures.Promise:
    """The cost of one among many, in the cost of one among few."""
    return figures.Promise(
        f"{what} over HTTP among {records:,}, cost",
        figures.rate(few) / figures.rate(many),
        f"{figures.rate(many):,.0f}/s, p99 {figures.p99(many):.1f} ms",
        f"{figures.rate(few):,.0f}/s, p99 {figures.p99(few):.1f} ms among {SMALL:,}",
        1.5,
        False,
    )


def captures(database: str, _questions: load.Post, seconds: float) -> load.Ran:
    with house.serving(database=database) as base:
        enough = int(capture.FORMS_A_SECOND * max(1.0, seconds))
        load.post(base, forms.fill_in(capture.FORMS_A_SECOND, boxes=1), seconds=capture.WARM_UP)
        return load.post(base, forms.fill_in(enough, boxes=1), seconds=seconds)


def decisions(database: str, questions: load.Post, seconds: float) -> load.Ran:
    with house.serving(database=database) as base:
        load.post(base, questions, seconds=decision.WARM_UP, again=True)
        return load.post(base, questions, seconds=seconds, again=True)


def plan(database: str) -> str:
    """How the fold finds a person's records there."""
    with psycopg.connect(database) as there:
        lines = [str(row[0]).strip() for row in there.execute(PLAN)]
    return next((line for line in lines if "fold_of_a_person" in line), lines[0])


if __name__ == "__main__":
    main()
