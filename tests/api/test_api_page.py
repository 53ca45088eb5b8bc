"""The commands of docs/api.md, run as a newcomer runs them."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from consent import catalogue
from consent.api import keys
from consent.sample import Sample

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


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
