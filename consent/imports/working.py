"""Working through lists in the background: part by part, each in one transaction, resumable after any crash."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from consent import recording
from consent.ahead import ahead
from consent.imports import forgetting, keeping, steps
from consent.imports.claims import Read, Reader
from consent.imports.judging import Judge, Judged, Memory
from consent.models import Import, ImportErasure, ImportPart
from consent.recording import tables

LEASE = keeping.LEASE
AT_ONCE = 5.0  # seconds for one list before the next one gets its turn

State = Import.State

# What stood higher up in lists that this process is trying. A dry run writes nothing: where it is lost, it begins anew.
_memories: dict[UUID, Memory] = {}


def drain() -> int:
    """Go on with the list that has waited longest, for a few seconds. Returns how many parts were done."""
    batch = _claim(timezone.now())
    if batch is None:
        return 0
    if batch.state == State.CHECKING and batch.pk not in _memories:
        batch.position, batch.counts = 0, {}
        Import.objects.filter(pk=batch.pk, state=State.CHECKING).update(position=0, counts={})
    done, until = 0, time.monotonic() + AT_ONCE
    try:
        done += _forget(batch)
        for part, read in ahead(_parts(batch)):
            if not _step(part, read):
                break
            done += 1
            if time.monotonic() > until:
                break
        else:
            _finish(batch, timezone.now())
    finally:
        # Back to whoever comes next, last in the row; a worker that dies leaves its lease to run out.
        Import.objects.filter(pk=batch.pk).update(lease_until=timezone.now())
    return done


def _forget(batch: Import) -> int:
    """Drop the rows of people who were erased meanwhile, whatever step the list is at."""
    if not forgetting.is_due(batch):
        return 0
    forgetting.forget(batch, at=timezone.now())
    return 1


def _claim(now: datetime) -> Import | None:
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    is_due = Q(state__in=(State.CHECKING, State.COMMITTING)) | Exists(
        ImportErasure.objects.filter(batch=OuterRef("pk"))
    )
    waiting = Import.objects.filter(free, is_due).exclude(state=State.READING)
    first = waiting.select_related("company").order_by(F("lease_until").asc(nulls_first=True), "id").first()
    if first is None or not waiting.filter(pk=first.pk).update(lease_until=now + LEASE):
        return None
    return first


def _parts(batch: Import) -> Iterator[tuple[ImportPart, list[Read]]]:
    """Every part that the present step has still to do, with what its rows say; read while another is recorded."""
    if batch.state not in (State.CHECKING, State.COMMITTING):
        return
    reader, position = Reader(batch, now=timezone.now()), batch.position
    while part := batch.parts.filter(number=position).first():
        part.batch = batch
        yield part, [(row[0], reader.read(row)) for row in keeping.rows_of(part)]
        position += 1


def _step(part: ImportPart, read: Sequence[Read]) -> bool:
    """Do one part of the present step. False where somebody else came between."""
    batch, now = part.batch, timezone.now()
    with transaction.atomic():
        # Held while the part is recorded: whoever is erased meanwhile is erased with it.
        Import.objects.select_for_update().filter(pk=batch.pk).first()
        if forgetting.is_due(batch) or not _is_as_read(part):
            return False
        judged = _commit(part, read, now) if batch.state == State.COMMITTING else _try(part, read, now)
        counts = Counter(batch.counts) + Counter(one.verdict for one in judged)
        mine = Import.objects.filter(pk=batch.pk, state=batch.state, position=batch.position)
        if not mine.update(position=F("position") + 1, counts=counts, lease_until=now + LEASE):
            transaction.set_rollback(True)  # another worker took over, or staff undid the list
            return False
        ImportPart.objects.filter(pk=part.pk).update(verdicts=[[one.number, one.verdict] for one in judged])
    batch.position += 1
    batch.counts = dict(counts)
    return True


def _finish(batch: Import, now: datetime) -> None:
    _memories.pop(batch.pk, None)
    with transaction.atomic():
        if batch.state == State.CHECKING:
            Import.objects.filter(pk=batch.pk, state=State.CHECKING).update(state=State.CHECKED)
            return
        locked = Import.objects.select_for_update().filter(pk=batch.pk, state=State.COMMITTING).first()
        if locked is None or locked.position != batch.position:
            return
        steps.end(locked, at=now)
    tables.take_stock(connection)


def _is_as_read(part: ImportPart) -> bool:
    """Whether nobody has dropped rows of a part since it was read."""
    return ImportPart.objects.filter(pk=part.pk, sealed=bytes(part.sealed)).exists()


def _try(part: ImportPart, read: Sequence[Read], now: datetime) -> list[Judged]:
    memory = _memories.setdefault(part.batch.pk, Memory())
    return Judge(part.batch, now=now, memory=memory).judge(read)


def _commit(part: ImportPart, read: Sequence[Read], now: datetime) -> list[Judged]:
    judged = Judge(part.batch, now=now, memory=Memory()).judge(read)
    said = [one.said for one in judged if one.said is not None]
    if said:
        recording.record_each([(one.events, one.keys) for one in said])
    return judged
