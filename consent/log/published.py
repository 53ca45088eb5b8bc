"""The log as everybody may see it: the last checkpoint, the tiles, and where an entry stands."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from django.conf import settings

from consent.log import checkpoint, merkle, proofs, tiles
from consent.models.log import Checkpoint, LogEntry, LogTile


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its index, in a log of a size, under a published checkpoint."""

    index: int
    size: int
    published_at: datetime


@cache
def signing_key() -> checkpoint.Signer:
    """The key that signs this log's checkpoints; its name is the origin."""
    return checkpoint.Signer.from_seed(settings.OPTIN_LOG_ORIGIN, settings.OPTIN_LOG_KEY)


def keys() -> tuple[checkpoint.Verifier, ...]:
    """The keys whose signature counts on this log: the present one, and those it took over from."""
    return (signing_key().verifier,)


def latest() -> Checkpoint | None:
    """The checkpoint last published. One query."""
    return Checkpoint.objects.order_by("-size").first()


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


def prove(index: int, size: int) -> list[bytes]:
    """The inclusion proof of an entry in the log of a size (RFC 9162 2.1.3), in O(log n) tile reads."""
    return proofs.inclusion(index, size, read_tile)
