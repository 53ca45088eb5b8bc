"""One way to write a value as bytes, so that two parties hash the same (RFC 8785, ASCII keys, no floats)."""

import json
from datetime import UTC, datetime
from typing import Any


def canonical(value: Any) -> bytes:
    """RFC 8785 JSON of a value made of ASCII keys, strings, integers, booleans, lists and mappings."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def moment(value: datetime) -> str:
    """A time as the log writes it: UTC, to the microsecond."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
