"""Files that staff drop are read page by page, in a process that can neither hurt us nor know anything.

    with reading.opened(content) as document:      # raises FileRefused
        for number in range(document.pages):
            for found in document.read(number):    # one for each sheet in the picture, at least one
                ...

A page that cannot be read has its reason; it never raises, and never keeps the next page from being read.
"""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent import confined
from consent.capture.paper import sealing
from consent.errors import BadInput
from consent.paper import code, limits, pulled
from consent.paper.framing import send, take
from consent.paper.pulled import InMemory, Source
from consent.paper.result import Box, Mark, PageReading, Presence, Reason

ROOT = Path(__file__).resolve().parents[3]
# Pictures are large, and many are made on the way. By itself malloc asks the system for each and gives it back; the
# system then clears every page of it anew, which took a third of the time. Kept, and in large pages, nearly none.
KEPT = ":".join(f"glibc.malloc.{name}" for name in ("mmap_max=0", "trim_threshold=4294967296", "hugetlb=1"))

ENDED = {Reason.CRASHED, Reason.TOO_SLOW}  # how a page is told that did not end by itself
MANNERS = 5  # seconds in which the process may end by itself

EXPLAINED = {
    Reason.EMPTY: _("The file is empty."),
    Reason.TOO_LARGE: _(
        "A picture may have 25 MB, a PDF or TIFF 400 MB. Scan fewer pages into one file, or with less resolution."
    ),
    Reason.WRONG_TYPE: _("This is no PDF, JPEG, PNG, TIFF, WebP or HEIC."),
    Reason.ENCRYPTED: _("The PDF is locked with a password. Save it without one."),
    Reason.TOO_MANY_PAGES: _("The file has more than 300 pages. Divide it."),
    Reason.CORRUPT: _("The file is damaged or cut off. Scan or copy it again."),
    Reason.TOO_MANY_PIXELS: _("The picture is larger than 80 megapixels. Scan with at most 600 dpi."),
    Reason.TOO_MUCH_MEMORY: _("Reading the page needed too much memory. Scan it again, as JPEG or PDF."),
    Reason.TOO_SLOW: _("Reading the page took too long. Scan it again, as JPEG or PDF."),
    Reason.CRASHED: _("The page could not be read, and the program that tried ended. Scan it again."),
    Reason.BLANK: _("The page is blank."),
    Reason.NO_CODE: _("No code of a sheet was found. It is another form, or the code is covered or cut off."),
    Reason.FORGED_CODE: _("The code on the page was not printed here."),
    Reason.NO_CORNERS: _("The corner marks or the boxes were not found. Photograph the whole sheet, lying flat."),
    Reason.TOO_BLURRED: _("The picture is blurred. Hold the phone still, and near enough."),
}  # fmt: skip


class FileRefused(BadInput):
    """A file that cannot be read as a whole."""

    def __init__(self, reason: Reason) -> None:
        status = {Reason.TOO_LARGE: 413, Reason.WRONG_TYPE: 415}.get(reason, 422)
        super().__init__(f"file.{reason}", EXPLAINED[reason], status=status)
        self.reason = reason


