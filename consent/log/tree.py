"""The log as it lies in the database: a single writer gives entries their places, and publishes a checkpoint.

Appending (in the capture transaction) only adds a waiting entry. Sequencing gives waiting entries their places,
moves the head by compare-and-swap and signs: two sequencers cannot both win, and a crash at any point leaves
either nothing or everything of one batch.
"""

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from consent.log import checkpoint, counted, eras, guard, merkle, note, tiles
from consent.models.log import Checkpoint, LogEntry, LogHead, LogPending, LogTile

BATCH = 1000
HEAD = 1

_PLACE = """
INSERT INTO consent_logentry ("index", id, data)
SELECT CAST(%s AS bigint) - 1 + row_number() OVER (ORDER BY arrival, id), id, data
FROM (SELECT id, arrival, data FROM consent_logpending ORDER BY arrival, id LIMIT %s) AS waiting
RETURNING "index", CAST(id AS text), data
"""
_LEAVE = "DELETE FROM consent_logpending WHERE id"


class HeadMoved(RuntimeError):
    """Another sequencer was faster; nothing of this batch was written."""


def begin(database: str = "default") -> None:
    """Begin an empty log, whose head is the root of the empty tree (RFC 9162 2.1.1), where there is none."""
    LogHead.objects.using(database).get_or_create(pk=HEAD, defaults={"size": 0, "root": merkle.EMPTY_ROOT})


def sequence(*, limit: int = BATCH, change: eras.Change | None = None) -> int:
    """Give up to `limit` waiting entries their places and publish them. Returns how many.

    Returns 0 when nothing waits or another sequencer is at work. Raises HeadMoved when it lost the race, and
    errors.LogRefuses when this database does not continue what was published, or the keys are not the log's.
    With `change` an era begins that the settings alone do not call for: see eras.at_once and eras.succession.
    """
    now = timezone.now()
    if not change and not _is_waiting() and not eras.due(eras.read(), now):
        return 0
    if not (change and change.is_succession):  # which is the way out of what the guard refuses
        guard.check()
    with transaction.atomic():
        skip = connection.features.has_select_for_update_skip_locked
        head = LogHead.objects.select_for_update(skip_locked=skip).filter(pk=HEAD).first()
        if head is None:
            return 0
        all_eras = eras.read()
        change = change or eras.due(all_eras, now)
        news = [(change.entry, change.data)] if change else []
        LogEntry.objects.bulk_create(
            LogEntry(index=head.size + place, id=number, data=data)
            for place, (number, data) in enumerate(news)
        )
        placed = _place(head.size + len(news), limit - len(news))
        entries = [*(data for _number, data in news), *placed]
        if entries:
            _publish(head, entries, eras.begin(head.size, all_eras[-1], change))
    return len(entries)


def _is_waiting() -> bool:
    # In their order, by its index: without one the database may look through everything that has left.
    return bool(LogPending.objects.order_by("arrival", "id").values_list("pk")[:1])


def _place(start: int, limit: int) -> list[bytes]:
    """Give waiting entries their places from `start` on, and return them in that order.

    The database moves them: 1,000 at a time through Django's models would take ten times as long.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [start, limit])
        placed = sorted(cursor.fetchall())
        if placed:
            numbers = [number for _index, number, _data in placed]
            if connection.vendor == "postgresql":
                cursor.execute(f"{_LEAVE} = ANY(%s::uuid[])", ["{" + ",".join(numbers) + "}"])
            else:
                cursor.execute(f"{_LEAVE} IN ({','.join(['%s'] * len(numbers))})", numbers)
    return [bytes(data) for _index, _number, data in placed]


def _publish(head: LogHead, entries: Sequence[bytes], era: eras.Era) -> None:
    growth = tiles.grow(head.size, _edge(head.size), [merkle.leaf_hash(data) for data in entries])
    write_tiles(growth)
    moved = LogHead.objects.filter(pk=HEAD, size=head.size, root=head.root).update(
        size=growth.size, root=growth.root
    )
    if not moved:
        raise HeadMoved(f"The log is no longer of size {head.size}.")
    text = str(checkpoint.Checkpoint(origin=era.origin, size=growth.size, root=growth.root))
    signers, now = eras.signers(era), timezone.now()
    signed = note.sign(text, *signers)
    before = Checkpoint.objects.filter(size=head.size).values_list("number", flat=True).first() or 0
    number = before + 1
    count = counted.sign(signers[-1], number=number, size=growth.size, published_at=now)
    Checkpoint.objects.create(size=growth.size, note=signed, published_at=now, number=number, counted=count)
    transaction.on_commit(lambda: guard.remember(signed))


def write_tiles(growth: tiles.Growth) -> None:
    """Store each tile that is new or wider."""
    LogTile.objects.bulk_create(
        [LogTile(level=level, index=index, hashes=hashes) for (level, index), hashes in growth.tiles.items()],
        update_conflicts=True,
        unique_fields=["level", "index"],
        update_fields=["hashes"],
    )


def _edge(size: int) -> dict[int, bytes]:
    """The partly filled tile at the right edge of each level."""
    wanted = {level: index for level, index, _width in tiles.partial_tiles(size)}
    stored = LogTile.objects.filter(level__in=wanted.keys(), index__in=wanted.values())
    return {tile.level: bytes(tile.hashes) for tile in stored if wanted[tile.level] == tile.index}
