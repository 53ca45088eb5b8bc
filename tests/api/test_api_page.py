"""The commands of docs/api.md and the programs of docs/api-snippets.md, run as a newcomer runs them."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
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


ANSWERS = {
    "half an answer": b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"allow": true',
    "no answer": b"",
    "a page for people": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<h1>",
    "no HTTP": b"220 mail.example ESMTP\r\n",
    "another list": b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n[true]",
    "a word": b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"allow":"true"}',
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("language", RUNTIMES)
def test_whatever_a_program_hears_that_is_no_clear_yes_it_takes_for_a_no(
    tmp_path: Path, language: str, answer: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer_once, args=(server, ANSWERS[answer]), daemon=True).start()
        heard = told(language, tmp_path, f"http://127.0.0.1:{server.getsockname()[1]}", "key", ASKS[language])

    assert heard.strip().lower() == "false"


# Where the program begins to run, and what is run in its place.
ASKS = {
    "python": ("shown = point(", 'print(may_send("+5511987654321", "sms", "novidades"))'),
    "js": ("const shown = await point(", 'console.log(await maySend("+5511987654321", "sms", "novidades"));'),
}


def answer_once(server: socket.socket, answer: bytes) -> None:
    asking, _address = server.accept()
    with asking:
        asking.recv(65_536)
        asking.sendall(answer)
        asking.shutdown(socket.SHUT_WR)
        while asking.recv(65_536):
            pass


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
    keys.forget()
    key = keys.issue(company, name="Newcomer")
    return told(language, folder, url, key, asks=asks, box=box)


def told(
    language: str,
    folder: Path,
    url: str,
    key: str,
    instead: tuple[str, str] = ("", ""),
    *,
    asks: str = "novidades",
    box: str = "novidades.sms",
) -> str:
    """What it prints, or where something is run `instead` of what begins so, what that prints."""
    if language == "js" and node() is None:
        pytest.skip("needs Node.js 18 or newer")
    [program] = re.findall(rf"```{language}\n(.*?)```", (DOCS / "api-snippets.md").read_text(), re.DOTALL)
    program = program.replace('"novidades.sms"', f'"{box}"').replace('point("novidades"', f'point("{asks}"')
    if instead[0]:
        program = program.partition(instead[0])[0] + instead[1]
    (command, name) = RUNTIMES[language]
    (folder / name).write_text(program)
    environment = os.environ | {
        "OPTIN_API": f"{url}/api/v1", "OPTIN_KEY": key,
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
