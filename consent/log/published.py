"""The log as everybody may see it: the last checkpoint, the tiles, and where an entry stands."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.log import checkpoint, eras, merkle, tiles
from consent.models.log import Checkpoint, Cosignature, LogEntry, LogTile


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its index, in a log of a size, under a published checkpoint."""

    index: int
    size: int
    published_at: datetime


def origin() -> str:
    """The name of this log: what it began with, or what it was succeeded under."""
    return eras.read()[-1].origin


def signing_key() -> checkpoint.Signer:
    """The key that signs this log's checkpoints, alone or beside the next one; its name is the origin."""
    return eras.signing_key(origin())


def keys() -> tuple[checkpoint.Verifier, ...]:
    """The keys whose signature counts on this log: the present ones, and those they took over from.

    The key of the settings comes first: it is the one that we trust without being told by anybody else. A key
    that was replaced at once counts no longer, nor do those before it.
    """
    *earlier, era = eras.read()
    trusted = eras.signing_key(era.origin).verifier
    if trusted not in era.keys:
        return (trusted,)
    counting = dict.fromkeys([trusted, *reversed(era.keys)])
    for before in reversed(earlier):
        if not era.vouches_for(before):
            break
        counting |= dict.fromkeys(reversed(before.keys))
        era = before
    return tuple(counting)


def latest() -> Checkpoint | None:
    """The checkpoint last published. One query."""
    return Checkpoint.objects.order_by("-size").first()


def cosigned(published: Checkpoint) -> str:
    """The note of a checkpoint with the cosignatures that witnesses gave it since. One query."""
    lines = Cosignature.objects.filter(size=published.size).order_by("pk").values_list("line", flat=True)
    return published.note + "".join(f"{line}\n" for line in lines)


def place_of(entry: UUID) -> Place | None:
    """Where an entry stands in the published log; None while it waits."""
    index = LogEntry.objects.filter(id=entry).values_list("index", flat=True).first()
    last = latest()
    if index is None or last is None:
        return None
    return Place(index, last.size, last.published_at)


def read_tile(level: int, index: int, width: int) -> bytes:
    """The first `width` hashes of a tile. Raises LookupError where the log has fewer."""
    hashes = LogTile.objects.filter(level=level, index=index).values_list("hashes", flat=True).first()
    if hashes is None or len(hashes) < width * merkle.HASH:
        raise LookupError(f"The log has no tile {level}/{index} of width {width}.")
    return bytes(hashes[: width * merkle.HASH])


def read_entries(index: int, width: int) -> bytes:
    """The bundle of `width` entries from `index` * 256 on. Raises LookupError where the log has fewer."""
    first = index * tiles.WIDTH
    rows = LogEntry.objects.filter(index__gte=first, index__lt=first + width).order_by("index")
    entries = [bytes(data) for data in rows.values_list("data", flat=True)]
    if len(entries) < width:
        raise LookupError(f"The log has no {width} entries from {first} on.")
    return tiles.encode_entries(entries)
