"""Every code a program may be answered with stands in docs/api-errors.md, and none that no program gets."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from consent.api import problems, questions, v1
from consent.providers import scanner
from tests.api.test_api_page import DOCS

CODE = Path(v1.__file__).parents[1]
SAYS = (
    *CODE.glob("api/*.py"),
    *CODE.glob("capture/app/*.py"),
    *(CODE / "imports" / f"{name}.py" for name in ("keeping", "reading", "encoding", "steps", "turns")),
    CODE / "preflight.py",
    CODE / "contact.py",
)
# What is put together where it is said: the fields of a question that are no strings, and its flags.
MADE = {f"{name}.type" for name in questions.FIELDS} | {"reply.unknown", "permit.unknown"}
MADE |= {"channel.unknown", "channel.required"}


def said(path: Path) -> Iterator[str]:
    """The codes that a module writes out."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "BadInput":
            match node.args:
                case [ast.Constant(value=str(code)), *_]:
                    yield code


def test_the_page_of_error_codes_has_them_all_and_no_others() -> None:
    page = (DOCS / "api-errors.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    documented = {code for row in rows for code in re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", row)} - {"code"}

    answered = {code for path in SAYS for code in said(path)} | MADE
    answered |= {code for code, _words in (*problems.SAID.values(), problems.REFUSED)}
    answered |= {*v1._CODES.values(), *v1._PHONE_CODES.values(), "field.invalid"}
    answered |= {scanner.MALWARE, scanner.SILENT}

    assert {code for code in answered if not code.startswith("guardian.")} == documented - {
        "guardian.required"
    }
