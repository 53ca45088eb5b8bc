"""The commands of docs/verify-a-receipt.md, run as they stand there, on a proof that the product made."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from consent import vault
from consent.log import cosignature, published
from consent.models import Cosignature
from consent.sample import Sample
from tests.proof import acts

pytestmark = [pytest.mark.foreign, pytest.mark.django_db(transaction=True)]

DOCUMENT = Path(__file__).parents[2] / "docs" / "verify-a-receipt.md"
FETCH, SIGNATURE, INCLUSION, GO, PYMERKLE, WITNESS = range(6)
GO_MODULES = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")
PROGRAMS = {
    "curl": lambda: shutil.which("curl"),
    "openssl": lambda: shutil.which("openssl"),
    "go": lambda: shutil.which("go") and GO_MODULES.exists(),
}

WHEN = 1_800_000_000

Run = Callable[[int], subprocess.CompletedProcess[str]]


def commands() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", DOCUMENT.read_text(), flags=re.DOTALL | re.MULTILINE)


def programs() -> dict[str, str]:
    """What the document says to save, by file name."""
    saved = re.findall(
        r"Save this as\s`([^`]+)`:\n\n```\w+\n(.*?)^```", DOCUMENT.read_text(), flags=re.DOTALL | re.MULTILINE
    )
    return dict(saved)


def need(program: str) -> None:
    """Skip where a program is missing, but never in CI (.ci/run installs them)."""
    if not PROGRAMS[program]():
        assert not os.environ.get("CI"), f"In CI {program} is there."
        pytest.skip(f"{program} is not installed")


@pytest.fixture
def run(aurora: Sample, live_server: Any, settings: Any, tmp_path: Path) -> Run:
    """Runs a block of commands in a folder that holds what the first block fetched."""
    settings.OPTIN_PUBLIC_URL = live_server.url
    found = acts.say_among_others(aurora)
    cosign(tmp_path / "witness.vkey")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "RECEIPT": f"{live_server.url}/r/{vault.act_token(found.act, use='receipt')}/",
        "RECORD": str(found.first.uid),
    }
    for name, text in programs().items():
        (tmp_path / name).write_text(text)

    def ran(block: int) -> subprocess.CompletedProcess[str]:
        command = ["bash", "-c", commands()[block]]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    need("curl")
    fetched = ran(FETCH)
    assert fetched.returncode == 0, fetched.stderr
    return ran


def cosign(key: Path) -> None:
    """Have a witness cosign the latest checkpoint, and bring its key."""
    witness = cosignature.Cosigner.from_seed("witness.example", b"w" * 32)
    latest = published.latest()
    assert latest is not None
    line = witness.cosign(latest.note.partition("\n\n")[0] + "\n", time=WHEN)
    Cosignature.objects.create(
        size=latest.size,
        witness=str(witness.verifier),
        line=line,
        cosigned_at=datetime.fromtimestamp(WHEN, UTC),
    )
    key.write_text(f"{witness.verifier}\n")


def change(path: Path, pattern: bytes) -> None:
    """Change the one byte of a file that a pattern finds first."""
    content = path.read_bytes()
    found = re.search(pattern, content)
    assert found
    at = found.start()
    path.write_bytes(content[:at] + (b"A" if content[at : at + 1] != b"A" else b"B") + content[at + 1 :])


def test_the_document_has_the_blocks_these_tests_run() -> None:
    assert len(commands()) == 6
    assert set(programs()) == {"verify.go", "whole_log.py"}


def test_openssl_verifies_who_signed(run: Run) -> None:
    need("openssl")
    ran = run(SIGNATURE)

    assert ran.returncode == 0, ran.stderr
    assert "Signature Verified Successfully" in ran.stdout


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("record.tlog-proof", rb"(?<=/log\n)\d"),
        ("record.tlog-proof", rb"(?<=/log\n\d\n)."),
        ("record.tlog-proof", rb".(?=.{20}=\n\xe2)"),  # the log's line; that of the witness is after it
        ("log.vkey", rb".(?=.{10}\n$)"),
    ],
)
def test_openssl_refuses_what_was_changed(run: Run, tmp_path: Path, name: str, pattern: bytes) -> None:
    need("openssl")
    change(tmp_path / name, pattern)

    assert run(SIGNATURE).returncode != 0


def test_openssl_hashes_the_record_up_to_the_root(run: Run) -> None:
    need("openssl")
    ran = run(INCLUSION)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "In the log\n"


def test_openssl_does_not_find_a_changed_record(run: Run, tmp_path: Path) -> None:
    need("openssl")
    change(tmp_path / "record.entry.json", rb"(?<=:\")given")
    ran = run(INCLUSION)

    assert ran.returncode != 0
    assert "In the log" not in ran.stdout


def test_gos_own_log_library_agrees(run: Run) -> None:
    need("go")
    ran = run(GO)

    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(r"Entry [56] of 7 of \S+/log\n", ran.stdout)


@pytest.mark.parametrize(
    ("name", "pattern", "complaint"),
    [
        ("record.tlog-proof", rb"(?<=/log\n\d\n).", "invalid signature"),
        ("record.entry.json", rb"(?<=:\")given", "invalid transparency proof"),
        ("record.tlog-proof", rb"(?<=index \d\n).", "invalid transparency proof"),
        ("log.vkey", rb".(?=.{10}\n$)", "verifier"),
    ],
)
def test_gos_own_log_library_refuses_what_was_changed(
    run: Run, tmp_path: Path, name: str, pattern: bytes, complaint: str
) -> None:
    need("go")
    change(tmp_path / name, pattern)
    ran = run(GO)

    assert ran.returncode != 0
    assert complaint in ran.stderr


def test_openssl_verifies_who_else_saw_it(run: Run) -> None:
    need("openssl")
    ran = run(WITNESS)

    assert ran.returncode == 0, ran.stderr
    assert f"Cosigned at {WHEN} seconds" in ran.stdout
    assert "Signature Verified Successfully" in ran.stdout


@pytest.mark.parametrize("pattern", [rb"(?<=/log\n\d\n).", rb".(?=.{20}\n$)", rb".(?=.{93}\n$)"])
def test_openssl_refuses_a_changed_cosignature(run: Run, tmp_path: Path, pattern: bytes) -> None:
    need("openssl")
    change(tmp_path / "record.tlog-proof", pattern)

    assert run(WITNESS).returncode != 0


def test_pymerkle_makes_the_signed_root_of_all_entries(run: Run) -> None:
    ran = run(PYMERKLE)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "7 entries make the signed root\n"


def test_pymerkle_does_not_make_another_root(run: Run, tmp_path: Path) -> None:
    change(tmp_path / "record.tlog-proof", rb"(?<=/log\n\d\n).")

    assert run(PYMERKLE).returncode != 0
