"""The commands of docs/api.md and the programs of docs/api-snippets.md, run as a newcomer runs them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consent import catalogue
from consent.api import keys
from consent.models import ConsentRecord
from consent.sample import Sample
from consent.vocabulary import Confirmation

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "api.md"
NEWER_THAN = 18  # Node.js knows fetch since then


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize(("believes", "first"), [(True, "given"), (False, "requested")])
def test_the_commands_of_the_page_do_what_it_says(
    live_server: Any, aurora: Sample, tmp_path: Path, believes: bool, first: str
) -> None:
    keys.forget()
    aurora.point.trusts_app = believes
    aurora.point.save()
    catalogue.forget()
    [commands] = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    commands = commands.replace("http://localhost:8000", live_server.url)
    environment = os.environ | {"KEY": keys.issue(aurora.company, name="Newcomer")}

    ran = subprocess.run(
        ["sh", "-e", "-c", commands.replace("curl -s", "curl -sS --fail-with-body -w '\\n'")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip

    consent, decision, withdrawal, after = map(json.loads, ran.stdout.splitlines())
    assert [record["state"] for record in consent["records"]] == [first]
    assert (decision["allow"], decision["reason"]) == (believes, first)
    assert {record["state"] for record in withdrawal["records"]} == {"withdrawn"}
    assert (after["allow"], after["reason"]) == (False, "withdrawn")


def node() -> str | None:
    """Where a Node.js is that knows what the snippet needs."""
    found = shutil.which("node")
    said = subprocess.run([found, "--version"], capture_output=True, text=True).stdout if found else ""
    version = re.match(r"v(\d+)", said)
    return found if version and int(version[1]) >= NEWER_THAN else None


RUNTIMES = {"python": ([sys.executable], "snippet.py"), "js": ([node() or "node"], "snippet.mjs")}


@pytest.mark.parametrize("language", RUNTIMES)
def test_a_program_copied_from_the_page_does_what_it_says(
    live_server: Any, aurora: Sample, tmp_path: Path, language: str
) -> None:
    if language == "js" and node() is None:
        pytest.skip("needs Node.js 18 or newer")
    keys.forget()
    aurora.point.confirmation = Confirmation.NONE
    aurora.point.save()
    catalogue.forget()
    [program] = re.findall(rf"```{language}\n(.*?)```", (DOCS / "api-snippets.md").read_text(), re.DOTALL)
    (command, name) = RUNTIMES[language]
    (tmp_path / name).write_text(program)
    environment = os.environ | {
        "OPTIN_API": f"{live_server.url}/api/v1", "OPTIN_KEY": keys.issue(aurora.company, name="Newcomer"),
    }  # fmt: skip

    ran = subprocess.run(
        [*command, name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )

    *text, receipt, before, after = ran.stdout.splitlines()
    assert "Café Aurora" in "".join(text)
    assert "/r/" in receipt
    assert (before.lower(), after.lower()) == ("true", "false")
    assert list(ConsentRecord.objects.order_by("arrival").values_list("state", flat=True)) == [
        "given", "withdrawn", "withdrawn", "withdrawn",
    ]  # fmt: skip


def test_every_language_says_the_same() -> None:
    page = (DOCS / "api-snippets.md").read_text()
    for language in ("js", "python", "kotlin", "swift"):
        [program] = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
        for part in (
            "/points/",
            "/consents",
            "/decisions",
            "/withdrawals",
            "Idempotency-Key",
            "Bearer",
            "false",
        ):
            assert part in program.replace("False", "false"), (language, part)
