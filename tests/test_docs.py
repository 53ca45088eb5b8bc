"""What the documents say is so: settings, targets, links, and words that must not be used."""

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])
READERS = {"text", "flag", "number", "words", "key", "key_or_none", "keyring", "json"}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def settings_read(source: str) -> set[str]:
    """The variables that the settings ask the environment for."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in READERS
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def settings_documented(text: str) -> set[str]:
    """The variables that begin a row of a table."""
    return set(re.findall(r"^\| `([A-Z_]+)` \|", text, flags=re.MULTILINE))


def anchors(text: str) -> set[str]:
    """The places inside a document that a link may point at."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(document: Path) -> list[str]:
    broken = []
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if ":" in path:
            continue
        place = (document.parent / path) if path else document
        if not place.exists() or (anchor and anchor not in anchors(place.read_text(encoding="utf-8"))):
            broken.append(target)
    return broken


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    read = settings_read((ROOT / "optin_site" / "settings.py").read_text())

    assert settings_documented((ROOT / "docs" / "configuration.md").read_text()) == read


def test_a_setting_is_recognised_where_it_is_read() -> None:
    assert settings_read('A = env.number("OPTIN_A", 1) + _env.read(x).text("PORT")') == {"OPTIN_A", "PORT"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    assert not broken_links(document)


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("# One heading\n[a](b.md) [b](#one-heading) [c](#two) [d](https://example.org/x)")

    assert broken_links(document) == ["b.md", "#two"]


def test_every_make_target_the_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {
        target
        for path in DOCUMENTS
        for target in re.findall(r"`(?:[A-Z_]+=\S+ )*make ([a-z-]+)", path.read_text())
    }

    assert named
    assert named <= targets


def test_every_decision_says_what_was_decided_and_at_what_price() -> None:
    for path in sorted((ROOT / "docs" / "adr").glob("0*.md")):
        text = path.read_text()
        for heading in ("## Decision", "## Consequences"):
            assert heading in text, f"{path.name} lacks {heading}"


def test_every_command_of_ours_that_documents_name_exists() -> None:
    commands = {path.stem for path in (ROOT / "consent" / "management" / "commands").glob("*.py")}
    djangos = {"migrate", "createsuperuser", "collectstatic", "check", "createcachetable", "changepassword"}
    named = {name for path in DOCUMENTS for name in re.findall(r"manage\.py ([a-z_]+)", path.read_text())}

    assert named - djangos <= commands
