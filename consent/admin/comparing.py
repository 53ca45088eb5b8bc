"""Two versions of a notice side by side, with the words that differ marked."""

import difflib
import re
from collections import Counter
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from consent import linting
from consent.models import NoticeVersion
from consent.vocabulary import Language

_PIECE = re.compile(r"\s+|\w+|[^\w\s]")
# Pairs of equal words in two texts, of which any could be matched: of real notices some 20,000 at most. Beyond this
# the time grows with their square, and one text of "a a a a" would keep a process busy for an hour.
_MOST_PAIRS = 60_000


@dataclass(frozen=True, slots=True)
class Pair:
    """One text in both versions, with what went and what came."""

    language: str
    name: str
    before: SafeString
    after: SafeString
    is_same: bool


def pairs(before: NoticeVersion, after: NoticeVersion) -> list[Pair]:
    """Every text that either version has, in every language and wording."""
    return [
        _pair(
            language,
            f"{Language(language).label}, {linting.WORDINGS[kind]}",
            before.wordings.get(language, {}).get(kind, ""),
            after.wordings.get(language, {}).get(kind, ""),
        )
        for language in Language.values
        for kind in linting.WORDINGS
        if kind in before.wordings.get(language, {}) or kind in after.wordings.get(language, {})
    ]


def marked(before: str, after: str) -> tuple[SafeString, SafeString]:
    """Both texts: the first with what is gone in <del>, the second with what is new in <ins>."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    went, came = [], []
    # Without the rule of thumb for long texts, by which frequent words would match nothing, as long as that ends.
    matcher = difflib.SequenceMatcher(str.isspace, old, new, autojunk=_pairs(old, new) > _MOST_PAIRS)
    for kind, a, b, c, d in matcher.get_opcodes():
        went.append(("{}" if kind == "equal" else "<del>{}</del>", "".join(old[a:b])))
        came.append(("{}" if kind == "equal" else "<ins>{}</ins>", "".join(new[c:d])))
    return _joined(went), _joined(came)


def _pairs(old: list[str], new: list[str]) -> int:
    """How many pairs of equal words two texts have."""
    ours, theirs = Counter(old), Counter(new)
    return sum(number * theirs[piece] for piece, number in ours.items() if not piece.isspace())


def _joined(parts: list[tuple[str, str]]) -> SafeString:
    return format_html_join("", "{}", ((format_html(markup, text),) for markup, text in parts if text))


def _pair(language: str, name: str, before: str, after: str) -> Pair:
    went, came = marked(before, after)
    return Pair(language=language, name=name, before=went, after=came, is_same=before == after)
