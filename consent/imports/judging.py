"""What may become of the rows of a list, given what is on record and what stood higher up in the list."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection

from consent import history
from consent.imports import verdicts
from consent.imports.claims import Read, Said
from consent.models import ConsentRecord, Import
from consent.recording import ConsentEvent, tables

type Place = tuple[bytes, str, int | None]

_SAID = ("arrival", "state", "possession", "valid_days", "event_time", "recorded_at", "uid", "clock")


@dataclass(frozen=True, slots=True)
class Judged:
    """A row's number, the verdict on it, and what it says where it is to be recorded."""

    number: int
    verdict: str
    said: Said | None = None


@dataclass(slots=True)
class Memory:
    """What stood higher up in the list and is not on record yet: hashes of rows, and where people said what."""

    seen: set[int] = field(default_factory=set)
    given: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)


class Judge:
    """Judges the rows of one list, part by part."""

    def __init__(self, batch: Import, *, now: datetime, memory: Memory) -> None:
        self._batch = batch
        self._now = now
        self._memory = memory
        self._is_ledger = batch.kind == Import.Kind.LEDGER

    def judge(self, read: Sequence[Read]) -> list[Judged]:
        """The verdict on each row. Three queries, and one more for all of a list with a no that has no date."""
        said = [found for _number, found in read if isinstance(found, Said)]
        known = self._known(said)
        on_record = _on_record([one for one in said if one.is_yes or one.is_undated])
        judged: list[Judged] = []
        for number, found in read:
            verdict = found if isinstance(found, str) else self._verdict(found, known, on_record)
            to_record = found if isinstance(found, Said) and verdict in verdicts.GOOD else None
            judged.append(Judged(number, verdict, to_record))
        return judged

    def _known(self, said: Sequence[Said]) -> set[bytes]:
        """The references of rows that are on record, as rows of another list or as the records they are from."""
        references = [one.keys.reference for one in said]
        known = {bytes(row[0]) for row in _rows("reference", "consent_act", "reference", references)}
        if self._is_ledger:
            records = [one.record for one in said if one.record]
            ours = ConsentRecord.objects.filter(company=self._batch.company_id, uid__in=records)
            here = set(ours.values_list("uid", flat=True))
            known |= {one.keys.reference for one in said if one.record in here}
        return known

    def _verdict(self, said: Said, known: set[bytes], on_record: Mapping[Place, list[history.Said]]) -> str:
        memory, reference = self._memory, _short(said.keys.reference)
        if said.keys.reference in known or reference in memory.seen:
            return "duplicate"
        memory.seen.add(reference)
        if not said.is_yes:
            memory.ended.update(_short_of(place) for place in self._ends(said))
            if said.is_undated and all(self._has_ended(place, on_record) for place in self._ends(said)):
                return "duplicate"
            return verdicts.RECORDED if self._is_ledger else verdicts.WITHDRAWN
        stands = said.place
        place = _short_of(stands)
        before = _about(stands, on_record)
        if self._is_ledger:  # it brings its own stops along; those from here stay stronger
            return "stopped" if any(map(self._is_older_end, before)) else verdicts.RECORDED
        if place in memory.ended or _short_of((said.keys.lookup, said.first.channel, None)) in memory.ended:
            return "stopped"
        is_newer = any(
            event.state == history.GIVEN and event.event_time >= said.first.event_time for event in before
        )
        if place in memory.given or is_newer or (before and history.fold(before, self._now).is_given):
            return "already_given"
        if any(event.state in history.ENDS for event in before):
            return "stopped"
        memory.given.add(place)
        return verdicts.EXPIRED if self._is_over(said.first) else verdicts.GIVEN

    def _is_over(self, event: ConsentEvent) -> bool:
        until = history.expiry(event.event_time, event.purpose.validity_days) if event.purpose else None
        return until is not None and until <= self._now

    def _ends(self, said: Said) -> Iterator[Place]:
        for event in said.events:
            yield said.keys.lookup, event.channel, event.purpose.pk if event.purpose else None

    def _has_ended(self, place: Place, on_record: Mapping[Place, list[history.Said]]) -> bool:
        """Whether all that a no ends has ended before, and nobody asked or agreed since: a list that is brought again
        and again says nothing new of most, and takes back what was agreed to in between.
        """
        lookup, channel, purpose = place
        purposes = [None, *self._purposes] if purpose is None else [purpose]
        stands = (history.fold(_about((lookup, channel, one), on_record), self._now) for one in purposes)
        return all(standing.state in history.ENDS for standing in stands)

    @cached_property
    def _purposes(self) -> list[int]:
        return list(self._batch.company.purposes.values_list("pk", flat=True))

    def _is_older_end(self, event: history.Said) -> bool:
        begun = self._batch.started_at or self._now
        return event.state in history.ENDS and event.recorded_at < begun


def _on_record(said: Iterable[Said]) -> dict[Place, list[history.Said]]:
    """What is on record about everybody in some rows, under every id of theirs. Two queries."""
    subjects: dict[UUID, list[bytes]] = {}
    for lookup, subject in _rows(
        "lookup, subject", "consent_contactpoint", "lookup", {one.keys.lookup for one in said}
    ):
        subjects.setdefault(UUID(str(subject)), []).append(bytes(lookup))
    found: dict[Place, list[history.Said]] = {}
    records = ConsentRecord.objects.filter(subject__in=subjects).values_list(
        "subject", "channel", "purpose", *_SAID
    )
    for subject, channel, purpose, *row in records if subjects else ():
        for lookup in subjects[subject]:
            found.setdefault((lookup, channel, purpose), []).append(history.Said(*row))
    return found


def _rows(columns: str, table: str, column: str, values: Collection[bytes]) -> list[tuple[Any, ...]]:
    """Rows found by hashes, past Django's fields: they would take longer than the question."""
    if not values:
        return []
    condition, parameters = tables.read_in(connection, column, list(values))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} WHERE {condition}", parameters)  # noqa: S608 - our own names
        return list(cursor.fetchall())


def _about(place: Place, known: Mapping[Place, list[history.Said]]) -> list[history.Said]:
    """What was said about a purpose on a channel, and about everything on that channel."""
    lookup, channel, _purpose = place
    return [*known.get(place, []), *known.get((lookup, channel, None), [])]


def _short(value: bytes) -> int:
    return int.from_bytes(value[:8])


def _short_of(place: Place) -> int:
    return hash((_short(place[0]), place[1], place[2]))
