"""The log as it lies in the database: entries are sequenced by a single writer, and published by a checkpoint.

Appending (in the capture transaction) only adds a waiting entry. Sequencing gives waiting entries their places, moves
the head by compare-and-swap and signs: two sequencers cannot both win, and a crash at any point leaves either
nothing or everything of one batch.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from consent.log import checkpoint, merkle, proofs, tiles
from consent.models.log import Checkpoint, LogEntry, LogHead, LogPending, LogTile

BATCH = 1000
HEAD = 1


class HeadMoved(RuntimeError):
    """Another sequencer was faster; nothing of this batch was written."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its index, in a log of a size, under a published checkpoint."""

    index: int
    size: int
    published_at: datetime


def begin(database: str = "default") -> None:
    """Begin an empty log, whose head is the root of the empty tree (RFC 9162 2.1.1), where there is none."""
    LogHead.objects.using(database).get_or_create(pk=HEAD, defaults={"size": 0, "root": merkle.EMPTY_ROOT})


def sequence(*, limit: int = BATCH) -> int:
    """Give up to `limit` waiting entries their places and publish them. Returns how many.

    Returns 0 when nothing waits or another sequencer is at work. Raises HeadMoved when it lost the race.
    """
    if not LogPending.objects.exists():
        return 0
    with transaction.atomic():
        skip = connection.features.has_select_for_update_skip_locked
        head = LogHead.objects.select_for_update(skip_locked=skip).filter(pk=HEAD).first()
        if head is None:
            return 0
        waiting = list(LogPending.objects.order_by("arrival", "id").values_list("id", "data")[:limit])
        if waiting:
            _append(head, [(number, bytes(data)) for number, data in waiting])
    return len(waiting)


def _append(head: LogHead, entries: list[tuple[UUID, bytes]]) -> None:
    growth = tiles.grow(head.size, _edge(head.size), [merkle.leaf_hash(data) for _number, data in entries])
    LogEntry.objects.bulk_create(
        LogEntry(index=head.size + place, id=number, data=data) for place, (number, data) in enumerate(entries)
    )
    LogPending.objects.filter(pk__in=[number for number, _data in entries])._raw_delete(connection.alias)
    LogTile.objects.bulk_create(
        [LogTile(level=level, index=index, hashes=hashes) for (level, index), hashes in growth.tiles.items()],
        update_conflicts=True,
        unique_fields=["level", "index"],
        update_fields=["hashes"],
    )
    moved = LogHead.objects.filter(pk=HEAD, size=head.size, root=head.root).update(size=growth.size, root=growth.root)
    if not moved:
        raise HeadMoved(f"The log is no longer of size {head.size}.")
    note = checkpoint.sign(origin=settings.OPTIN_LOG_ORIGIN, size=growth.size, root=growth.root, key=signing_key())
    Checkpoint.objects.create(size=growth.size, note=note, published_at=timezone.now())


def _edge(size: int) -> dict[int, bytes]:
    """The partly filled tile at the right edge of each level."""
    wanted = {level: index for level, index, _width in tiles.partial_tiles(size)}
    stored = LogTile.objects.filter(level__in=wanted.keys(), index__in=wanted.values())
    return {tile.level: bytes(tile.hashes) for tile in stored if wanted[tile.level] == tile.index}


@cache
def signing_key() -> checkpoint.Signer:
    """The key that signs this log's checkpoints; its name is the origin."""
    return checkpoint.Signer.from_seed(settings.OPTIN_LOG_ORIGIN, settings.OPTIN_LOG_KEY)


def latest() -> Checkpoint | None:
    """The checkpoint last published."""
    return Checkpoint.objects.order_by("-size").first()


def place_of(entry: UUID) -> Place | None:
    """Where an entry stands in the published log; None while it waits."""
    index = LogEntry.objects.filter(id=entry).values_list("index", flat=True).first()
    published = latest()
    if index is None or published is None:
        return None
    return Place(index, published.size, published.published_at)


def read_tile(level: int, index: int, width: int) -> bytes:
    """The first `width` hashes of a tile. Raises LookupError where the log has fewer."""
    hashes = LogTile.objects.filter(level=level, index=index).values_list("hashes", flat=True).first()
    if hashes is None or len(hashes) < width * merkle.HASH:
        raise LookupError(f"The log has no tile {level}/{index} of width {width}.")
    return bytes(hashes[: width * merkle.HASH])


def prove(index: int, size: int) -> list[bytes]:
    """The inclusion proof of an entry in the log of a size (RFC 9162 2.1.3), in O(log n) tile reads."""
    return proofs.inclusion(index, size, read_tile)
