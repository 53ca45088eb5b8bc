"""Webhooks out: how long a change takes to a healthy receiver while captures go on at full speed."""

from bench import figures, house

house.begin()

import json
import os
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.utils import timezone

from bench import capture, sequencing
from consent import sample
from consent.models import ConsentRecord, Subscription
from consent.relay import changes, doors, signing
from consent.relay.doors import Door
from consent.vocabulary import Confirmation

PATIENCE = 120  # seconds until everything must have arrived


def main() -> None:
    chosen = figures.arguments(__doc__ or "")
    made = sample.seed()
    made.point.confirmation = Confirmation.NONE
    made.point.save()
    os.environ["OPTIN_INSIDE_HOSTS"] = "127.0.0.1"  # for the worker, which is another program
    delays: list[float] = []
    server, count = _receiver(delays)
    subscription = Subscription(
        company=made.company, name="bench", due_at=timezone.now(), position=changes.size()
    )
    doors.close(subscription, Door(f"http://127.0.0.1:{server.server_port}/", signing.new_secret()))
    subscription.save()
    before = ConsentRecord.objects.count()
    with house.working(), house.serving() as base:
        time.sleep(1)
        ran = capture.recorded(lambda: sequencing._post(base, 2 * chosen.seconds), base, boxes=1)
        wanted = ConsentRecord.objects.count() - before
        deadline = time.monotonic() + PATIENCE
        while len(count) < wanted and time.monotonic() < deadline:
            time.sleep(0.1)
    server.shutdown()
    assert len(count) >= wanted, f"{wanted - len(count)} changes never arrived"
    delays.sort()
    median, worst = delays[len(delays) // 2], delays[int(len(delays) * 0.999)]
    captures = f"{ran.rate:,.0f} captures/s meanwhile"
    figures.report(
        [
            figures.Promise(
                "a change at a webhook, median seconds", median, f"{median:.2f} s", captures, 3, False
            ),
            figures.Promise(
                "a change at a webhook, 99.9 %, seconds", worst, f"{worst:.2f} s", captures, 5, False
            ),
        ],
        command="python -m bench.telling",
        machine=house.machine(),
    )


def _receiver(delays: list[float]) -> tuple[ThreadingHTTPServer, set[str]]:
    """A receiver that says yes, and how long after its recording each change arrived."""
    seen: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            now = datetime.now(UTC)
            for change in json.loads(self.rfile.read(int(self.headers["Content-Length"])))["data"]:
                if change["id"] not in seen:
                    seen.add(change["id"])
                    delays.append((now - datetime.fromisoformat(change["recorded_at"])).total_seconds())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, seen


if __name__ == "__main__":
    main()
