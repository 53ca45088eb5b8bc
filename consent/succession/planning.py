"""What ending a damaged log would do: where the last good checkpoint is, and what the next log gets again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from consent import integrity, opening, vault
from consent.canonical import canonical
from consent.log import audit, eras, guard, merkle, note, published, tiles
from consent.models import Checkpoint, ConsentRecord, LogEntry, LogPending

CHUNK = 4096  # leaves that are added to a tree at once


class NothingToSucceed(Exception):
    """The log holds; there is nothing to end."""


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
    removed = list(entries(LogEntry.objects.filter(index__gte=size)))
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


def entries(rows: Any) -> Iterator[tuple[int, UUID, bytes]]:
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
