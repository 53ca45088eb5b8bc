"""Where the trouble comes from: whom each capture point, method, notice, language, poster, list and so on brought.

The worker follows records in the order of their arrival (a cursor) and keeps sums per day, which a page reads.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from consent.models import (
    ActOrigin,
    ConsentRecord,
    ContactTrouble,
    Hold,
    PersonSource,
    SourceCursor,
    SourceDay,
)
from consent.quality import source_days
from consent.quality.signals import wilson
from consent.vocabulary import State as Consent

AT_ONCE = 2_000
YEAR = timedelta(days=365)
ANSWERED_WITHIN = timedelta(days=30)  # the longest that a question waits
LOOKS_BACK = timedelta(hours=1)  # what is told late still counts
FEWEST = 30  # people, below which nothing is said of a source
DIMENSIONS = ("point", "method", "notice", "language", "entity")
type _Asked = tuple[UUID, str, int | None]

OUTCOMES = ("is_stopped", "is_blocked", "is_unreached", "is_complaint")


@dataclass(frozen=True, slots=True)
class Source:
    """What came of the people of one source. `low` and `high` are the interval of the share that turned away."""

    dimension: str
    value: Any
    people: int
    stopped: int
    blocked: int
    unreached: int
    complaints: int
    turned_away: int
    low: float
    high: float
    usual: float

    @property
    def rate(self) -> float:
        return self.turned_away / self.people if self.people else 0.0

    @property
    def is_told(self) -> bool:
        """Whether there are people enough to say anything."""
        return self.people >= FEWEST

    @property
    def is_to_blame(self) -> bool:
        """Whether even the low end of its interval is above the share of all the others together."""
        return self.is_told and self.low > self.usual

    @property
    def low_percent(self) -> float:
        return round(100 * self.low, 1)

    @property
    def high_percent(self) -> float:
        return round(100 * self.high, 1)


def drain() -> int:
    """Follow what is new. Returns how many records were looked at."""
    with transaction.atomic():
        cursor, _new = SourceCursor.objects.select_for_update().get_or_create(pk=1)
        if not SourceDay.objects.exists() and PersonSource.objects.exists():
            source_days.recount()  # people from before there were sums
        records = list(
            ConsentRecord.objects.filter(
                arrival__gt=cursor.arrival, state__in=(Consent.GIVEN, Consent.WITHDRAWN), recorded_at__lt=_settled()
            ).order_by("arrival")[:AT_ONCE]
        )  # fmt: skip
        for record in _in_order(records):
            cursor.arrival = record.arrival
        _mark(cursor.looked_at, timezone.now())
        cursor.looked_at = timezone.now()
        cursor.save()
    return len(records)


def _settled() -> datetime:
    """Transactions that began earlier may still commit with a lower number: nobody holds one for longer than this."""
    return timezone.now() - timedelta(seconds=5)


def _in_order(records: Sequence[ConsentRecord]) -> Iterator[ConsentRecord]:
    """Write down each record's consequence: a yes begins anew, a stop counts against the yes it ends."""
    known = {
        (row.subject, row.channel): row
        for row in PersonSource.objects.filter(subject__in={record.subject for record in records})
    }
    before = {key: source_days.of(row) for key, row in known.items()}
    origins = _origins(records)
    changed: dict[tuple[Any, str], PersonSource] = {}
    for record in records:
        key = (record.subject, record.channel)
        if record.state == Consent.GIVEN:
            changed[key] = known[key] = _new(record, origins.get(record.arrival, ""))
        elif (row := known.get(key)) is not None:
            if record.entity.startswith("platform:"):
                row.is_blocked = True
            else:
                row.is_stopped = True
            changed[key] = row
        yield record
    PersonSource.objects.bulk_create(
        changed.values(), update_conflicts=True, unique_fields=["subject", "channel"],
        update_fields=["company", "point", "method", "notice", "language", "entity", "origin", "agreed_at",
                       *OUTCOMES],
    )  # fmt: skip
    source_days.move(
        [before[key] for key in changed if key in before], [source_days.of(row) for row in changed.values()]
    )


