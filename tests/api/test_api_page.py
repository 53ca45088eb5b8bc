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

from consent import catalogue, opening
from consent.api import keys
from consent.models import CapturePoint, Company, ConsentRecord
from consent.sample import Sample
from consent.vocabulary import Confirmation
from tests.capture.test_guardian import point

__all__ = ["point"]

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
    aurora.point.confirmation = Confirmation.NONE
    aurora.point.save()
    catalogue.forget()

    ran = run(language, tmp_path, live_server.url, aurora.company)

    *text, receipt, before, after = ran.splitlines()
    assert "Café Aurora" in "".join(text)
    assert "/r/" in receipt
    assert (before.lower(), after.lower()) == ("true", "false")
    assert list(ConsentRecord.objects.order_by("arrival").values_list("state", flat=True)) == [
        "given", "withdrawn", "withdrawn", "withdrawn",
    ]  # fmt: skip


@pytest.mark.parametrize("language", RUNTIMES)
def test_the_same_program_asks_for_a_guardian_where_a_capture_point_does(
    live_server: Any, point: CapturePoint, tmp_path: Path, language: str
) -> None:
    ran = run(language, tmp_path, live_server.url, point.company, asks="criancas", box="oficina.sms")

    *_text, receipt, before, after = ran.splitlines()
    assert "/r/" in receipt
    assert (before.lower(), after.lower()) == ("false", "false")  # it waits for the mother's own number
    requested = ConsentRecord.objects.get(state="requested")
    assert opening.evidence_of(requested.act_id)["guardians"] == [
        {"relation": "mother", "child_of_age": "2033-06-14"}
    ]


def run(
    language: str,
    folder: Path,
    url: str,
    company: Company,
    *,
    asks: str = "novidades",
    box: str = "novidades.sms",
) -> str:
    """What the program of a language prints."""
    if language == "js" and node() is None:
        pytest.skip("needs Node.js 18 or newer")
    keys.forget()
    [program] = re.findall(rf"```{language}\n(.*?)```", (DOCS / "api-snippets.md").read_text(), re.DOTALL)
    program = program.replace('"novidades.sms"', f'"{box}"').replace('point("novidades"', f'point("{asks}"')
    (command, name) = RUNTIMES[language]
    (folder / name).write_text(program)
    environment = os.environ | {
        "OPTIN_API": f"{url}/api/v1", "OPTIN_KEY": keys.issue(company, name="Newcomer"),
    }  # fmt: skip
    return subprocess.run(
        [*command, name],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout


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
            "guardian",
            "false",
        ):
            assert part in program.replace("False", "false"), (language, part)
