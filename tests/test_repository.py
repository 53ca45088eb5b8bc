"""What is committed names no machine and no place of download, and says why each dependency is here."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.house

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["consent", "optin_site", "templates", "static", "tests", "bench", "docs", "requirements"]
COMMON = {Path("/"), Path("/tmp"), Path("/home"), Path("/srv"), Path("/opt"), Path("/app")}


def committed() -> list[Path]:
    """Every text file of the repository: what git keeps, or all there is where this is not a clone."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    names = [name for name in listed.stdout.split("\0") if name]
    paths = [ROOT / name for name in names] or [
        path for folder in FOLDERS for path in (ROOT / folder).rglob("*")
    ]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:1024]]


def test_requirements_are_locked_with_hashes_and_without_addresses() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text()
        packages = re.findall(r"^\S+==\S+", text, flags=re.MULTILINE)
        assert packages
        assert "://" not in text
        assert not re.search(r"^-", text, flags=re.MULTILINE), "an option would name an index"
        assert text.count("--hash=sha256:") >= len(packages)


def test_the_product_runs_with_exactly_what_its_tests_run_with() -> None:
    runtime, dev = (set(locked(name)) for name in ("runtime.txt", "dev.txt"))

    assert runtime <= dev


def locked(name: str) -> list[str]:
    return re.findall(r"^\S+==\S+", (ROOT / "requirements" / name).read_text(), flags=re.MULTILINE)


def test_every_runtime_dependency_says_why_it_is_here() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("dependencies = [", 1)[1].split("\n]", 1)[0]
    lines = [line for line in block.splitlines() if line.strip().startswith('"')]

    assert lines
    assert all(" # " in line for line in lines), [line for line in lines if " # " not in line]


def test_no_file_names_the_folder_it_was_written_in() -> None:
    folders = {ROOT, ROOT.parent, Path.home()} - COMMON
    found = {
        str(path.relative_to(ROOT)): str(folder)
        for path in committed()
        for folder in folders
        if re.search(rf"(?<![\w.]){re.escape(str(folder))}(?![\w-])", path.read_text(errors="ignore"))
    }

    assert not found


def test_nothing_is_left_to_do_silently() -> None:
    """A mark in the code is forgotten; an issue is not."""
    mark = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in committed()
        if path.suffix in {".py", ".html", ".js", ".css", ".md"}
        for match in mark.finditer(path.read_text(errors="ignore"))
    ]

    assert not found


def test_the_migrations_make_the_tables_that_the_models_describe(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("makemigrations", check_changes=True, dry_run=True)

    assert capsys.readouterr().out == "No changes detected\n"
