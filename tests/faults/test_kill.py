"""Whatever was acknowledged survives a kill -9 at any moment, exactly once, in a log that verifies.

OPTIN_KILL_SECONDS says for how long to kill (10).
"""

import os
import random
import threading
import time
from pathlib import Path

import pytest

from tests.faults.installation import Installation, installed
from tests.faults.visitors import PATIENCE, Journal, Visitor

SECONDS = float(os.environ.get("OPTIN_KILL_SECONDS", "10"))
VISITORS = 6
LEAST_KILLS = 6  # also where starting takes long
WORKER_STARTS = 4.0  # seconds until a worker is at work

pytestmark = [pytest.mark.engine, pytest.mark.fault, pytest.mark.slow]


def kill_at_random(installation: Installation, journal: Journal, *, seconds: float) -> int:
    """Kill web server and worker again and again, at moments when they are at work; returns how often."""
    kills = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end or kills < LEAST_KILLS:
        _wait_for_an_answer(journal)
        time.sleep(random.uniform(0.0, 0.8))
        parts = random.choice([["web"], ["worker"], ["web", "worker"], ["worker", "web"]])
        for part in parts:
            if part == "worker" and installation.age(part) < WORKER_STARTS:
                continue  # it has not come to do anything yet
            installation.kill(part)
            installation.start(part)
            kills += 1
    return kills


def _wait_for_an_answer(journal: Journal) -> None:
    before, deadline = len(journal.forms), time.monotonic() + PATIENCE
    while len(journal.forms) == before:
        assert not journal.strange
        assert time.monotonic() < deadline, "nothing was acknowledged for long"
        time.sleep(0.01)


def test_what_was_acknowledged_survives_kills_at_random(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal, is_over = Journal(), threading.Event()
    with installed(tmp_path) as installation:
        installation.start("web")
        installation.start("worker")
        visitors = [Visitor(installation.port, journal, is_over) for _ in range(VISITORS)]
        for visitor in visitors:
            visitor.start()
        try:
            kills = kill_at_random(installation, journal, seconds=SECONDS)
        finally:
            is_over.set()
            for visitor in visitors:
                visitor.join()
        installation.kill_everything()
        with installation.looking() as look:
            kept = look()
        verified = installation.manage("verify_log")

    acknowledged = [*map(str, journal.forms), *map(str, journal.confirmations)]
    found = [act for act in acknowledged if act in kept["acts"]]
    with capsys.disabled():
        print(
            f"\nkills {kills}, acknowledged {len(acknowledged)}, found {len(found)}"
            f" ({journal.lost_answers} sent again without knowing, {kept['phones']} phones reached)"
        )
    assert journal.strange == []
    # Everything that was acknowledged is there, once ...
    assert len(set(acknowledged)) == len(acknowledged) == len(found)
    assert {kept["acts"][str(act)] for act in journal.forms} == {"requested"}
    assert {kept["acts"][str(act)] for act in journal.confirmations} <= {"given"}
    # ... and nothing else is: a form that was sent again is the same act.
    assert len(kept["acts"]) == len(acknowledged) == kept["records"]
    assert kept["people"] == kept["messages"] == len(journal.forms)
    assert kept["questions_per_person"] == 1
    assert kept["acts_without_evidence"] == 0
    # All of it stands in the log, which verifies from its stored bytes.
    assert kept["records_in_the_log"] == kept["records"] == kept["entries"]
    assert verified.startswith(f"The log holds: {kept['entries']} entries")
    # And nobody was written to twice.
    assert kept["messages_per_phone"] <= 1
