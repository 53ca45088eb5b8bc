"""The canonical bytes of a record, as they enter the log (design section 5)."""

from typing import Any

from consent.canonical import canonical

ENTRY_LIMIT = 2048  # bytes


def of_record(fields: dict[str, Any]) -> bytes:
    """The entry of one record: what is None is left out; nothing in it can be guessed or is free text."""
    data = canonical({name: value for name, value in fields.items() if value is not None})
    if len(data) > ENTRY_LIMIT:
        raise ValueError(f"A log entry may have {ENTRY_LIMIT} bytes; this one has {len(data)}.")
    return data
