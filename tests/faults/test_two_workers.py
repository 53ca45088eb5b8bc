"""Two workers share the work and are killed in its middle: every row is done once, and nothing is lost."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.installation import ROOT, Installation, installed
from tests.migrated import UNMEASURED

pytestmark = [pytest.mark.postgres, pytest.mark.engine, pytest.mark.fault, pytest.mark.slow]

ROWS = 3_000
PREPARE = """
import io
from dataclasses import replace
from datetime import timedelta
from django.utils import timezone
from consent.imports import keeping, steps, working
from consent.models import Company, ExportSchedule
keeping.PART = 20
company = Company.objects.get(slug="aurora")
for name in (1, 2):
    lines = ["phone,date,reference"] + [f"+55119{name}{1000000 + n},2026-01-15,form {n}" for n in range(%(rows)s)]
    content = "\\n".join(lines).encode()
    batch = keeping.take_in(io.BytesIO(content), name="old.csv", size=len(content), company=company, kind="claims",
        entity="staff:1")
    steps.begin(batch, replace(keeping.about(batch).columns, purpose="novidades", channel="sms"))
    if name == 1:
        while working.drain(): pass
        batch.refresh_from_db()
        steps.commit(batch, entity="staff:1", at=timezone.now())
for number in range(2):
    ExportSchedule.objects.create(company=company, entity="staff:1", due_at=timezone.now(), with_contacts=True)
print("result ready")
"""
# What a killed worker held is free at once: the test does not wait for leases to run out.
FREE = """
from consent.models import ExportSchedule, Import
Import.objects.update(lease_until=None)
ExportSchedule.objects.update(lease_until=None)
print("result", list(Import.objects.order_by("id").values_list("state", "position")))
"""
LOOK = """
from consent.models import ConsentRecord, ExportSchedule, Import, LogPending
one, two = Import.objects.order_by("id")
print("result", one.state, two.state, sorted(one.counts.items()), sorted(two.counts.items()),
    ConsentRecord.objects.filter(method="import").count(),
    ConsentRecord.objects.filter(method="import").values("subject").distinct().count(),
    ExportSchedule.objects.exclude(last_at=None).count(), LogPending.objects.count())
"""


def shell(installation: Installation, script: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", script], cwd=ROOT, capture_output=True, text=True,
        env=UNMEASURED | installation.variables, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return next((line for line in done.stdout.splitlines() if line.startswith("result")), "")


def test_two_workers_that_are_killed_do_everything_once(tmp_path: Path) -> None:
    with installed(tmp_path) as first:
        assert shell(first, PREPARE % {"rows": ROWS})
        second = Installation(first.port, first.variables, first.log)
        try:
            for worker in (first, second):
                worker.start("worker")
            for _kill in range(3):
                worker = random.choice((first, second))
                time.sleep(4 + random.uniform(0, 3))
                worker.kill("worker")
                print(shell(first, FREE))
                worker.start("worker")
            deadline, seen = time.monotonic() + 300, ""
            while time.monotonic() < deadline:
                seen = shell(first, LOOK)
                if seen.startswith("result done checked") and seen.endswith(" 2 0"):
                    break
                time.sleep(2)
        finally:
            second.kill_everything()
        given = [("given", ROWS)]
        assert seen == f"result done checked {given} {given} {ROWS} {ROWS} 2 0", first.log.read_text()[-3000:]
        assert len(list((tmp_path / "exports").rglob("*.csv"))) >= 2
        assert first.manage("verify_log").startswith("The log holds")
