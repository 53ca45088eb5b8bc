"""Reading a list row by row, whatever it comes as: CSV, a spreadsheet, or JSON lines. Nothing of it is believed."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import IO

from django.utils.translation import gettext_lazy as _

from consent import ledger
from consent.errors import BadInput
from consent.imports import directory, encoding, lines, spreadsheet, turns
from consent.imports.spreadsheet import Row

LARGEST = 300_000_000  # bytes of a file
MOST_ROWS = 1_000_000
MOST_COLUMNS = spreadsheet.MOST_COLUMNS
LONGEST_CELL = 4_000  # characters
UNPACKED = 2_000_000_000  # bytes of a spreadsheet once it is unpacked; no more than 200 times what it was
MOST_TIMES = 200
_LOOKED_AT = 100  # lines, to find the names that JSON lines use

_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_TOO_MANY_ROWS = _("The file has more than 1,000,000 rows: bring it in parts.")
_TOO_MANY_COLUMNS = _("The file has more than 200 columns: keep those with consents.")
_NO_TABLE = _("Bring a CSV file, an XLSX spreadsheet or JSON lines.")
_BOMB = _("The spreadsheet unpacks to more than anybody writes. Save it as CSV.")
_BROKEN = _("The spreadsheet cannot be read. Save it again, or as CSV.")


@dataclass(frozen=True, slots=True)
class Table:
    """The headings of a list, its rows, and the encoding if nobody but us says that it is this one."""

    headings: list[str]
    rows: Iterator[Row]
    proposed: str = ""


def read(file: IO[bytes], *, size: int, said: str = "", may_propose: bool = False) -> Table:
    """The table in a file of `size` bytes. Raises BadInput, now or while rows are read, where it is none.

    `said` is the encoding of its text, else it is UTF-8 or has a mark; see `encoding.find` for what is proposed.
    """
    if size > LARGEST:
        raise BadInput("file.too_large", _("The file is larger than 300 MB: bring it in parts."), status=413)
    start = file.read(8192)
    file.seek(0)
    if not start.strip():
        raise BadInput("file.empty", _("The file is empty."))
    if start.startswith(b"PK\x03\x04"):
        return _with_headings(_counted(_of_spreadsheet(file, size)))
    if start.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"<", b"MZ", b"\x89PNG", b"\xff\xd8")):
        raise BadInput("file.type", _NO_TABLE, status=415)
    found = encoding.find(file, said=said, may_propose=may_propose)
    begins = found.text(start)
    if "\0" in begins.partition("\n")[0]:
        raise encoding.unreadable(1)  # UTF-16 without its mark, or no text
    text = encoding.in_utf8(file, found)
    is_json = begins.lstrip().startswith("{")
    table = _of_json_lines(text) if is_json else _with_headings(_counted(lines.rows(text)))
    return replace(table, proposed=encoding.Encoding.WINDOWS_1252.value if found.is_proposed else "")


def _with_headings(rows: Iterator[Row]) -> Table:
    """The first row that is no title names the columns, unless a phone number stands in it."""
    start = list(islice(rows, lines.MOST_TITLES + 1))
    rows = chain(start[_titles(start) :], rows)
    number, first = next(rows, (0, ""))
    if isinstance(first, str):
        raise BadInput("file.empty", _("The file is empty."))
    if _has_number(first):
        headings = [str(place) for place in range(1, len(first) + 1)]
        return Table(headings, chain([(number, first)], rows))
    second = next(rows, None)
    if second is None:
        raise BadInput("file.no_rows", _("The file has headings and no rows."))
    return Table([cell.strip() for cell in first], chain([second], rows))


def _titles(start: Sequence[Row]) -> int:
    """How many rows say what the list is, before the one with the headings: they have one cell, and it several."""
    for place, (_number, cells) in enumerate(start):
        if isinstance(cells, str) or _has_number(cells):
            return 0
        if sum(map(bool, cells)) > 1:
            return place
    return 0


def _has_number(cells: Sequence[str]) -> bool:
    return any(re.search(r"[0-9]{6}", re.sub(r"[\s().-]", "", cell)) for cell in cells)


def _counted(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows that hold something; no more than MOST_ROWS and a heading."""
    count = 0
    for number, cells in rows:
        if isinstance(cells, list):
            if len(cells) > MOST_COLUMNS:
                raise BadInput("file.too_many_columns", _TOO_MANY_COLUMNS)
            if not any(cells):
                continue
        count += 1
        if count > MOST_ROWS + 1:
            raise BadInput("file.too_many_rows", _TOO_MANY_ROWS, status=413)
        yield number, _clean(cells)


def _clean(cells: list[str] | str) -> list[str] | str:
    if isinstance(cells, str):
        return cells
    if any(len(cell) > LONGEST_CELL for cell in cells):
        return "row.too_long"
    return "row.bad_character" if any(map(_NOT_TEXT.search, cells)) else cells


def _of_json_lines(file: IO[bytes]) -> Table:
    objects = lines.objects(file)
    first = list(islice(objects, _LOOKED_AT))
    if first and isinstance(first[0][1], dict) and ledger.HEADER in first[0][1]:
        first = first[1:]
    names = list(dict.fromkeys(name for _number, found in first if isinstance(found, dict) for name in found))
    if not names:
        raise BadInput("file.no_rows", _("The file has headings and no rows."))

    def rows() -> Iterator[Row]:
        for number, found in chain(first, objects):
            if found is None:
                yield number, "row.malformed"
            elif isinstance(found, str):
                yield number, found
            else:
                yield number, [spreadsheet.cell(found.get(name)) for name in names]

    return Table(names, _counted(rows()))


def _of_spreadsheet(file: IO[bytes], size: int) -> Iterator[Row]:
    try:
        directory.check(file)
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise BadInput("file.malformed", _BROKEN) from error
    if not any(name.startswith("xl/") for name in names):
        raise BadInput("file.type", _NO_TABLE, status=415)
    if unpacked > UNPACKED or unpacked > MOST_TIMES * size:
        raise BadInput("file.bomb", _BOMB)
    file.seek(0)
    try:
        with turns.turn():
            yield from spreadsheet.rows(file)
    except spreadsheet.Ended as ended:
        raise _refused(ended.why) from ended


def _refused(why: str) -> BadInput:
    match why:
        case spreadsheet.TOO_MUCH:
            return BadInput("file.bomb", _BOMB)
        case spreadsheet.TOO_MANY_ROWS:
            return BadInput("file.too_many_rows", _TOO_MANY_ROWS, status=413)
        case spreadsheet.TOO_MANY_COLUMNS:
            return BadInput("file.too_many_columns", _TOO_MANY_COLUMNS)
    return BadInput("file.malformed", _BROKEN)
