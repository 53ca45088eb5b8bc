"""The log: whether sequencing keeps up with captures, and how long an entry waits for its published place."""

from bench import figures, house

house.begin()

import time

from django.db import connection

from bench import capture, forms, load
from consent import sample
from consent.log import tree
from consent.models import LogPending
from consent.vocabulary import Confirmation

# From the moment a record was written to the first published checkpoint that covers it.
DELAYS = """
SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM c.published_at - r.recorded_at))
FROM consent_consentrecord r
JOIN consent_logentry e ON e.id = r.uid
CROSS JOIN LATERAL (SELECT published_at FROM consent_checkpoint WHERE size > e.index ORDER BY size LIMIT 1) c
WHERE r.recorded_at >= %s
"""


def main() -> None:
    chosen = figures.arguments(__doc__ or "")
    point = sample.seed().point
    point.confirmation = Confirmation.NONE  # no messages: the worker has the log to itself
    point.save()
    seconds = 2 * chosen.seconds
    alone = figures.rounds({"sequencing a backlog, entries": lambda: backlog(seconds)}, times=chosen.rounds)
    together = figures.rounds({"captures beside the worker": lambda: beside(seconds)}, times=chosen.rounds)
    [rates], [runs] = alone.values(), together.values()
    captures = figures.middle([ran.rate for ran, _left, _delays in runs])
    p99 = figures.middle([delays[1] for _ran, _left, delays in runs])
    worst = max(delays[2] for _ran, _left, delays in runs)
    left = max(left for _ran, left, _delays in runs)
    figures.report(
        [
            figures.Promise(
                "sequencing keeps up with capture",
                figures.middle(rates) / captures,
                f"{figures.middle(rates):,.0f} entries/s alone",
                f"{captures:,.0f} captures/s with the worker beside them",
                1,
                True,
                note=f"{left} entries waiting at the end",
            ),
            figures.Promise(
                "merge delay p99, seconds", p99, f"{p99:.2f} s", f"worst {worst:.2f} s", 3, False
            ),
        ],
        command="python -m bench.sequencing",
        machine=house.machine(),
    )


def backlog(seconds: float) -> float:
    """Entries a second that one sequencer gives their places, with nothing else going on."""
    with house.serving() as base:
        capture.recorded(lambda: _post(base, seconds), base, boxes=1)
    waiting, begun = LogPending.objects.count(), time.perf_counter()
    while tree.sequence():
        pass
    return waiting / (time.perf_counter() - begun)


def beside(seconds: float) -> tuple[load.Ran, int, list[float]]:
    """Captures with the worker running: how many, what is still waiting right after, and the delays."""
    with house.working(), house.serving() as base:
        time.sleep(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            [began] = cursor.fetchone() or (None,)
        ran = capture.recorded(lambda: _post(base, seconds), base, boxes=1)
        left = LogPending.objects.count()
        deadline = time.monotonic() + 30
        while LogPending.objects.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    with connection.cursor() as cursor:
        cursor.execute(DELAYS, [began])
        [delays] = cursor.fetchone() or ([],)
    return ran, left, delays


def _post(base: str, seconds: float) -> load.Ran:
    return load.post(base, forms.fill_in(int(capture.FORMS_A_SECOND * seconds), boxes=1), seconds=seconds)


if __name__ == "__main__":
    main()
