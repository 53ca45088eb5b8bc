"""The layers and the other import contracts of pyproject.toml hold, and each of them can fail."""

import ast
import itertools
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).resolve().parent.parent
LINT = ROOT / ".venv" / "bin" / "lint-imports"

# One line that breaks each contract, and the file it is added to.
BREAKS = {
    "layers": ("vault.py", "from consent import decision"),
    "log": ("log/merkle.py", "from consent import models"),
    "tree": ("decision/__init__.py", "from consent.log import tree"),
    "words": ("keywords/__init__.py", "from consent.models import Company"),
    "outside": ("outbox/sending.py", "import requests"),
    "witness": ("witness/cosigning.py", "from consent.log import published"),
    "paper": ("paper/layout.py", "from consent import vault"),
    "methods": ("capture/one.py", "from consent.capture import two"),
}


def broken(root: Path, contract: str) -> bool:
    """Whether the contract is broken in the tree at `root`."""
    command = [LINT, "--no-logo", "--no-cache", "--contract", contract]
    result = subprocess.run(
        command, cwd=root, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert "Contracts: " in result.stdout, result.stdout + result.stderr
    return "1 broken" in result.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("architecture")
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copytree(ROOT / "consent", root / "consent", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "consent/capture/two.py").touch()
    return root


@pytest.mark.parametrize("contract", BREAKS)
def test_each_contract_holds_and_breaks_by_one_line(copy: Path, contract: str) -> None:
    name, line = BREAKS[contract]
    path = copy / "consent" / name
    before = path.read_text() if path.exists() else ""
    path.write_text(before)
    assert not broken(copy, contract)

    path.write_text(f"{before}\n{line}\n")

    assert broken(copy, contract)
    path.write_text(before)


def test_every_contract_is_broken_here_once() -> None:
    declared = [
        line.split('"')[1]
        for line in (ROOT / "pyproject.toml").read_text().splitlines()
        if line.startswith("id = ")
    ]

    assert sorted(declared) == sorted(BREAKS)


def test_a_module_that_stands_in_no_layer_breaks_the_layers(copy: Path) -> None:
    stray = copy / "consent" / "helpers.py"
    stray.touch()

    assert broken(copy, "layers")
    stray.unlink()


def test_the_document_names_every_module_in_the_order_of_the_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    rows = re.findall(
        r"^\|[^|]*\| (`.*?`) \|", (ROOT / "docs/architecture.md").read_text(), flags=re.MULTILINE
    )
    told = [sorted(re.findall(r"`(\w+)`", row)) for row in rows]

    assert sorted(itertools.chain(*told)) == sorted(re.findall(r"\w+", " ".join(layers)))
    places = {name: number for number, row in enumerate(told) for name in row}
    order = [max(places[name] for name in re.findall(r"\w+", layer)) for layer in layers]
    assert order == sorted(order)


def test_only_recording_makes_records() -> None:
    makers = {
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "consent").rglob("*.py"))
        if "migrations" not in path.parts and makes_records(path.read_text())
    }

    assert all(maker.startswith("consent/recording") for maker in makers), makers


@pytest.mark.parametrize(
    "line",
    ["ConsentRecord(state='given')", "models.ConsentRecord(x=1)", "ConsentRecord.objects.bulk_create([])"],
)
def test_making_a_record_is_recognised(line: str) -> None:
    assert makes_records(line)


def makes_records(source: str) -> bool:
    """Whether any call constructs a ConsentRecord or creates one through its manager."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            call = ast.unparse(node.func)
            if call.rpartition(".")[2] == "ConsentRecord" or (
                "ConsentRecord.objects" in call and call.rpartition(".")[2] in CREATING
            ):
                return True
    return False


CREATING = {"create", "bulk_create", "get_or_create", "update_or_create", "acreate", "abulk_create"}
