"""Drawing a random sample that anybody can draw again (docs/audits.md).

Each record gets the rank SHA-256("<seed>\\n<record id>"); the records with the smallest ranks are the sample. What
is ranked is every record of the company that was recorded from the start of the first day, by the company's clock,
and before a moment. All of that stands in the log's own entries: whoever reads them can draw without us.
"""

import hashlib
import heapq
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, QuerySet

from consent import journal
from consent.canonical import moment
from consent.models import AuditItem, AuditSample, Company, ConsentRecord

FETCH = 5000
MOST = 500  # records in a sample


def counted(samples: QuerySet[AuditSample]) -> QuerySet[AuditSample]:
    """Samples, each with how many records were drawn (`drawn_items`) and how many were looked at (`looked_at`)."""
    return samples.annotate(
        drawn_items=Count("items", distinct=True), looked_at=Count("items__findings__item", distinct=True)
    )


def draw(
    company: Company, *, first_day: date, last_day: date, asked: int, seed: str, user: int, at: datetime
) -> AuditSample:
    """Draw a sample and write down, also in the log, how: nobody can draw until they like what comes."""
    until = min(_start(company, last_day + timedelta(days=1)), at)
    chosen, population = pick(company, first_day=first_day, until=until, asked=asked, seed=seed)
    with transaction.atomic():
        sample = AuditSample.objects.create(
            company=company, first_day=first_day, last_day=last_day, until=until, asked=asked, seed=seed,
            population=population, user_id=user, drawn_at=at,
        )  # fmt: skip
        AuditItem.objects.bulk_create(
            AuditItem(sample=sample, number=number, record_id=arrival)
            for number, (_rank, _uid, arrival) in enumerate(chosen, 1)
        )
        journal.write(
            "sampled", company=company, at=at, entity=f"staff:{user}", seed=seed, asked=str(asked),
            population=str(population), since=moment(_start(company, first_day)), until=moment(until),
        )  # fmt: skip
    return sample


def pick(
    company: Company, *, first_day: date, until: datetime, asked: int, seed: str
) -> tuple[list[tuple[bytes, UUID, int]], int]:
    """The records with the smallest ranks, smallest first (rank, id, arrival), and among how many."""
    records = ConsentRecord.objects.filter(
        company=company, recorded_at__gte=_start(company, first_day), recorded_at__lt=until
    )
    population = 0

    def ranked(rows: list[tuple[UUID, int]]) -> list[tuple[bytes, UUID, int]]:
        return [(rank(seed, uid), uid, arrival) for uid, arrival in rows]

    chosen: list[tuple[bytes, UUID, int]] = []
    last = -1
    while page := list(
        records.filter(arrival__gt=last).order_by("arrival").values_list("uid", "arrival")[:FETCH]
    ):
        population += len(page)
        last = page[-1][1]
        chosen = heapq.nsmallest(asked, [*chosen, *ranked(page)])
    return chosen, population


def rank(seed: str, uid: UUID) -> bytes:
    """Where a record stands in the draw of a seed."""
    return hashlib.sha256(f"{seed}\n{uid}".encode()).digest()


def _start(company: Company, day: date) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(company.time_zone))
