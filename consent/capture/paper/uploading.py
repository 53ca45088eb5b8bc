"""Files of signed sheets arrive piece by piece: what has arrived stays, and a broken upload goes on where it broke."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import vault
from consent.capture.paper import kept
from consent.errors import BadInput
from consent.models import PaperBatch, PaperFile, PaperPiece
from consent.paper import kinds, limits

PIECE = 1024 * 1024  # bytes at a time
OPEN = 4  # pieces held open while a file is read
LONGEST_NAME = 80  # characters
MOST_FILES = 2000  # in one batch

State = PaperFile.State
AGAIN = ("seal_broken", "unexpected")  # why a file failed that may be read later on

_EMPTY = _("This file is empty. Nothing was kept of it.")
_TOO_LARGE = _(
    "This file is larger than %(megabytes)s MB. Scan fewer pages into one file. Nothing was kept of it."
)
_TOO_MANY = _("This batch has %(number)s files. Begin another one.")
_WRONG_TYPE = _("This is no PDF, JPEG, PNG, TIFF, WebP or HEIC.")
_NOT_HERE = _("This piece does not follow what has arrived. Ask how far the file is, and go on there.")


def begin(batch: PaperBatch, *, name: str, size: int, by: str) -> PaperFile:
    """Make room for a file of `size` bytes. Raises BadInput for one that cannot be taken."""
    if size <= 0:
        raise BadInput("file.empty", _EMPTY, pointer="files")
    if size > limits.PILE:
        raise _too_large(limits.PILE)
    if batch.files.count() >= MOST_FILES:
        raise BadInput("batch.full", _TOO_MANY, pointer="files", params={"number": MOST_FILES})
    pk = vault.new_id()
    return PaperFile.objects.create(
        id=pk, batch=batch, name=kept.seal("name", pk, plain_name(name).encode()), size=size, by=by,
        created_at=timezone.now(),
    )  # fmt: skip


def put(file: PaperFile, *, offset: int, content: bytes) -> PaperFile:
    """Keep the bytes of a file from `offset` on; the same piece again changes nothing. Raises BadInput.

    Whole, it waits to be read.
    """
    with transaction.atomic():
        file = PaperFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
        if file.arrived >= offset + len(content) and content:
            return file  # the answer to it was lost on the way
        if offset != file.arrived or not content or offset + len(content) > file.size:
            raise BadInput("file.not_here", _NOT_HERE, status=409)
        if not offset:
            kind = kinds.of(content)
            if not kind:
                raise BadInput("file.wrong_type", _WRONG_TYPE, status=415, pointer="files")
            if file.size > kinds.largest(kind):
                raise _too_large(kinds.largest(kind))
        PaperPiece.objects.create(
            file=file, offset=offset, sealed=kept.seal("piece", file.pk, content, offset=offset)
        )
        file.arrived += len(content)
        if file.arrived == file.size:
            file.state = State.WAITING
        file.save(update_fields=["arrived", "state"])
    return file


def take(batch: PaperBatch, *, name: str, size: int, pieces: Iterable[bytes], by: str) -> PaperFile:
    """A whole file at once, as a browser without script sends it: all of it or nothing. Raises BadInput."""
    with transaction.atomic():
        file = begin(batch, name=name, size=size, by=by)
        for piece in pieces:
            file = put(file, offset=file.arrived, content=piece)
    return file


def give_up(file: PaperFile) -> None:
    """Forget a file that has not arrived whole: staff do not want to send the rest."""
    PaperFile.objects.filter(pk=file.pk, state=State.ARRIVING).delete()


def again(file: PaperFile) -> None:
    """Have a file read once more that did not open or broke something: its key may be back."""
    failed = PaperFile.objects.filter(pk=file.pk, state=State.FAILED, reason__in=AGAIN)
    failed.update(state=State.WAITING, reason="", attempts=0, lease_until=None)


class Pieces:
    """The bytes of a file while they are kept, opened piece by piece as they are asked for."""

    def __init__(self, file: PaperFile) -> None:
        self._file = file
        self._offsets = list(
            PaperPiece.objects.filter(file=file).order_by("offset").values_list("offset", flat=True)
        )
        self._open = lru_cache(maxsize=OPEN)(self._opened)

    @property
    def size(self) -> int:
        return self._file.size

    def read(self, offset: int, size: int) -> bytes:
        """Raises vault.SealBroken."""
        found = b""
        while len(found) < size and offset + len(found) < self.size:
            at = offset + len(found)
            start = self._offsets[bisect_right(self._offsets, at) - 1]
            part = self._open(start)[at - start : offset + size - start]
            if not part:
                break
            found += part
        return found

    def __iter__(self) -> Iterator[bytes]:
        return (self._open(start) for start in self._offsets)

    def _opened(self, offset: int) -> bytes:
        piece = PaperPiece.objects.get(file=self._file, offset=offset)
        return kept.unseal("piece", self._file.pk, piece.sealed, offset=offset)


def content(file: PaperFile) -> bytes:
    """All bytes of a file, while they are kept. Raises vault.SealBroken."""
    return b"".join(Pieces(file))


def _too_large(limit: int) -> BadInput:
    params = {"megabytes": limit // 1024 // 1024}
    return BadInput("file.too_large", _TOO_LARGE, status=413, pointer="files", params=params)


def name_of(file: PaperFile) -> str:
    """What staff called a file. Raises vault.SealBroken."""
    return kept.unseal("name", file.pk, file.name).decode()


def plain_name(name: str) -> str:
    """A name as it may be shown: the last part of a path, without what is no letter and turns a line around."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(character for character in last if character.isprintable())
    return shown[-LONGEST_NAME:].strip() or "-"


def unfinished(batch: PaperBatch, *, name: str, size: int) -> UUID | None:
    """A file of that name and size of which the beginning has arrived: its upload goes on."""
    arriving = PaperFile.objects.filter(batch=batch, state=State.ARRIVING, size=size).order_by("-created_at")
    return next((file.pk for file in arriving if name_of(file) == plain_name(name)), None)
