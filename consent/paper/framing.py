"""How two processes speak: a line of JSON, then as many bytes as that line says."""

import json
from collections.abc import Mapping
from typing import IO, Any

LONGEST_LINE = 1_000_000


def frame(said: Mapping[str, Any], *parts: bytes) -> bytes:
    """One message and its pictures."""
    line = json.dumps({**said, "sizes": [len(part) for part in parts]}).encode() + b"\n"
    return line + b"".join(parts)


def send(stream: IO[bytes], said: Mapping[str, Any], *parts: bytes) -> None:
    """Write one message."""
    stream.write(frame(said, *parts))
    stream.flush()


def take(stream: IO[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """Read one message. Raises EOFError at the end, ValueError where it is none."""
    line = stream.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise EOFError
    said = json.loads(line)
    return said, [stream.read(size) for size in said.pop("sizes")]
