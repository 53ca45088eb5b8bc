"""The programs of docs/verify-a-permit.md, run as a gateway runs them: with the keys alone and no network."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from consent.api import permits
from consent.decision import ANSWER_LIVES
from consent.sample import Sample
from tests.api.conftest import Program
from tests.api.test_api_page import DOCS, RUNTIMES, node
from tests.api.test_permits import permit_of
from tests.cast import ANA, BRUNO, says

pytestmark = pytest.mark.parametrize("language", RUNTIMES)


def verified(language: str, folder: Path, permit: str, number: str) -> subprocess.CompletedProcess[str]:
    if language == "js" and node() is None:
        pytest.skip("needs Node.js 18 or newer")
    [program] = re.findall(rf"```{language}\n(.*?)```", (DOCS / "verify-a-permit.md").read_text(), re.DOTALL)
    command, name = RUNTIMES[language]
    (folder / name).write_text(program)
    (folder / "permit-keys.json").write_text(json.dumps(permits.public_keys()))
    return subprocess.run(
        [*command, name, permit, number],
        cwd=folder, env=os.environ, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_a_permit_is_verified_as_the_page_says(
    program: Program, aurora: Sample, tmp_path: Path, language: str
) -> None:
    says(aurora)
    answer = permit_of(program)

    ran = verified(language, tmp_path, answer["permit"], ANA.value)

    assert (ran.returncode, ran.stdout.strip()) == (0, answer["record"]), ran.stderr


def test_whatever_it_is_not_for_it_does_not_allow(
    program: Program, aurora: Sample, tmp_path: Path, language: str
) -> None:
    says(aurora)
    says(aurora, channel="whatsapp")
    permit, whatsapp = permit_of(program)["permit"], permit_of(program, channel="whatsapp")["permit"]
    head, claims, signature = permit.split(".")
    with time_machine.travel(timezone.now() - ANSWER_LIVES - ANSWER_LIVES):
        says(aurora, BRUNO)
        expired = permit_of(program, contact=BRUNO.value)["permit"]

    assert expired
    asked: list[tuple[Any, Any]] = [
        (permit, BRUNO.value),
        (expired, BRUNO.value),
        (whatsapp, ANA.value),
        (f"{head}.{claims}.", ANA.value),
        (f"{head}.{whatsapp.split('.')[1]}.{signature}", ANA.value),
        ("nothing", ANA.value),
    ]
    for forged, number in asked:
        ran = verified(language, tmp_path, forged, number)
        assert ran.returncode != 0, (forged, number)
        assert not ran.stdout
