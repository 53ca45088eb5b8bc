"""A file that lies in another process is read piece by piece, through two pipes: nobody holds all of it."""

import io
import os
import struct
from dataclasses import dataclass
from typing import Protocol

BLOCK = 32 * 1024  # bytes asked for at once: what a pipe holds, so that whoever answers never waits
BUFFER = 256 * 1024
_WANT = struct.Struct("!QQ")  # from where on, and how many bytes


class Source(Protocol):
    """Where the bytes of a file are."""

    @property
    def size(self) -> int:
        """How many there are."""

    def read(self, offset: int, size: int) -> bytes:
        """So many bytes from an offset on; fewer at the end."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """A source that is here already."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def read(self, offset: int, size: int) -> bytes:
        return self.content[offset : offset + size]


class Pulled(io.RawIOBase):
    """The file as a stream, for the side that does not have it. Raises OSError where the other side hung up."""

    def __init__(self, wants: int, blocks: int, size: int) -> None:
        self._wants, self._blocks, self._size, self._at = wants, blocks, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        size = min(len(buffer), BLOCK, self._size - self._at)
        if size <= 0:
            return 0
        os.write(self._wants, _WANT.pack(self._at, size))
        got = 0
        while got < size:
            part = os.read(self._blocks, size - got)
            if not part:
                raise OSError("The other side hung up.")
            buffer[got : got + len(part)] = part
            got += len(part)
        self._at += size
        return size


def stream(wants: int, blocks: int, size: int) -> io.BufferedReader:
    """The file as a buffered stream."""
    return io.BufferedReader(Pulled(wants, blocks, size), BUFFER)


def answer(wants: int, blocks: int, source: Source) -> None:
    """Answer one question of the other side. Raises ValueError where it is none, OSError where nobody listens."""
    asked = os.read(wants, _WANT.size)
    if len(asked) != _WANT.size:
        raise ValueError("This is no question.")
    offset, size = _WANT.unpack(asked)
    found = source.read(offset, size) if size <= BLOCK else b""
    if len(found) != size:
        raise ValueError("There is no such part of the file.")
    os.write(blocks, found)
