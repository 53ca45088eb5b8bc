"""The statement of a form as it stands on the screen, worked out once for many visitors."""

from typing import NamedTuple

from consent import wording
from consent.catalogue import Ask
from consent.models import NoticeVersion
from consent.wording import Statement


class Showing(NamedTuple):
    """A statement with its digest, and the capture point it was made from."""

    ask: Ask
    statement: Statement
    digest: str


_kept: dict[tuple[int, int, str], Showing] = {}


def show(ask: Ask, version: NoticeVersion, language: str) -> Showing:
    """The statement of a capture point in one language; kept for as long as the catalogue keeps `ask`."""
    key = (ask.point.pk, version.pk, language)
    kept = _kept.get(key)
    if kept is not None and kept.ask is ask:
        return kept
    statement = wording.statement(ask, version, language)
    made = _kept[key] = Showing(ask, statement, statement.digest)
    return made
