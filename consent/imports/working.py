"""Working through lists in the background: part by part, each in one transaction, resumable after any crash."""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from consent import errors, recording
from consent.ahead import ahead
from consent.imports import forgetting, keeping, steps
from consent.imports.claims import Read, Reader
from consent.imports.judging import Judge, Judged, Memory
from consent.models import Import, ImportErasure, ImportPart
from consent.recording import tables
from consent.vault import SealBroken

log = logging.getLogger(__name__)

LEASE = keeping.LEASE
AT_ONCE = 5.0  # seconds for one list before the next one gets its turn
# After which a list that broke is tried again, with a key put back perhaps.
AFTER_TROUBLE = timedelta(minutes=10)

State = Import.State


class _Trial(NamedTuple):
    """What stood higher up in a list, as far as this process has tried it, and the lease under which it goes on."""

    memory: Memory
    position: int
    lease_until: datetime | None


# A dry run writes nothing: whoever does not know what stood higher up begins anew.
_trials: dict[UUID, _Trial] = {}


def drain() -> int:
    """Go on with the list that has waited longest, for a few seconds. Returns how many parts were done.

    One that cannot be worked on says so to staff, and keeps no other waiting.
    """
    batch = _claim(timezone.now())
    if batch is None:
        _trials.clear()  # of lists that were undone meanwhile
        return 0
    due_at = None
    try:
        return _go_on(batch)
    except Exception as error:
        if errors.passes(error):
            raise
        log.exception("List %s cannot be worked on; it is tried again later.", batch.pk)
        due_at = timezone.now() + AFTER_TROUBLE
        trouble = "seal.broken" if isinstance(error, SealBroken) else "unexpected"
        Import.objects.filter(pk=batch.pk).update(trouble=trouble)
        return 0
    finally:
        # Back to whoever comes next, last in the row; a worker that dies leaves its lease to run out. A dry run stays
        # ours: two who take turns would each begin anew.
        if batch.pk not in _trials:
            Import.objects.filter(pk=batch.pk).update(lease_until=due_at or timezone.now())


def _go_on(batch: Import) -> int:
    """Do some parts of the present step. Returns how many."""
    done, until = _forget(batch), time.monotonic() + AT_ONCE
    memory = _memory(batch)
    for part, read in ahead(_parts(batch)):
        if not _step(part, read, memory):
            break
        done += 1
        if time.monotonic() > until:
            if batch.state == State.CHECKING:
                _trials[batch.pk] = _Trial(memory, batch.position, batch.lease_until)
            break
    else:
        _finish(batch, timezone.now())
    if batch.trouble:
        Import.objects.filter(pk=batch.pk).update(trouble="")
    return done


def _memory(batch: Import) -> Memory:
    """What this process knows of the rows before `position`; where it is not all of them, a dry run begins anew."""
    known = _trials.pop(batch.pk, None)
    if known is not None and known.position == batch.position:
        return known.memory
    if batch.state == State.CHECKING:
        batch.position, batch.counts = 0, {}
        Import.objects.filter(pk=batch.pk, state=State.CHECKING).update(position=0, counts={})
    return Memory()


def _forget(batch: Import) -> int:
    """Drop the rows of people who were erased meanwhile, whatever step the list is at."""
    if not forgetting.is_due(batch):
        return 0
    forgetting.forget(batch, at=timezone.now())
    return 1


def _claim(now: datetime) -> Import | None:
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    for pk, trial in _trials.items():
        free |= Q(pk=pk, lease_until=trial.lease_until)
    is_due = Q(state__in=(State.CHECKING, State.COMMITTING)) | Exists(
        ImportErasure.objects.filter(batch=OuterRef("pk"))
    )
    waiting = Import.objects.filter(free, is_due).exclude(state=State.READING)
    first = waiting.select_related("company").order_by(F("lease_until").asc(nulls_first=True), "id").first()
    if first is None or not waiting.filter(pk=first.pk).update(lease_until=now + LEASE):
        return None
    first.lease_until = now + LEASE
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


def _step(part: ImportPart, read: Sequence[Read], memory: Memory) -> bool:
    """Do one part of the present step. False where somebody else came between."""
    batch, now = part.batch, timezone.now()
    with transaction.atomic():
        # Held while the part is recorded: whoever is erased meanwhile is erased with it.
        Import.objects.select_for_update().filter(pk=batch.pk).first()
        if forgetting.is_due(batch) or not _is_as_read(part):
            return False
        judged = (
            _commit(part, read, now)
            if batch.state == State.COMMITTING
            else Judge(batch, now=now, memory=memory).judge(read)
        )
        counts = Counter(batch.counts) + Counter(one.verdict for one in judged)
        mine = Import.objects.filter(pk=batch.pk, state=batch.state, position=batch.position)
        if not mine.update(position=F("position") + 1, counts=counts, lease_until=now + LEASE):
            transaction.set_rollback(True)  # another worker took over, or staff undid the list
            return False
        ImportPart.objects.filter(pk=part.pk).update(verdicts=[[one.number, one.verdict] for one in judged])
    batch.position += 1
    batch.counts, batch.lease_until = dict(counts), now + LEASE
    return True


def _finish(batch: Import, now: datetime) -> None:
    with transaction.atomic():
        if batch.state == State.CHECKING:
            tried = Import.objects.filter(pk=batch.pk, state=State.CHECKING, position=batch.position)
            tried.update(state=State.CHECKED)
            return
        locked = Import.objects.select_for_update().filter(pk=batch.pk, state=State.COMMITTING).first()
        if locked is None or locked.position != batch.position:
            return
        steps.end(locked, at=now)
    tables.take_stock(connection)


def _is_as_read(part: ImportPart) -> bool:
    """Whether nobody has dropped rows of a part since it was read."""
    return ImportPart.objects.filter(pk=part.pk, sealed=bytes(part.sealed)).exists()


def _commit(part: ImportPart, read: Sequence[Read], now: datetime) -> list[Judged]:
    judged = Judge(part.batch, now=now, memory=Memory()).judge(read)
    said = [one.said for one in judged if one.said is not None]
    if said:
        recording.record_each([(one.events, one.keys) for one in said])
    return judged
