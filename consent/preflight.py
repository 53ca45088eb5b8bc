"""Before a campaign: an audience is taken apart into whom it may reach, whom not and why, and what is no number."""

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched, chain, islice
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from consent import decision, ledger
from consent.contact import Contact
from consent.decision import Decision, Reason
from consent.errors import BadInput
from consent.models import Company
from consent.quality import counting

AT_ONCE = 2_000  # rows that are decided together
MOST_ROWS = 200_000
LARGEST = 20 * 1024 * 1024  # bytes of a file
PLANNED = timedelta(days=31)  # so far ahead is a moment of sending judged
LONGEST_LINE = 200_000  # characters
_SEPARATORS = ",;\t|"
_LONGEST_HEADING = 20  # lines
_LOOKED_AT = 50  # rows, to find the column with the numbers

_HEADINGS = re.compile(
    r"(mobile|cell|phone|tel[eé]?fon|celular|whats|m[oó]vil|n[uú]mero|number|contact|fone)", re.IGNORECASE
)
_REASON = "reason"
OVER_LIMIT = "over_limit"  # agreed, but the platform's limit of people in 24 hours has no room for them today


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an audience: how many rows got each reason, and how many rows there were."""

    rows: int
    reasons: dict[str, int]
    column: str
    decided_at: datetime
    sending_at: datetime  # the moment that was judged


def run(
    lines: Iterable[str],
    into: IO[bytes] | Path,
    *,
    company: Company,
    channel: str,
    purpose: str,
    at: datetime,
    sending_at: datetime | None = None,
    explain: Callable[[str], str] | None = None,
) -> Result:
    """Write a zip: `allowed.csv`, `denied.csv` with reasons, `unread.csv` (no number, or one seen before) and
    `summary.json`; every row of the audience stands in exactly one of the three. One query for AT_ONCE rows.

    What is judged is a message that leaves at `sending_at`, or now: by then a consent may have ended, or night begun.

    To whom reasons are only codes, `explain` says each in words, in one more column; of "" the heading of that column.

    A number without + is one of the company's country. Raises BadInput for what is no table with numbers.
    """
    reader = _reader(lines)
    heading, first = _beginning(reader)
    column = _column(heading, first, company)
    reasons: Counter[str] = Counter()
    seen: set[str] = set()
    planned = sending_at if sending_at is not None and sending_at > at else None
    room = counting.room(company.pk, channel, at=at)
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        files = {name: io.StringIO(newline="") for name in ("allowed", "denied", "unread")}
        tables = {name: csv.writer(file) for name, file in files.items()}
        titles = [ledger.inert(cell) for cell in heading]
        tables["allowed"].writerow(titles)
        for name in ("denied", "unread"):
            tables[name].writerow([*titles, _REASON, *([explain("")] if explain else [])])
        for rows in batched(_rows(first, reader), AT_ONCE, strict=False):
            for row, reason in _judge(rows, column, seen, company, channel, purpose, planned):
                if reason == Reason.GIVEN and room is not None:
                    reason, room = (reason, room - 1) if room else (OVER_LIMIT, 0)
                reasons[reason] += 1
                cells = [_safe(cell, is_number=place == column) for place, cell in enumerate(row)]
                if reason == Reason.GIVEN:
                    tables["allowed"].writerow(cells)
                else:
                    is_unread = reason in (Reason.MALFORMED, "duplicate")
                    why = [explain(reason)] if explain else []
                    row = _with_reason(cells, reason, *why, width=len(heading))
                    tables["unread" if is_unread else "denied"].writerow(row)
        for name, file in files.items():
            archive.writestr(f"{name}.csv", "\ufeff" + file.getvalue())
        result = Result(reasons.total(), dict(reasons.most_common()), heading[column], at, sending_at or at)
        archive.writestr("summary.json", json.dumps(_summary(result, channel, purpose), indent=1))
    return result


def _judge(
    rows: Iterable[list[str]],
    column: int,
    seen: set[str],
    company: Company,
    channel: str,
    purpose: str,
    sending_at: datetime | None,
) -> Iterator[tuple[list[str], str]]:
    """Each row with its reason, in their order."""
    read: list[tuple[list[str], Contact | None, str]] = []
    for row in rows:
        contact = _contact(row[column] if len(row) > column else "", company)
        if contact is None:
            read.append((row, None, Reason.MALFORMED))
        elif contact.canonical in seen:
            read.append((row, None, "duplicate"))
        else:
            seen.add(contact.canonical)
            read.append((row, contact, ""))
    asked = [contact for _row, contact, _reason in read if contact is not None]
    decided: Iterator[Decision] = iter(
        decision.may_send_to_each(asked, company=company.pk, channel=channel, purpose=purpose, at=sending_at)
    )
    for row, contact, reason in read:
        yield row, reason if contact is None else next(decided).reason.value


def _with_reason(cells: list[str], *reason: str, width: int) -> list[str]:
    """A row with its reason, and that in words where it is wanted, below the heading, however many cells it has."""
    missing = [""] * (width - len(cells))
    return [*cells[:width], *missing, *reason, *cells[width:]]


def _reader(lines: Iterable[str]) -> Iterator[list[str]]:
    """The rows of a table, whatever it is separated by. Raises BadInput where it is none."""
    rest = iter(lines)
    first = [next(rest, "").removeprefix("\ufeff")]
    while first[-1] and len(first) < _LONGEST_HEADING and sum(line.count('"') for line in first) % 2:
        first.append(next(rest, ""))  # a cell of several lines
    between = re.sub(r'"[^"]*"', "", "".join(first))  # the cells in quotation marks
    separator = max(_SEPARATORS, key=(between if set(between) & set(_SEPARATORS) else first[0]).count)
    try:
        yield from csv.reader(map(_not_too_long, chain(first, rest)), delimiter=separator)
    except csv.Error as error:
        raise BadInput("file.malformed", _("This is no CSV file.")) from error


def _not_too_long(line: str) -> str:
    if len(line) > LONGEST_LINE:
        raise BadInput("file.malformed", _("This is no CSV file."))
    return line


def _beginning(reader: Iterator[list[str]]) -> tuple[list[str], list[list[str]]]:
    """The headings, and the first rows below them. A file without headings gets numbered ones."""
    first = list(islice(filter(any, reader), _LOOKED_AT))
    if not first:
        raise BadInput("file.empty", _("The file is empty."))
    has_headings = not any(re.search(r"\d{6}", re.sub(r"[\s().-]", "", cell)) for cell in first[0])
    if has_headings:
        return first[0], first[1:]
    return [str(number) for number in range(1, len(first[0]) + 1)], first


def _column(heading: list[str], rows: list[list[str]], company: Company) -> int:
    """Where the numbers stand: in the column that holds most of them, its heading deciding a tie."""

    def score(column: int) -> tuple[int, bool]:
        cells = [row[column] for row in rows if len(row) > column]
        return sum(_contact(cell, company) is not None for cell in cells), bool(
            _HEADINGS.search(heading[column])
        )

    best = max(range(len(heading)), key=score)
    if not any(score(best)):
        raise BadInput("file.no_numbers", _("No column of the file holds phone numbers."))
    return best


def _rows(first: list[list[str]], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    for number, row in enumerate(chain(first, filter(any, rest))):
        if number == MOST_ROWS:
            raise BadInput(
                "file.too_many_rows", _("The file has more than 200,000 rows: send it in parts."), status=413
            )
        yield row


def _contact(cell: str, company: Company) -> Contact | None:
    with suppress(BadInput):
        return Contact.tel(cell.strip().lstrip("'"), company.country)
    return None


def _safe(cell: str, *, is_number: bool) -> str:
    """A cell that no spreadsheet takes for a formula; a number keeps its +, for whoever sends with the file."""
    if is_number and re.fullmatch(r"\+?[\d\s().-]+", cell):
        return cell
    return ledger.inert(cell)


def _summary(result: Result, channel: str, purpose: str) -> dict[str, Any]:
    return {
        "rows": result.rows,
        "reasons": result.reasons,
        "column": result.column,
        "channel": channel,
        "purpose": purpose,
        "decided_at": result.decided_at.isoformat(),
        "sending_at": result.sending_at.isoformat(),
    }
