"""Where the trouble comes from: whom each capture point, method, notice, language and member of staff brought.

The worker follows records in the order of their arrival (a cursor) and keeps sums per day, which a page reads.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from consent.models import ConsentRecord, ContactTrouble, Hold, PersonSource, SourceCursor, SourceDay
from consent.quality import source_days
from consent.quality.signals import wilson
from consent.vocabulary import State as Consent

AT_ONCE = 2_000
YEAR = timedelta(days=365)
LOOKS_BACK = timedelta(hours=1)  # what is told late still counts
FEWEST = 30  # people, below which nothing is said of a source
DIMENSIONS = ("point", "method", "notice", "language", "entity")
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
    changed: dict[tuple[Any, str], PersonSource] = {}
    for record in records:
        key = (record.subject, record.channel)
        if record.state == Consent.GIVEN:
            changed[key] = known[key] = _new(record)
        elif (row := known.get(key)) is not None:
            if record.entity.startswith("platform:"):
                row.is_blocked = True
            else:
                row.is_stopped = True
            changed[key] = row
        yield record
    PersonSource.objects.bulk_create(
        changed.values(), update_conflicts=True, unique_fields=["subject", "channel"],
        update_fields=["company", "point", "method", "notice", "language", "entity", "agreed_at", *OUTCOMES],
    )  # fmt: skip
    source_days.move(
        [before[key] for key in changed if key in before], [source_days.of(row) for row in changed.values()]
    )


def _new(record: ConsentRecord) -> PersonSource:
    return PersonSource(
        company_id=record.company_id, subject=record.subject, channel=record.channel, point_id=record.point_id,
        method=record.method, notice=record.notice_id, language=record.language, entity=record.entity,
        agreed_at=record.recorded_at,
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
        .values(*DIMENSIONS)
        .annotate(**{name: Sum(name) for name in source_days.COUNTS})
    )  # fmt: skip
    sums: dict[tuple[str, Any], list[int]] = {}
    whole = [0] * 6
    for row in rows:
        counts = [row[name] for name in source_days.COUNTS]
        whole = [one + more for one, more in zip(whole, counts, strict=True)]
        for dimension in DIMENSIONS:
            if row[dimension] in (0, "", "subject"):
                continue  # nobody's: people who spoke for themselves are no member of staff
            there = sums.setdefault((dimension, row[dimension]), [0] * 6)
            sums[(dimension, row[dimension])] = [one + more for one, more in zip(there, counts, strict=True)]
    found = [
        _source(dimension, value, counts, whole) for (dimension, value), counts in sums.items() if counts[0]
    ]
    return sorted(found, key=lambda one: (-one.is_told, -one.low, -one.rate, -one.people))


def _source(dimension: str, value: Any, counts: Sequence[int], whole: Sequence[int]) -> Source:
    people, stopped, blocked, unreached, complaints, away = counts
    others, others_away = whole[0] - people, whole[5] - away
    low, high = wilson(away, people)
    # Where there are no others there is nobody to compare with.
    usual = others_away / others if others else 1.0
    return Source(dimension, value, people, stopped, blocked, unreached, complaints, away, low, high, usual)
