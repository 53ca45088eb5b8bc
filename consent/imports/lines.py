"""What text files hold, line by line: the rows of CSV, and the objects of JSON lines."""

import csv
import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from consent.errors import BadInput
from consent.imports import encoding
from consent.imports.spreadsheet import Row

MOST_LINES = 5_000_000  # of a file; a row may have several, and lines may be empty
LONGEST_LINE = 200_000  # bytes
MOST_TITLES = 10  # rows that may stand above the headings
_SEPARATORS = ",;\t|"
_TOO_MANY_LINES = _("The file has more than 5,000,000 lines: bring it in parts.")


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
        if self.number > MOST_LINES:
            raise BadInput("file.too_many_rows", _TOO_MANY_LINES, status=413)
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


def rows(file: IO[bytes]) -> Iterator[Row]:
    lines = _Lines(file)
    start = [next(lines, "")]
    while (
        not any(one in start[-1] for one in _SEPARATORS)
        and len(start) <= MOST_TITLES
        and not lines.was_too_long
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


def objects(file: IO[bytes]) -> Iterator[tuple[int, dict[str, Any] | str | None]]:
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
