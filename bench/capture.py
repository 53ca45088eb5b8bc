"""Captures: the website's form over HTTP against pgbench with the same rows, and against a naive view."""

from bench import figures, house

house.begin()

from collections.abc import Callable

from django.db import connection

from bench import forms, limit, load, statements
from consent import sample
from consent.models import Act

CLIENTS = (8, 16, 32, 64)
FORMS_A_SECOND = 6_000  # more than anybody here reads
WARM_UP = 1.0


def main() -> None:
    chosen = figures.arguments(__doc__ or "")
    sample.seed()
    promises = [promise for boxes in (1, 3) for promise in measure(boxes, chosen.rounds, chosen.seconds)]
    figures.report(promises, command="python -m bench.capture", machine=house.machine())


def measure(boxes: int, times: int, seconds: float) -> list[figures.Promise]:
    """The promises for forms with so many boxes ticked."""
    script = limit.Script(statements.of_one_form(boxes=boxes))
    connection.close()
    beside = house.new_database("limit", like="product")
    naive = house.new_database("naive", like="product")
    figures.say(f"  {boxes} box(es): looking for pgbench's best number of clients")
    tried = {
        clients: limit.run(beside, script, clients=clients, seconds=seconds / 2).rate for clients in CLIENTS
    }
    best = max(tried, key=lambda clients: tried[clients])
    runs = figures.rounds(
        {
            f"pgbench, same statements, {best} clients": lambda: limit.run(
                beside, script, clients=best, seconds=seconds
            ),
            "website form": lambda: website(boxes, seconds),
            "naive django-ninja": lambda: peer(naive, boxes, seconds),
        },
        times=times,
    )
    top, ours, theirs = runs.values()
    name = f"capture over HTTP, {boxes} box{'es' if boxes > 1 else ''}"
    rate = f"{figures.rate(ours):,.0f}/s"
    return [
        figures.Promise(
            f"{name}, to pgbench",
            figures.rate(ours) / figures.rate(top),
            rate,
            f"{figures.rate(top):,.0f}/s pgbench, {best} clients",
            0.30,
            True,
            note="aim 0.45",
        ),
        figures.Promise(
            f"{name}, to naive",
            figures.rate(ours) / figures.rate(theirs),
            rate,
            f"{figures.rate(theirs):,.0f}/s",
            4,
            True,
        ),
        figures.Promise(
            f"{name}, p99 to naive's",
            figures.p99(ours) / figures.p99(theirs),
            f"{figures.p99(ours):.0f} ms",
            f"{figures.p99(theirs):.0f} ms",
            0.25,
            False,
        ),
    ]


def website(boxes: int, seconds: float) -> load.Ran:
    """The product's own server, every answer checked to be an act in the database."""
    with house.serving() as base:
        return recorded(
            lambda: load.post(base, forms.fill_in(_enough(seconds), boxes=boxes), seconds=seconds),
            base,
            boxes,
        )


def recorded(run: Callable[[], load.Ran], base: str, boxes: int) -> load.Ran:
    """Warm up, run, and count the acts: an answer without an act is not a capture."""
    load.post(base, forms.fill_in(_enough(WARM_UP), boxes=boxes), seconds=WARM_UP)
    before = Act.objects.count()
    ran = run()
    kept = Act.objects.count() - before
    if not ran.requests <= kept <= ran.requests + 2 * load.CONNECTIONS:
        raise load.LoadFailed(f"{ran.requests} answers, but {kept} acts.")
    return ran


def peer(database: str, boxes: int, seconds: float) -> load.Ran:
    with house.serving("bench.naive:application", database=database) as base:
        load.post(base, forms.as_json(_enough(WARM_UP), boxes=boxes), seconds=WARM_UP)
        return load.post(base, forms.as_json(_enough(seconds), boxes=boxes), seconds=seconds)


def _enough(seconds: float) -> int:
    return int(FORMS_A_SECOND * max(1.0, seconds))


if __name__ == "__main__":
    main()
