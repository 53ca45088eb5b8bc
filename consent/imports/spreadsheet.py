"""The rows of a spreadsheet, read by a process of its own: a small file may ask for any memory and any time.

The process knows no key and no database, and imports nothing of the product but its limits. It writes a line for each
row that holds something, and at the end why it ended.
"""

import io
import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any

import openpyxl

from consent import confined

ROOT = Path(__file__).resolve().parents[2]
MEMORY = 2_000_000_000  # bytes; a list of 1,000,000 rows needs half of it
SECONDS = 600  # of a processor; such a list needs a quarter of them
LAST_ROW = 1_048_576  # that any spreadsheet has
MOST_COLUMNS = 200

# How it ended.
READ, BROKEN, TOO_MUCH, TOO_MANY_ROWS, TOO_MANY_COLUMNS = "read", "broken", "too_much", "rows", "columns"

# A row's number in the file and its cells, or the verdict on what is no row.
type Row = tuple[int, list[str] | str]


class Ended(Exception):
    """The rows ended before the sheet did; `why` is one of the words above."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def rows(file: IO[bytes], *, memory: int = MEMORY, seconds: int = SECONDS) -> Iterator[Row]:
    """The rows of the first sheet that hold something: values alone, so no formula and no macro runs or is kept.

    Raises Ended.
    """
    process = subprocess.Popen(  # noqa: S603 - our own program and two numbers
        [sys.executable, "-m", "consent.imports.spreadsheet", str(memory), str(seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=confined.environment(),
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with suppress(BrokenPipeError), process.stdin:
            copyfileobj(file, process.stdin)
        for line in process.stdout:
            said = json.loads(line)
            if isinstance(said, str):
                if said != READ:
                    raise Ended(said)
                return
            yield said[0], said[1]
        raise Ended(TOO_MUCH)  # the machine ended it
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def cell(value: Any) -> str:
    """A cell as text: a whole number as its digits, a day without its midnight."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _written(out: IO[bytes], line: Any) -> None:
    out.write(json.dumps(line).encode() + b"\n")


def _sheet(file: IO[bytes]) -> Iterator[Row]:
    warnings.simplefilter("ignore")  # openpyxl's, about styles and extensions that nobody asked for
    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # what the file says of its own size is not believed
    every = enumerate(sheet.iter_rows(values_only=True), start=1)
    for number, cells in islice(every, LAST_ROW):
        if any(value is not None for value in cells[MOST_COLUMNS:]):
            raise Ended(TOO_MANY_COLUMNS)
        if any(value is not None for value in cells):
            yield number, [cell(value) for value in cells[:MOST_COLUMNS]]
    if next(every, None):
        raise Ended(TOO_MANY_ROWS)


def main() -> None:
    """Read the spreadsheet that comes in, and write its rows."""
    confined.limit(memory=int(sys.argv[1]), seconds=int(sys.argv[2]))
    out = sys.stdout.buffer
    try:
        for row in _sheet(io.BytesIO(sys.stdin.buffer.read())):
            _written(out, row)
        ended = READ
    except Ended as error:
        ended = error.why
    except MemoryError:
        ended = TOO_MUCH
    except Exception:  # whatever openpyxl meets in a file that is broken on purpose
        ended = BROKEN
    _written(out, ended)


if __name__ == "__main__":
    main()
