"""One way to write a value as bytes, so that two parties hash the same (RFC 8785, ASCII keys, no floats)."""

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

# Made once: making one takes as long as writing a small value.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: Any) -> bytes:
    """RFC 8785 JSON of a value made of ASCII keys, strings, integers, booleans, lists and mappings."""
    return _ENCODER.encode(value).encode()


def moment(value: datetime) -> str:
    """A time as the log writes it: UTC, to the microsecond."""
    return _moment(value.astimezone(UTC))


@lru_cache(maxsize=4096)  # lists and exports hold the same moment again and again
def _moment(value: datetime) -> str:
    return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
