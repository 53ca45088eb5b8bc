"""Which messages the product shows, and what each catalogue lacks: `python -m tests.translations` lists them.

Reads Python with its own parser and templates with Django's, so that no gettext is needed.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.template.base import Lexer, TokenType
from django.utils.translation import template as template_translation

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ["es", "pt_BR"]

# What each function's arguments are, in order: c is a context, 1 the message, 2 its plural.
FUNCTIONS = {
    "_": "1",
    "gettext": "1",
    "gettext_lazy": "1",
    "gettext_noop": "1",
    "ngettext": "12",
    "ngettext_lazy": "12",
    "pgettext": "c1",
    "pgettext_lazy": "c1",
    "npgettext": "c12",
    "npgettext_lazy": "c12",
}
# templatize() writes a template as calls of these, with padding between them.
BLOCKS = {"blocktranslate", "blocktrans", "comment", "verbatim"}
# Blocks whose content stands inside a tag, not between tags.
ATTRIBUTES = ("class", "attributes", "style", "coltype")
# Names are the same in every language, and so are formats and the ends of file names.
NAMES = re.compile(
    r"\b(?:Optin|WhatsApp|SMS|PNG|SVG|PDF|JSON-LD|ISO/IEC TS \d+|Kantara Consent Receipt [\d.]+)\b"
    r"|(?<!\w)\.[a-z.-]+"
)
CALLS = re.compile(r"\b(?:n?p?gettext|_)\(")
PLACEHOLDERS = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


@dataclass(frozen=True, order=True)
class Message:
    """One thing to translate."""

    text: str
    plural: str = ""
    context: str = ""


@dataclass(frozen=True)
class Place:
    """Where a message stands."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


class NotExtractable(Exception):
    """A call whose message is put together while running: no catalogue can have it."""


def messages() -> dict[Message, Place]:
    """Every message of the code and the templates, with one place where it stands."""
    found: dict[Message, Place] = {}
    for path in sorted((ROOT / "consent").rglob("*.py")):
        for message, line in in_python(path.read_text(encoding="utf-8"), str(path)):
            found.setdefault(message, Place(path, line))
    for path in sorted((ROOT / "templates").rglob("*.*")):
        for message in in_template(path.read_text(encoding="utf-8")):
            found.setdefault(message, Place(path, 1))
    return found


def in_python(source: str, origin: str) -> Iterator[tuple[Message, int]]:
    for node in ast.walk(ast.parse(source, origin)):
        if isinstance(node, ast.Call) and (roles := FUNCTIONS.get(_name(node.func))):
            yield _message(node.args, roles, f"{origin}:{node.lineno}"), node.lineno


def in_template(source: str) -> Iterator[Message]:
    # templatize() leaves comments out and keeps {{ _("...") }} as it is.
    code = template_translation.templatize(source)
    for call in CALLS.finditer(code):
        node = _first_call(code[call.start() :])
        if node is not None:
            yield _message(node.args, FUNCTIONS[_name(node.func)], "a template")


def bare_words(source: str) -> list[str]:
    """What a template says outside any translation: it would be shown in one language only."""
    text, inside = "", ""
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            words = token.contents.split()
            if words[0] in BLOCKS or (words[0] == "block" and words[1].endswith(ATTRIBUTES)):
                inside = inside or words[0]
            elif words[0] == f"end{inside}":
                inside = ""
        text += token.contents if token.token_type == TokenType.TEXT and not inside else " "
    text = re.sub(r"<(script|style|svg|pre|code)\b.*?</\1>|<!--.*?-->", " ", text, flags=re.DOTALL)
    pieces = [piece.strip() for piece in re.split(r"<[^>]*>", text)]
    return [piece for piece in pieces if re.search(r"[A-Za-zÀ-ÿ]{2,}", NAMES.sub("", piece))]


def lacking(catalogue: polib.POFile, wanted: dict[Message, Place]) -> list[str]:
    """What is wrong with a catalogue, one line each."""
    plurals = int(re.search(r"nplurals=(\d+)", catalogue.metadata["Plural-Forms"])[1])  # type: ignore[index]
    entries = {Message(e.msgid, e.msgid_plural, e.msgctxt or ""): e for e in catalogue if not e.obsolete}
    wrong = [
        f"not translated: {message.text!r} ({place})"
        for message, place in wanted.items()
        if message not in entries
    ]
    wrong += [f"stale, nothing shows it: {message.text!r}" for message in entries.keys() - wanted.keys()]
    for message, entry in entries.items():
        forms = list(entry.msgstr_plural.values()) if message.plural else [entry.msgstr]
        if entry.fuzzy:
            wrong.append(f"marked fuzzy: {message.text!r}")
        if not all(form.strip() for form in forms):
            wrong.append(f"empty: {message.text!r}")
        # A catalogue whose header names more forms than a message has falls back to English, silently.
        if message.plural and len(forms) != plurals:
            wrong.append(f"{len(forms)} plural forms instead of {plurals}: {message.text!r}")
        wrong += [
            f"other placeholders: {form!r} for {message.text!r}"
            for form in forms
            if form.strip() and _placeholders(form) not in _allowed(message)
        ]
    return wrong


def read(language: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "consent" / "locale" / language / "LC_MESSAGES" / "django.po"))


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _message(arguments: list[ast.expr], roles: str, where: str) -> Message:
    words: dict[str, str] = {}
    for role, argument in zip(roles, arguments, strict=False):
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            raise NotExtractable(f"{where}: the message must be written out as one string")
        words[role] = argument.value
    if len(words) < len(roles):
        raise NotExtractable(f"{where}: the call lacks its message")
    return Message(words["1"], words.get("2", ""), words.get("c", ""))


def _first_call(code: str) -> ast.Call | None:
    """The call that `code` begins with, up to the bracket that closes it."""
    for end in (match.end() for match in re.finditer(r"\)", code)):
        try:
            node = ast.parse(code[:end], mode="eval").body
        except SyntaxError:
            continue
        return node if isinstance(node, ast.Call) else None
    return None


def _placeholders(text: str) -> tuple[str, ...]:
    return tuple(sorted(PLACEHOLDERS.findall(text.replace("%%", ""))))


def _allowed(message: Message) -> set[tuple[str, ...]]:
    """A form for "one" may leave the number out, as the English one does."""
    return {_placeholders(message.text), _placeholders(message.plural or message.text)}


def main() -> int:
    wanted, rc = messages(), 0
    for language in LANGUAGES:
        for line in lacking(read(language), wanted):
            print(f"{language}: {line}")
            rc = 1
    return rc


if __name__ == "__main__":
    import django
    from django.conf import settings

    settings.configure()
    django.setup()
    sys.exit(main())
