"""A worker is killed while it records a list, in the middle of a portion: the next goes on, and no row is twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.installation import ROOT, Installation, installed
from tests.migrated import UNMEASURED

pytestmark = [pytest.mark.engine, pytest.mark.fault]

PART, ROWS = 200, 480
KILLED = """
import io, os, signal
from dataclasses import replace
from django.utils import timezone
from consent.imports import keeping, steps, working
from consent.models import Company
lines = ["phone,date,reference"] + [f"+55119{80000000 + n},2026-01-15,form {n}" for n in range(%(rows)s)]
lines[7], lines[300] = "5.51E+12,2026-01-15,x", lines[299]
keeping.PART = %(part)s
content = "\\n".join(lines).encode()
batch = keeping.take_in(io.BytesIO(content), name="old.csv", size=len(content),
    company=Company.objects.get(slug="aurora"), kind="claims", entity="staff:1")
steps.begin(batch, replace(keeping.about(batch).columns, purpose="novidades", channel="sms"))
while working.drain(): pass
batch.refresh_from_db()
steps.commit(batch, entity="staff:1", at=timezone.now())
real = working._commit
def dies(part, read, now):
    done = real(part, read, now)
    if part.number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
working._commit = dies
working.drain()
"""
# The lease of whoever was killed has to run out first.
GOES_ON = """
from consent.imports import working
from consent.models import ConsentRecord, Import
Import.objects.update(lease_until=None)
before = ConsentRecord.objects.count()
while working.drain(): pass
batch = Import.objects.get()
print("result", before, ConsentRecord.objects.count(), batch.state, sorted(batch.counts.items()))
"""


def shell(installation: Installation, script: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", script], cwd=ROOT, capture_output=True, text=True,
        env=UNMEASURED | installation.variables, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_killed_import_goes_on_where_it_was(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        killed = shell(installation, KILLED % {"rows": ROWS, "part": PART})
        assert killed.returncode == -9, killed.stderr[-2000:]

        after = shell(installation, GOES_ON)

        [line] = [one for one in after.stdout.splitlines() if one.startswith("result")]
        counts = [("duplicate", 1), ("given", ROWS - 2), ("phone.scientific", 1)]
        assert line == f"result {PART - 1} {ROWS - 2} done {counts}"
