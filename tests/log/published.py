"""Vectors that others published, read from beside the project where they are; they are not ours to copy."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "payloads" / "tlog"

needed = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published vectors are not beside the project")


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


def cases(name: str) -> list[Any]:
    """The cases of a file as pytest parameters; none where the vectors are not."""
    found = read(name)["cases"] if FOLDER.is_dir() else []
    return [pytest.param(case, id=case["_file"].removeprefix("testdata/")) for case in found]


def hashes(encoded: list[str] | None) -> list[bytes]:
    return [b64decode(each) for each in encoded or []]
