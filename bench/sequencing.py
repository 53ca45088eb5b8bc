"""Sequencing: whether the log keeps up with captures, and how long an entry waits for its place meanwhile."""

from bench import figures, house

house.begin()

import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

from django.db import connection  # noqa: E402

from bench import capture, forms, load  # noqa: E402
from consent import sample  # noqa: E402
from consent.log import tree  # noqa: E402
from consent.models import LogEntry, LogPending  # noqa: E402

SETTLE = 10.0  # seconds the worker gets to finish what came in last
# An entry is published by the first checkpoint that covers it.
DELAYS = """
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY waited),
       percentile_cont(0.99) WITHIN GROUP (ORDER BY waited)
FROM (SELECT extract(epoch FROM (SELECT min(c.published_at) FROM consent_checkpoint c WHERE c.size > e."index")
             - r.recorded_at) AS waited
      FROM consent_logentry e JOIN consent_consentrecord r ON r.uid = e.id) waits
"""


def main() -> None:
    chosen = figures.arguments(__doc__ or "")
    sample.seed()
    seconds = chosen.seconds * chosen.rounds
    worker = subprocess.Popen([sys.executable, "manage.py", "work"], cwd=house.ROOT)
    try:
        with house.serving() as base:
            enough = int(capture.FORMS_A_SECOND * seconds)
            load.post(base, forms.fill_in(capture.FORMS_A_SECOND, boxes=1), seconds=capture.WARM_UP)
            ran = load.post(base, forms.fill_in(enough, boxes=1), seconds=seconds)
            left = LogPending.objects.count()
            deadline = time.monotonic() + SETTLE
            while LogPending.objects.exists() and time.monotonic() < deadline:
                time.sleep(0.2)
    finally:
        worker.terminate()
        worker.wait(20)
    with connection.cursor() as cursor:
        cursor.execute(DELAYS)
        counted, median, p99 = cursor.fetchone()
    alone = by_itself()
    figures.report(
        [
            figures.Promise(
                "merge delay while captures go on, p99 to 3 s",
                p99 / 3,
                f"p99 {p99:.2f} s, median {median:.2f} s, {counted:,} entries",
                "3 s",
                1,
                False,
                note=f"{left:,} waiting at the end",
            ),
            figures.Promise(
                "sequencing alone, to captures",
                alone / ran.rate,
                f"{alone:,.0f} entries/s",
                f"{ran.rate:,.0f} captures/s",
                1,
                True,
            ),
        ],
        command="python -m bench.sequencing",
        machine=house.machine(),
    )


def by_itself() -> float:
    """Entries a second that one sequencer gives their places, with nothing else going on."""
    from django.utils import timezone

    from consent import vault

    data = bytes(LogEntry.objects.order_by("-index").values_list("data", flat=True)[0])
    LogPending.objects.bulk_create(
        LogPending(id=vault.new_id(), arrival=timezone.now(), data=data) for _number in range(10 * tree.BATCH)
    )
    begun, done = time.perf_counter(), 0
    while count := tree.sequence():
        done += count
    return done / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
