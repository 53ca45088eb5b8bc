"""An export as CSV, JSON lines or Parquet, in portions of bytes."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow
from pyarrow import parquet

from consent import ledger
from consent.exports.lines import Line
from consent.ledger import inert

CSV, NDJSON, PARQUET = "csv", "ndjson", "parquet"
MEDIA_TYPES = {
    CSV: "text/csv; charset=utf-8",
    NDJSON: "application/x-ndjson",
    PARQUET: "application/vnd.apache.parquet",
}

type Batches = Iterable[list[Line]]

# What people named. A number must keep its +, which no spreadsheet takes for more than a sign.
_NAMES = (ledger.COLUMNS.index("purpose"), ledger.COLUMNS.index("point"))
_NUMBERS = ("valid_days", "log_index", "log_size")


def write(batches: Batches, *, kind: str, about: Mapping[str, Any]) -> Iterator[bytes]:
    """The file, portion by portion. `about` is what it says of itself where its format has a place for that."""
    return _WRITERS[kind](batches, about)


def _csv(batches: Batches, _about: Mapping[str, Any]) -> Iterator[bytes]:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(ledger.COLUMNS)
    for batch in batches:
        # The same few names again and again: no line is made anew unless one of them needs it.
        names = {line[place] for place in _NAMES for line in batch}
        safe = names == set(map(inert, names))
        writer.writerows(batch if safe else map(_inert, batch))
        yield file.getvalue().encode()
        file.seek(0)
        file.truncate()
    if rest := file.getvalue():
        yield rest.encode()


def _inert(line: Line) -> list[Any]:
    return [inert(cell) if place in _NAMES else cell for place, cell in enumerate(line)]


def _ndjson(batches: Batches, about: Mapping[str, Any]) -> Iterator[bytes]:
    yield json.dumps({ledger.HEADER: 1, **about}).encode() + b"\n"
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for batch in batches:
        lines = [encode(dict(zip(ledger.COLUMNS, line, strict=True))) for line in batch]
        yield ("\n".join(lines) + "\n").encode()


_SCHEMA = pyarrow.schema(
    [(name, pyarrow.int64() if name in _NUMBERS else pyarrow.string()) for name in ledger.COLUMNS]
)


class _Sink(io.RawIOBase):
    """A file that hands out what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._written += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._written

    def taken(self) -> bytes:
        """Everything that was not taken yet."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _parquet(batches: Batches, about: Mapping[str, Any]) -> Iterator[bytes]:
    sink = _Sink()
    said = {name: str(value) for name, value in about.items()}
    with parquet.ParquetWriter(sink, _SCHEMA.with_metadata(said), compression="zstd") as writer:
        for batch in batches:
            columns = zip(*batch, strict=True)
            arrays = [
                pyarrow.array(column, kind) for column, kind in zip(columns, _SCHEMA.types, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=writer.schema))
            yield sink.taken()
    yield sink.taken()


_WRITERS: Mapping[str, Callable[[Batches, Mapping[str, Any]], Iterator[bytes]]] = {
    CSV: _csv,
    NDJSON: _ndjson,
    PARQUET: _parquet,
}