def _origins(records: Sequence[ConsentRecord]) -> dict[int, str]:
    """What brought each yes, by arrival: what brought its act, or else the question that it answers. Two queries."""
    given = [one for one in records if one.state == Consent.GIVEN]
    answers = {one.subject for one in given if one.point_id}
    asked = ConsentRecord.objects.filter(subject__in=answers, state=Consent.REQUESTED).order_by("arrival")
    questions = list(asked.only("act_id", "subject", "channel", "point_id", "recorded_at"))
    acts = {one.act_id for one in (*given, *questions)}
    brought: dict[UUID, str] = dict(ActOrigin.objects.filter(act__in=acts).values_list("act", "origin"))
    if not brought:
        return {}
    by_person: dict[_Asked, list[ConsentRecord]] = {}
    for one in questions:
        by_person.setdefault((one.subject, one.channel, one.point_id), []).append(one)
    return {
        one.arrival: brought.get(one.act_id)
        or _brought(one, by_person.get((one.subject, one.channel, one.point_id), ()), brought)
        for one in given
    }


def _brought(record: ConsentRecord, questions: Iterable[ConsentRecord], brought: dict[UUID, str]) -> str:
    """What brought the last question that a yes may answer."""
    last = ""
    for one in questions:
        if one.recorded_at <= record.recorded_at <= one.recorded_at + ANSWERED_WITHIN:
            last = brought.get(one.act_id, "")
    return last


def _new(record: ConsentRecord, origin: str) -> PersonSource:
    return PersonSource(
        company_id=record.company_id, subject=record.subject, channel=record.channel, point_id=record.point_id,
        method=record.method, notice=record.notice_id, language=record.language, entity=record.entity,
        origin=origin, agreed_at=record.recorded_at,
    )  # fmt: skip


def _mark(looked_at: datetime | None, now: datetime) -> None:
    """What is no record of consent: messages that reach nobody, and words that may be a complaint."""
    since = (looked_at or now - YEAR) - LOOKS_BACK
    unreached = ContactTrouble.objects.filter(kind=ContactTrouble.Kind.UNREACHABLE, seen_at__gte=since)
    _flag("is_unreached", unreached.values_list("subject", "channel", "seen_at"))
    complaints = Hold.objects.filter(kind=Hold.Kind.UNSURE, said_at__gte=since).exclude(
        ending=Hold.Ending.GO_ON
    )
    _flag("is_complaint", complaints.values_list("subject", "channel", "said_at"))


def _flag(outcome: str, found: Iterable[tuple[Any, str, datetime]]) -> None:
    last = {(subject, channel): at for subject, channel, at in found}
    rows = PersonSource.objects.filter(
        subject__in={subject for subject, _channel in last}, **{outcome: False}
    )
    before, flagged = [], []
    for row in rows:
        at = last.get((row.subject, row.channel))
        if at is not None and at >= row.agreed_at:
            before.append(source_days.of(row))
            setattr(row, outcome, True)
            flagged.append(row)
    PersonSource.objects.bulk_update(flagged, [outcome], batch_size=500)
    source_days.move(before, map(source_days.of, flagged))


def ranked(company: int, channel: str, *, since: datetime) -> list[Source]:
    """Every source of a company's people on a channel, the one that brings the most trouble for certain first.

    Whole days (UTC) count, from the one of `since` on. One query, which reads the sums alone.
    """
    rows = (
        SourceDay.objects.filter(company=company, channel=channel, day__gte=since.astimezone(UTC).date())
        .values(*DIMENSIONS, "origin")
        .annotate(**{name: Sum(name) for name in source_days.COUNTS})
    )  # fmt: skip
    sums: dict[tuple[str, Any], list[int]] = {}
    whole = [0] * 6
    for row in rows:
        counts = [row[name] for name in source_days.COUNTS]
        whole = [one + more for one, more in zip(whole, counts, strict=True)]
        for source in _sources_of(row):
            there = sums.setdefault(source, [0] * 6)
            sums[source] = [one + more for one, more in zip(there, counts, strict=True)]
    found = [
        _source(dimension, value, counts, whole) for (dimension, value), counts in sums.items() if counts[0]
    ]
    return sorted(found, key=lambda one: (-one.is_told, -one.low, -one.rate, -one.people))


def _sources_of(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Which sources some people count for: first the narrow ones, which can be paused alone."""
    kind, _colon, key = row["origin"].partition(":")
    if key:
        yield kind, key
    for dimension in DIMENSIONS:
        if row[dimension] not in (0, "", "subject"):  # who spoke for themselves are no member of staff
            yield dimension, row[dimension]


def _source(dimension: str, value: Any, counts: Sequence[int], whole: Sequence[int]) -> Source:
    people, stopped, blocked, unreached, complaints, away = counts
    others, others_away = whole[0] - people, whole[5] - away
    low, high = wilson(away, people)
    # Where there are no others there is nobody to compare with.
    usual = others_away / others if others else 1.0
    return Source(dimension, value, people, stopped, blocked, unreached, complaints, away, low, high, usual)
