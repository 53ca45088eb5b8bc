"""The canonical bytes of a record, as they enter the log."""

from functools import lru_cache
from typing import Any

from consent.canonical import canonical

ENTRY_LIMIT = 2048  # bytes

# What is each record's own, in the order of an entry.
_OWN = ("act", "event_time", "evidence", "id", "recorded_at", "subject")
_GAP = "\0"  # stands in no text that a database keeps


def of_record(
    *, id: str, act: str, subject: str, event_time: str, recorded_at: str, evidence: str, **alike: Any
) -> bytes:
    """The entry of one record: what is None is left out; nothing in it can be guessed or is free text.

    The six that are each record's own are ids, moments and hex: nothing in them needs an escape. What is `alike` in
    many records is written once.
    """
    written = _form(**alike) % (act, event_time, evidence, id, recorded_at, subject)
    data = written.encode()
    if len(data) > ENTRY_LIMIT:
        raise ValueError(f"A log entry may have {ENTRY_LIMIT} bytes; this one has {len(data)}.")
    return data


@lru_cache(maxsize=1024)
def _form(**alike: Any) -> str:
    """An entry with %s in the place of what is each record's own."""
    fields = {name: value for name, value in alike.items() if value is not None}
    written = canonical(fields | dict.fromkeys(_OWN, _GAP)).decode()
    return written.replace("%", "%%").replace(canonical(_GAP).decode()[1:-1], "%s")
