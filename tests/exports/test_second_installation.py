"""A company moves: what one installation exports gives the same standings in another that shares nothing with it."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from optin_site import env
from tests.faults.installation import ROOT, Installation, installed
from tests.migrated import UNMEASURED

pytestmark = [pytest.mark.engine, pytest.mark.slow]

STANDINGS = """
import json
from consent import sample
from consent.models import ConsentRecord
from tests.cast import ANA, BRUNO, CLARA, stranger
from tests.exports.test_round_trip import USER, standing_of
people = [ANA, BRUNO, CLARA, USER, *(stranger(number) for number in range(4, 9))]
def standings(company):
    return {
        one.value: sorted([str(key), str(standing)] for key, standing in standing_of(company, one).items())
        for one in people
    }
"""
LIVES = (
    STANDINGS
    + """
from pathlib import Path
from consent.vocabulary import Channel
from tests import cast
from tests.exports.test_round_trip import exported, lived
aurora = sample.seed()
lived(aurora)
cast.says(aurora, people[-1], channel=Channel.VOICE, event_time=cast.at("2026-03-01 10:00"))
cast.stops(aurora, people[-1], channel=Channel.VOICE, event_time=cast.at("2026-04-01 10:00"))
Path(%(path)r).write_bytes(exported(aurora.company, %(kind)r))
print("result", json.dumps([ConsentRecord.objects.count(), standings(aurora.company)]))
"""
)
KEY = """
from consent import sample
from consent.api import keys
from consent.models import ConsentRecord
assert not ConsentRecord.objects.exists()
print("result", '"' + keys.issue(sample.seed().company, name="Move", scopes=["imports"]) + '"')
"""
STANDS = (
    STANDINGS
    + """
from pathlib import Path
from tests.exports.test_round_trip import exported
company = sample.seed().company
result = [ConsentRecord.objects.count(), standings(company)]
Path(%(path)r).write_bytes(exported(company, %(kind)r))
print("result", json.dumps(result))
"""
)
ARRIVES = (
    STANDINGS
    + """
from pathlib import Path
from tests.imports import lists
assert not ConsentRecord.objects.exists()
aurora = sample.seed()
batch = lists.bring(aurora, Path(%(path)r).read_bytes(), name=%(path)r)
assert batch.kind == "ledger"
lists.try_out(batch, purpose="", channel="", source="")
lists.record(batch)
print("result", json.dumps([dict(batch.counts), standings(aurora.company)]))
"""
)


def shell(installation: Installation, script: str) -> Any:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", script], cwd=ROOT, capture_output=True, text=True,
        env=UNMEASURED | installation.variables, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    [line] = [one for one in done.stdout.splitlines() if one.startswith("result ")]
    return json.loads(line.removeprefix("result "))


def asked(installation: Installation, key: str, path: str, body: bytes | None = None, media: str = "") -> Any:
    request = urllib.request.Request(
        f"{installation.variables['OPTIN_PUBLIC_URL']}/api/v1/imports{path}", data=body,
        headers={"Authorization": f"Bearer {key}", "Content-Type": media or "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def reached(installation: Installation, key: str, path: str, state: str) -> Any:
    deadline = time.monotonic() + 120
    while (batch := asked(installation, key, path))["state"] != state:
        assert time.monotonic() < deadline, batch
        time.sleep(0.2)
    return batch


def test_everybody_stands_there_where_they_stood_here(tmp_path: Path) -> None:
    """From one installation to a second as CSV, through the API; from there as JSON lines to a third.

    The second has keys of its own and migrated by itself; the others are the sample of the run.
    """
    folders = [tmp_path / name for name in ("first", "second", "third")]
    for folder in folders:
        folder.mkdir()
    csv, ndjson = tmp_path / "export.csv", tmp_path / "export.ndjson"
    with installed(folders[0]) as first:
        count, here = shell(first, LIVES % {"path": str(csv), "kind": "csv"})
    states = {standing.split("'")[1] for found in here.values() for _key, standing in found}
    assert {"given", "withdrawn", "expired", "requested"} <= states

    with installed(folders[1], **env.new_secrets()) as second:
        second.start("web")
        second.start("worker")
        key = shell(second, KEY)
        second.wait_for_web()
        made = asked(second, key, "", csv.read_bytes(), "text/csv")
        assert made["kind"] == "ledger"
        path = f"/{made['id']}"
        asked(second, key, f"{path}/columns", b'{"columns": {}}')
        assert reached(second, key, path, "checked")["counts"] == {"recorded": count}
        asked(second, key, f"{path}/commit", b"")
        assert reached(second, key, path, "done")["counts"] == {"recorded": count}
        there = shell(second, STANDS % {"path": str(ndjson), "kind": "ndjson"})
    assert there == [count, here]

    with installed(folders[2]) as third:
        assert shell(third, ARRIVES % {"path": str(ndjson)}) == [{"recorded": count}, here]
