"""Reading a list row by row, whatever it comes as: CSV, a spreadsheet, or JSON lines. Nothing of it is believed."""

import csv
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from consent import ledger
from consent.errors import BadInput
from consent.imports import directory, encoding, spreadsheet
from consent.imports.spreadsheet import Row

LARGEST = 300_000_000  # bytes of a file
MOST_ROWS = 1_000_000
MOST_COLUMNS = spreadsheet.MOST_COLUMNS
LONGEST_LINE = 200_000  # bytes
LONGEST_CELL = 4_000  # characters
UNPACKED = 2_000_000_000  # bytes of a spreadsheet once it is unpacked; no more than 200 times what it was
MOST_TIMES = 200
_SEPARATORS = ",;\t|"
_TITLES = 10  # rows that may stand above the headings
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
    table = _of_json_lines(text) if is_json else _with_headings(_counted(_of_csv(text)))
    return replace(table, proposed=encoding.Encoding.WINDOWS_1252.value if found.is_proposed else "")


def _with_headings(rows: Iterator[Row]) -> Table:
    """The first row that is no title names the columns, unless a phone number stands in it."""
    start = list(islice(rows, _TITLES + 1))
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


# --- CSV


class _Lines:
    """The lines of a file as text, none longer than LONGEST_LINE; `number` is that of the last."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.number = 0
        self.was_too_long = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            self.was_too_long = True
            while (rest := self._file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            return "\n"
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise encoding.unreadable(self.number) from error
        return text.removeprefix("\ufeff") if self.number == 1 else text


def _of_csv(file: IO[bytes]) -> Iterator[Row]:
    lines = _Lines(file)
    start = [next(lines, "")]
    while (
        not any(one in start[-1] for one in _SEPARATORS) and len(start) <= _TITLES and not lines.was_too_long
    ) and (line := next(lines, "")):
        start.append(line)
    separator = max(_SEPARATORS, key=start[-1].count)
    if said := re.fullmatch(r'"?sep=([,;\t|])"?\s*', start[0], re.IGNORECASE):  # Excel's own way to say it
        separator, start[0] = said[1], "\n"
    reader = csv.reader(chain(start, lines), delimiter=separator)
    while True:
        begun = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a cell of more than 128 KiB
            yield begun, "row.too_long"
            continue
        if lines.was_too_long:
            lines.was_too_long = False
            yield begun, "row.too_long"
        else:
            yield begun, cells


# --- JSON lines


def _of_json_lines(file: IO[bytes]) -> Table:
    objects = _objects(file)
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


def _objects(file: IO[bytes]) -> Iterator[tuple[int, dict[str, Any] | str | None]]:
    """The object of each line; None for a line that is none, the verdict for one that is too long."""
    lines = _Lines(file)
    for line in lines:
        if lines.was_too_long:
            lines.was_too_long = False
            yield lines.number, "row.too_long"
        elif line.strip():
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                found = None
            is_flat = isinstance(found, dict) and not any(
                isinstance(value, dict | list) for value in found.values()
            )
            yield lines.number, found if is_flat else None


# --- spreadsheets


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
