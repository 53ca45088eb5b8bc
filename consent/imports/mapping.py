"""What each column of a list means: guessed from its heading and its cells, confirmed by staff, remembered."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from consent import ledger
from consent.errors import BadInput
from consent.imports import cells
from consent.models import Company

EVERYWHERE = "all"  # an opt-out of every channel

# What a column may hold. In the order of the screen.
COLUMNS = ("contact", "state", "date", "purpose", "channel", "source", "evidence", "file", "language")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what, and what holds for every row where no column does."""

    columns: Mapping[str, int] = field(default_factory=dict)
    purpose: str = ""
    channel: str = ""
    source: str = ""
    evidence: str = ""
    day_first: bool = True
    encoding: str = ""  # that staff confirmed, where it was proposed

    def written(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


def read(written: Mapping[str, Any]) -> Columns:
    """What `written` gave."""
    return Columns(**{one.name: written[one.name] for one in fields(Columns) if one.name in written})


# English, Spanish and Portuguese, without accents; the first heading that matches has it.
_HEADINGS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "contact": r"mobile|\bcell|phone|telef|\btel\b|celular|whats|movil|\bfone|numero|number|contact|msisdn",
        "state": r"opt.?in|opt.?out|consent|\bstatus|estado|situac|acept|aceit|autoriz|permis|suscri|inscri"
        r"|subscri|unsub|\bbaja\b",
        "date": r"date|fecha|\bdata\b|\bwhen|cuando|quando|\balta\b|\bdia\b|\bday\b|\bdt\b",
        "purpose": r"purpose|finalidad|proposito|motivo|asunto|assunto|\blista?\b",
        "channel": r"channel|\bcanal",
        "source": r"source|origen|origem|fuente|\bfonte|\bwhere|donde|\bonde\b|\blocal|campan?ha?|evento|\bloja|tienda",
        "evidence": r"eviden|proof|prueba|\bprova|comprob|folio|protocol|documento|referenc|\bref\b|ficha|formulario",
        "file": r"\bfile|archivo|arquivo|\bscan|anexo|adjunto|attach|imagen|imagem",
        "language": r"lang|idioma|lingua|lengua",
    }.items()
}


def guess(headings: Sequence[str], rows: Sequence[Sequence[str]], company: Company) -> Columns:
    """What the columns probably mean. A heading and what stands below it must agree where that can be told."""
    if ledger.is_export(list(headings)):
        return Columns({})
    plain = [cells.plain(heading) for heading in headings]
    taken: dict[str, int] = {}

    def column(place: int) -> list[str]:
        return [row[place] for row in rows if len(row) > place and row[place].strip()]

    def share(place: int, holds: Callable[[str], bool]) -> float:
        found = column(place)
        return sum(map(holds, found)) / len(found) if found else 0.0

    def is_number(cell: str) -> bool:
        try:
            cells.contact(cell, company)
        except BadInput as error:
            return error.code == "phone.scientific"
        return True

    tests: Mapping[str, Callable[[str], bool]] = {
        "contact": is_number,
        "state": lambda cell: cells.state(cell) is not None,
        "date": lambda cell: cells.is_date(cell),
        "channel": lambda cell: cells.channel(cell) is not None,
    }
    for name in ("contact", "date", "state", "channel", "file", "purpose", "evidence", "source", "language"):
        test = tests.get(name)
        best, best_score = None, 0.0
        for place, heading in enumerate(plain):
            if place in taken.values():
                continue
            named = bool(_HEADINGS[name].search(heading))
            score = (share(place, test) if test else 0.0) + (1.0 if named else 0.0)
            fits = score >= 1.3 if test and name != "contact" else score >= 0.5 if test else named
            if fits and score > best_score:
                best, best_score = place, score
        if best is not None:
            taken[name] = best
    return Columns(
        taken, day_first=cells.day_first(column(taken["date"]) if "date" in taken else [], company)
    )
