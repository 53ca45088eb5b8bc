"""The keyring gets a new key while web server and worker serve: nothing fails, nothing is lost, old seals open."""

import os
import threading
import time
from pathlib import Path

import pytest

from optin_site.env import new_secrets
from tests.faults.installation import Installation, installed
from tests.faults.visitors import PATIENCE, Journal, Visitor

pytestmark = [pytest.mark.engine, pytest.mark.fault, pytest.mark.slow]

SHOWN = """
from collections import Counter
from consent import opening
from consent.models import ConsentRecord, Evidence, OutboundMessage, SubjectKey
wrapped = Counter(bytes(key)[0] for key in SubjectKey.objects.values_list("wrapped", flat=True))
for act in Evidence.objects.values_list("act", flat=True):
    opening.evidence_of(act)
print("result", sorted(wrapped), dict(Counter(OutboundMessage.objects.values_list("state", "error"))))
"""


def served(installation: Installation, journal: Journal, count: int = 6) -> None:
    """Wait until some more forms were answered."""
    before, deadline = len(journal.forms), time.monotonic() + PATIENCE
    while len(journal.forms) < before + count:
        assert not journal.strange, journal.strange
        assert time.monotonic() < deadline, "nothing was answered for long"
        time.sleep(0.05)


@pytest.mark.parametrize(
    "announced",
    [
        pytest.param(True, marks=pytest.mark.once),
        pytest.param(False, marks=pytest.mark.postgres),
    ],
)
def test_a_new_key_is_used_and_the_old_one_opens(tmp_path: Path, announced: bool) -> None:
    """Announced as the guide says it (known first, then used), or all at once: then messages wait for the worker."""
    old = os.environ["OPTIN_KEYRING"]
    new = f"2:{new_secrets()['OPTIN_KEYRING'].removeprefix('1:')}"
    journal, is_over = Journal(), threading.Event()
    with installed(tmp_path) as made:
        variables = dict(made.variables) | {"OPTIN_KEYRING": old}
        installation = Installation(made.port, variables, made.log, made.running, made.started)
        installation.start("web")
        installation.start("worker")
        visitors = [Visitor(installation.port, journal, is_over) for _ in range(3)]
        for visitor in visitors:
            visitor.start()
        try:
            served(installation, journal)
            for ring in (f"{new},{old}", f"{old},{new}") if announced else (f"{old},{new}",):
                variables["OPTIN_KEYRING"] = ring
                for part in ("web", "worker"):
                    installation.kill(part)
                    installation.start(part)
                    served(installation, journal)
        finally:
            is_over.set()
            for visitor in visitors:
                visitor.join()
        time.sleep(1)
        with installation.looking() as look:
            kept = look()
        acknowledged = [*map(str, journal.forms), *map(str, journal.confirmations)]
        assert journal.strange == []
        assert set(acknowledged) == set(kept["acts"])
        [line] = [
            one for one in installation.manage("shell", "-v0", "-c", SHOWN).splitlines() if "result" in one
        ]
        assert line.startswith("result [1, 2]"), line
        print(line)
        assert "broken" not in installation.log.read_text() or not announced