class Document:
    """A file that was opened: how many pages it has, and what stands on each."""

    def __init__(
        self, source: Source, *, memory: int = limits.MEMORY, seconds: float = limits.SECONDS
    ) -> None:
        self._source = source
        self._wants = self._blocks = -1  # our ends of the pipes through which the process asks for bytes
        self._limits = {"memory": memory, "seconds": seconds}
        self._process: subprocess.Popen[bytes] | None = None
        self.seconds = 0.0  # of a processor, that the last question took
        said, _parts = self._asked({"do": "pages"})
        if "reason" in said:
            self.close()
            raise FileRefused(Reason(said["reason"]))
        self.pages = int(said["pages"])

    def read(self, page: int) -> tuple[PageReading, ...]:
        """What stands on a page, counted from 0."""
        said, parts = self._asked({"do": "read", "page": page})
        try:
            if "reason" in said:
                return (nothing(page, Reason(said["reason"])),)
            return tuple(_checked(_reading(one, parts)) for one in said["readings"])
        except (KeyError, TypeError, ValueError, IndexError):
            return (nothing(page, Reason.CRASHED),)

    def original(self, page: int) -> tuple[bytes, str]:
        """A page as it came, alone, with its media type; nothing where it cannot be taken out of its file."""
        said, parts = self._asked({"do": "original", "page": page})
        return (parts[0], str(said["media_type"])) if parts and "media_type" in said else (b"", "")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        os.close(self._wants)
        os.close(self._blocks)
        try:
            process.communicate(timeout=MANNERS)  # hangs up, at which it ends by itself
        except (OSError, ValueError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()

    def _asked(self, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        try:
            process = self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            send(process.stdin, question)
            said_at = process.stdout.fileno()
            while said_at not in select.select([said_at, self._wants], [], [])[0]:
                pulled.answer(self._wants, self._blocks, self._source)
            used, (answer,) = take(process.stdout)
            self.seconds = float(used["seconds"])
            said, parts = take(BytesIO(answer))
            if said.get("reason") in ENDED:
                self.close()  # what a page asked for and did not take would be taken for the next one's
            return said, parts
        except (EOFError, OSError, ValueError, KeyError):
            # The machine ended it, for want of memory perhaps; the next page gets a new one.
            self.close()
            return {"reason": Reason.CRASHED}, []
        except BaseException:  # of the source: its seal, its rows, the database
            self.close()
            raise

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._wants, wants = os.pipe()
            blocks, self._blocks = os.pipe()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "consent.paper.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(wants, blocks),
                cwd=ROOT,
                env=confined.environment() | {"OPENBLAS_NUM_THREADS": "1", "GLIBC_TUNABLES": KEPT},
            )
            os.close(wants)
            os.close(blocks)
            assert self._process.stdin is not None
            pipes = {"wants": wants, "blocks": blocks, "size": self._source.size}
            send(self._process.stdin, {"do": "open", **self._limits, **pipes})
        return self._process


@contextmanager
def opened(content: bytes | Source) -> Iterator[Document]:
    """The file as a document. Raises FileRefused, and what its source raises."""
    source = InMemory(content) if isinstance(content, bytes) else content
    if not source.size:
        raise FileRefused(Reason.EMPTY)
    if source.size > limits.PILE:
        raise FileRefused(Reason.TOO_LARGE)
    document = Document(source)
    try:
        yield document
    finally:
        document.close()


def read(content: bytes, page: int = 0) -> tuple[PageReading, ...]:
    """What stands on one page of a file. Raises FileRefused."""
    with opened(content) as document:
        return document.read(page)


def nothing(page: int, reason: Reason) -> PageReading:
    """The reading of a page of which nothing could be read."""
    return PageReading(page=page, reason=reason, crops={}, picture=b"", fingerprint="")


def _reading(said: dict[str, Any], parts: list[bytes]) -> PageReading:
    """A reading as the other process told it, which takes its pictures from the front of `parts`."""
    picture = parts.pop(0)
    text = said["code"]
    return PageReading(
        page=said["page"],
        part=said["part"],
        reason=Reason(said["reason"]) if said["reason"] else None,
        code=text,
        sheet=code.read(text) if text else None,
        boxes=tuple(Box(**box | {"mark": Mark(box["mark"])}) for box in said["boxes"]),
        signature=Presence(said["signature"]),
        digits=said["digits"],
        crops={name: parts.pop(0) for name in said["crops"]},
        picture=picture,
        fingerprint=said["fingerprint"],
    )


def _checked(found: PageReading) -> PageReading:
    """A code that we did not write names nothing of ours."""
    if found.code and not sealing.is_ours(found.code):
        return replace(found, reason=Reason.FORGED_CODE, sheet=None, boxes=())
    return found
