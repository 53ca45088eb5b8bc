"""Ending a damaged log and letting another go on from its last good checkpoint, in public (ADR 0006)."""

import json
import os
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from consent import integrity, journal, opening, vault
from consent.canonical import canonical
from consent.log import audit, counted, eras, guard, merkle, note, published, tiles, tree
from consent.models import (
    Checkpoint,
    ConsentRecord,
    Cosignature,
    LogEntry,
    LogEra,
    LogHead,
    LogPending,
    LogTile,
    triggers,
)

CHUNK = 4096
FIRST = datetime(1970, 1, 1, tzinfo=UTC)  # what is entered again comes before whatever waits
DISPUTED = "disputed"  # the type of an entry that names another whose content nothing signed supports


class NothingToSucceed(Exception):
    """The log holds; there is nothing to end."""


class Interrupted(Exception):
    """Somebody else worked on the log meanwhile; nothing was done."""


@dataclass(frozen=True, slots=True)
class Again:
    """An entry that the new log is to have, with its bytes; nothing signed supports them if it is disputed."""

    entry: UUID
    data: bytes
    is_disputed: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a succession would do: from which size on, under which name, and with which entries again."""

    why: str
    origin: str
    size: int
    root: bytes
    spoiled: tuple[int, ...]  # sizes of earlier checkpoints that are not as they were signed
    given_up: int
    again: tuple[Again, ...]
    lost: tuple[UUID, ...]

    @property
    def disputed(self) -> tuple[UUID, ...]:
        return tuple(each.entry for each in self.again if each.is_disputed)


def plan() -> Plan:
    """What would be done to the log as it lies there; changes nothing. Raises NothingToSucceed."""
    why = _what_is_wrong()
    if why is None:
        raise NothingToSucceed("The log holds and continues what was published. There is nothing to succeed.")
    size, root, spoiled = _last_good()
    removed = list(_entries(LogEntry.objects.filter(index__gte=size)))
    again, lost = _again(removed)
    return Plan(
        why=why,
        origin=eras.next_origin(published.origin()),
        size=size,
        root=root,
        spoiled=spoiled,
        given_up=len(removed),
        again=tuple(again),
        lost=tuple(lost),
    )


def carry_out(agreed: Plan) -> Path | None:
    """Do what was planned, all of it or nothing. Returns the file with what was given up, if anything was.

    Raises Interrupted where the log is no longer as it was planned for, or errors.LogRefuses.
    """
    kept = None
    with transaction.atomic():
        LogHead.objects.select_for_update().filter(
            pk=tree.HEAD
        ).first()  # sequencers leave it to us from here on
        if plan() != agreed:
            raise Interrupted("Somebody worked on the log meanwhile. Stop every process and plan again.")
        if agreed.given_up or agreed.spoiled:
            kept = _keep_aside(agreed)
        try:
            _cut(agreed)
            _enter(agreed)
        except BaseException:
            if kept:
                kept.unlink()
            raise
    return kept


def _enter(agreed: Plan) -> None:
    """Have everything wait that the new log gets again, and begin it."""
    waiting = [
        LogPending(id=each.entry, arrival=FIRST + timedelta(microseconds=number), data=each.data)
        for number, each in enumerate(agreed.again)
    ]
    LogPending.objects.bulk_create(waiting)
    now = timezone.now()
    for uid in agreed.disputed:
        company = ConsentRecord.objects.select_related("company").get(uid=uid).company
        journal.write(DISPUTED, company=company, at=now, record=str(uid))
    tree.sequence(change=eras.succession(eras.read(), now, size=agreed.size, root=agreed.root))


def _what_is_wrong() -> str | None:
    try:
        verified = audit.verify(integrity.entries(), logs=published.keys())
        integrity.check_no_record_is_outside(verified.size)
        guard.check()
    except (audit.LogBroken, guard.LogBehind) as error:
        return str(error)
    return None


def _last_good() -> tuple[int, bytes, tuple[int, ...]]:
    """Size and root of the last checkpoint that is signed as it must be and agrees with entries and records.

    Then the sizes of those before it that do not.
    """
    signed = {row.size: row for row in Checkpoint.objects.all()}
    all_eras, good = eras.read(), {0: merkle.EMPTY_ROOT}
    grown, leaves = tiles.Growth(0, merkle.EMPTY_ROOT, {}, {}), list[bytes]()
    for data in _sound_entries():
        leaves.append(merkle.leaf_hash(data))
        size = grown.size + len(leaves)
        if size in signed or len(leaves) == CHUNK:
            grown, leaves = tiles.grow(grown.size, grown.edge, leaves), []
        if size in signed and _agrees(signed[size], grown, eras.at(all_eras, size)):
            good[size] = grown.root
    size = max(good)
    return size, good[size], tuple(sorted(each for each in signed if each < size and each not in good))


def _sound_entries() -> Iterator[bytes]:
    """The bytes of the entries, up to the first that is missing or does not agree with its record."""
    try:
        for expected, (index, data) in enumerate(integrity.entries()):
            if index != expected:
                return
            yield data
    except audit.LogBroken:
        return


def _agrees(row: Checkpoint, grown: tiles.Growth, era: eras.Era) -> bool:
    try:
        signed = audit.open_signed(row.note, era)
    except note.NoteInvalid:
        return False
    return (signed.size, signed.root) == (grown.size, grown.root)


def _entries(rows: Any) -> Iterator[tuple[int, UUID, bytes]]:
    for index, number, data in rows.order_by("index").values_list("index", "id", "data"):
        yield index, number, bytes(data)


def _again(removed: list[tuple[int, UUID, bytes]]) -> tuple[list[Again], list[UUID]]:
    """What of the removed entries the new log gets again, and which cannot be had; then records without one."""
    outside = _records_outside()
    said = integrity.said_by_records([*(number for _index, number, _data in removed), *outside])
    again: list[Again] = []
    lost: list[UUID] = []
    for index, number, data in removed:
        restored = _restored(number, data, said.get(number))
        if restored is not None:
            again.append(Again(number, restored, not _is_in_tile(index, restored)))
        elif eras.announced(data) is None:  # an era that began after the last good checkpoint never was
            lost.append(number)
    again += [Again(uid, _made_anew(said[uid]), True) for uid in outside if uid in said]
    return again, lost


def _restored(number: UUID, data: bytes, record: dict[str, Any] | None) -> bytes | None:
    """The bytes an entry had: as they are, where they agree with the record or need none; else made anew."""
    try:
        says = json.loads(data)
        is_whole = isinstance(says, dict) and says.get("id") == str(number) and canonical(says) == data
    except ValueError:
        is_whole = False
    if record is None:
        own = is_whole and eras.announced(data) is None and says.get("type") != integrity.CONSENT
        return data if own else None
    return data if is_whole and says == record | {"evidence": says.get("evidence")} else _made_anew(record)


def _made_anew(record: dict[str, Any]) -> bytes:
    """The entry of a record, with the commitment that its evidence still gives; without one if it was erased."""
    try:
        salt, evidence = opening.evidence_bytes(UUID(record["act"]))
        commitment = vault.commitment(salt, evidence)
    except (opening.Erased, vault.SealBroken, ValueError):
        commitment = ""
    return canonical(record | {"evidence": commitment})


def _is_in_tile(index: int, data: bytes) -> bool:
    """Whether the tree that was signed had these very bytes there, as far as its tiles tell."""
    tile, place = divmod(index, tiles.WIDTH)
    try:
        return published.read_tile(0, tile, place + 1)[place * merkle.HASH :] == merkle.leaf_hash(data)
    except LookupError:
        return False


def _records_outside() -> list[UUID]:
    """Records with no entry at all, neither sequenced nor waiting."""
    sequenced = LogEntry.objects.values("id")
    waiting = LogPending.objects.values("id")
    outside = ConsentRecord.objects.exclude(uid__in=sequenced).exclude(uid__in=waiting)
    return list(outside.order_by("arrival").values_list("uid", flat=True))


def _keep_aside(agreed: Plan) -> Path:
    """Write what is taken out of the log to a file, durably: it is evidence, and holds nothing personal."""
    path = Path(settings.OPTIN_DATA_DIR) / f"log-given-up-{agreed.size}.jsonl"
    with path.open("x", encoding="utf-8") as file:
        for row in Checkpoint.objects.filter(_taken_out(agreed)).order_by("size"):
            file.write(json.dumps({"checkpoint": row.note}) + "\n")
        for index, number, data in _entries(LogEntry.objects.filter(index__gte=agreed.size)):
            line = {"index": index, "id": str(number), "data": b64encode(data).decode("ascii")}
            file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def _taken_out(agreed: Plan) -> Q:
    """Which checkpoints, and cosignatures of theirs, the log no longer has."""
    return Q(size__gt=agreed.size) | Q(size__in=agreed.spoiled)


def _cut(agreed: Plan) -> None:
    """Take out of the log what comes after the last good checkpoint, and compute its tiles again.

    The one place in the product that steps around the guards of append-only tables.
    """
    connection.check_constraints()  # on PostgreSQL what is still to be checked would hinder the guards
    triggers.remove(connection)
    for rows in (
        LogEntry.objects.filter(index__gte=agreed.size),
        Checkpoint.objects.filter(_taken_out(agreed)),
        Cosignature.objects.filter(_taken_out(agreed)),
        LogEra.objects.filter(start__gt=agreed.size),
        LogTile.objects.all(),
    ):
        rows._raw_delete(connection.alias)
    _write_tiles(data for _index, _number, data in _entries(LogEntry.objects.all()))
    _count_again(eras.signing_key(agreed.origin))
    LogHead.objects.update_or_create(pk=tree.HEAD, defaults={"size": agreed.size, "root": agreed.root})
    triggers.install(connection)


def _count_again(signer: note.Signer) -> None:
    """Count the checkpoints that stay, and sign the count by the key of the new log."""
    for number, row in enumerate(Checkpoint.objects.order_by("size"), 1):
        count = counted.sign(signer, number=number, size=row.size, published_at=row.published_at)
        rows: QuerySet[Checkpoint] = QuerySet(Checkpoint)  # that of the model refuses, for everybody else
        rows.filter(pk=row.pk).update(number=number, counted=count)


def _write_tiles(entries: Iterable[bytes]) -> None:
    grown = tiles.Growth(0, merkle.EMPTY_ROOT, {}, {})
    for chunk in batched(entries, CHUNK, strict=False):
        grown = tiles.grow(grown.size, grown.edge, [merkle.leaf_hash(data) for data in chunk])
        tree.write_tiles(grown)
