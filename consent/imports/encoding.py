"""Which letters the bytes of a text file are: said, told by the file itself, or proposed and then confirmed."""

import codecs
import io
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from consent.errors import BadInput

_CHUNK = 1 << 16  # bytes


class Encoding(TextChoices):
    """What a list may be written in."""

    UTF_8 = "utf-8", "UTF-8"
    UTF_16 = "utf-16", "UTF-16"
    WINDOWS_1252 = "windows-1252", "Windows-1252"


# What stands before the text, and how Python calls what follows. UTF-16 without it is not told from other bytes.
_MARKS = (
    (codecs.BOM_UTF8, Encoding.UTF_8, "utf-8"),
    (codecs.BOM_UTF16_LE, Encoding.UTF_16, "utf-16-le"),
    (codecs.BOM_UTF16_BE, Encoding.UTF_16, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """An encoding, as Python calls it, and whether nobody but us says so."""

    codec: str
    is_proposed: bool = False

    def text(self, start: bytes) -> str:
        """The beginning of a file, as far as it can be read."""
        return start.decode(self.codec, "ignore").removeprefix("\ufeff")


def find(file: IO[bytes], *, said: str = "", may_propose: bool = False) -> Found:
    """What a text file is written in: as it was `said`, by its mark, else UTF-8; Windows-1252 only as a proposal.

    Raises BadInput where what was said contradicts the file's mark.
    """
    start = file.read(3)
    file.seek(0)
    marked, codec = next(
        ((one, codec) for mark, one, codec in _MARKS if start.startswith(mark)), ("", "utf-8")
    )
    if said and marked != said and (marked or said == Encoding.UTF_16):
        raise unreadable(1, said)
    if said == Encoding.WINDOWS_1252:
        return Found("cp1252")
    if may_propose and not marked and not said and not _is_utf8(file):
        return Found("cp1252", is_proposed=True)
    return Found(codec)


def in_utf8(file: IO[bytes], found: Found) -> IO[bytes]:
    """The bytes of a text file as UTF-8, made while they are read. Reading raises BadInput where they cannot be."""
    return file if found.codec == "utf-8" else io.BufferedReader(_Recoded(file, found.codec), _CHUNK)


def unreadable(line: int, encoding: str = Encoding.UTF_8) -> BadInput:
    """What is said of a file that holds something else than was said or is usual."""
    if encoding == Encoding.UTF_8:
        message = _("Line %(line)s is not in UTF-8. Save the file as “CSV UTF-8” and bring it again.")
    else:
        message = _(
            "Line %(line)s cannot be read as %(encoding)s. Save the file as “CSV UTF-8” and bring it again."
        )
    return BadInput("file.encoding", message, params={"line": line, "encoding": Encoding(encoding).label})


class _Recoded(io.RawIOBase):
    """A file's text in UTF-8."""

    def __init__(self, file: IO[bytes], codec: str) -> None:
        self._file, self._codec = file, codec
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._lines = 1  # begun so far
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        at_end = False
        while not self._ready and not at_end:
            chunk = self._file.read(_CHUNK)
            at_end = not chunk
            self._ready = self._decoded(chunk, at_end)
        given, self._ready = self._ready[: len(into)], self._ready[len(into) :]
        into[: len(given)] = given
        return len(given)

    def _decoded(self, chunk: bytes, at_end: bool) -> bytes:
        try:
            text = self._decoder.decode(chunk, at_end)
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode(self._codec)
            name = Encoding.WINDOWS_1252 if self._codec == "cp1252" else Encoding.UTF_16
            raise unreadable(self._lines + good.count("\n"), name) from error
        self._lines += text.count("\n")
        return text.encode()


def _is_utf8(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in iter(partial(file.read, _CHUNK), b""):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True
