"""People summed up per day and source, kept up as they change, so that a page reads days instead of people."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, Value
from django.db.models.functions import Coalesce, TruncDate

from consent.models import PersonSource, SourceDay

KEYS = ("company_id", "channel", "day", "point", "notice", "method", "language", "entity", "origin")
COUNTS = ("people", "stopped", "blocked", "unreached", "complaints", "turned_away")
# Whoever turns away says something of who asked; a number that nobody reaches, of how it was taken down.
TURNED_AWAY = Q(is_stopped=True) | Q(is_blocked=True) | Q(is_complaint=True)

type Sum = tuple[tuple[Any, ...], tuple[int, ...]]

_TABLE = SourceDay._meta.db_table
_INSERT = f"INSERT INTO {_TABLE} ({', '.join((*KEYS, *COUNTS))})"
_MARKS = ", ".join(["%s"] * len((*KEYS, *COUNTS)))
_MORE = ", ".join(f"{name} = {_TABLE}.{name} + excluded.{name}" for name in COUNTS)
_ADD = f"{_INSERT} VALUES ({_MARKS}) ON CONFLICT ({', '.join(KEYS)}) DO UPDATE SET {_MORE}"


def of(row: PersonSource) -> Sum:
    """What one person adds to the sums: to which of them, and how much to each count."""
    away = row.is_stopped or row.is_blocked or row.is_complaint
    counts = (1, row.is_stopped, row.is_blocked, row.is_unreached, row.is_complaint, away)
    day = row.agreed_at.astimezone(UTC).date()
    key = (
        row.company_id,
        row.channel,
        day,
        row.point_id or 0,
        row.notice or 0,
        row.method,
        row.language,
        row.entity,
        row.origin,
    )
    return key, tuple(map(int, counts))


def move(before: Iterable[Sum], after: Iterable[Sum]) -> None:
    """Take away what people added before they changed, and add what they add now. One writer at a time."""
    changes: dict[tuple[Any, ...], list[int]] = {}
    for sign, sums in ((-1, before), (1, after)):
        for key, counts in sums:
            there = changes.setdefault(key, [0] * len(COUNTS))
            changes[key] = [one + sign * more for one, more in zip(there, counts, strict=True)]
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, [(*key, *counts) for key, counts in changes.items() if any(counts)])


def recount() -> None:
    """Sum everybody up from nothing, which grows with the number of people; one writer at a time."""
    rows = (
        PersonSource.objects.order_by()
        .annotate(
            day=TruncDate("agreed_at", tzinfo=UTC),
            place=Coalesce("point_id", Value(0)),
            words=Coalesce("notice", Value(0)),
        )
        .values_list("company_id", "channel", "day", "place", "words", "method", "language", "entity", "origin")
        .annotate(
            people=Count("pk"),
            stopped=Count("pk", filter=Q(is_stopped=True)),
            blocked=Count("pk", filter=Q(is_blocked=True)),
            unreached=Count("pk", filter=Q(is_unreached=True)),
            complaints=Count("pk", filter=Q(is_complaint=True)),
            turned_away=Count("pk", filter=TURNED_AWAY),
        )
    )  # fmt: skip
    query, values = rows.query.sql_with_params()
    with transaction.atomic(), connection.cursor() as cursor:
        SourceDay.objects.all().delete()
        if connection.vendor != "postgresql":
            cursor.execute(f"{_INSERT} {query}", values)
            return
        # It takes every person for a source of their own, and would sort them all on disk.
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        # What is inserted somewhere is read by one process; what makes a table, by several.
        cursor.execute(f"CREATE TEMPORARY TABLE summed AS {query}", values)
        cursor.execute(f"{_INSERT} SELECT * FROM summed")  # noqa: S608 - names of this file
        cursor.execute("DROP TABLE summed")
        cursor.execute("SET LOCAL enable_sort = on")
        cursor.execute(f"ANALYZE {_TABLE}")  # else whoever reads the sums next sorts them, too
