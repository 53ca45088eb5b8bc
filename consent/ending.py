"""Which consents end by themselves within a stretch of time, and whose they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from consent import history
from consent.models import Company, ConsentRecord
from consent.vocabulary import State

BATCH = 500  # records looked at at once


@dataclass(frozen=True, slots=True)
class Ending:
    """A consent that stands and ends at `until`, by the record it rests on."""

    subject: UUID
    record: UUID
    channel: str
    purpose: int
    until: datetime


def find(company: Company, *, after: datetime, until: datetime, at: datetime) -> Iterator[list[Ending]]:
    """Whose consents, standing at `at`, end later than `after` and no later than `until`: a list for each person, the
    first to end first; each person once, under one id.

    Eight queries for each BATCH of records; none of them is open while the caller works.
    """
    seen: set[UUID] = set()
    for days in _validities(company):
        age = timedelta(days=days)
        for subjects in _agreed(company, days, after=after - age, until=until - age):
            ids = history.ids_of([one for one in subjects if one not in seen])
            people = {min(same): same for same in ids.values() if not same & seen}
            seen |= set().union(*ids.values())
            yield from _of(people, after=after, until=until, at=at)


def _validities(company: Company) -> Iterator[int]:
    """For how many days consents of a company count: each number once, by the index."""
    days = 0
    while True:
        longer = _limited(company).filter(valid_days__gt=days).order_by("valid_days")
        found = longer.values_list("valid_days", flat=True).first()
        if found is None:
            return
        yield (days := found)


def _agreed(company: Company, days: int, *, after: datetime, until: datetime) -> Iterator[list[UUID]]:
    """Who agreed, for so many days, within a stretch of time."""
    last: tuple[datetime, int] | None = None
    grants = _limited(company).filter(valid_days=days, event_time__gt=after, event_time__lte=until)
    while True:
        later = Q(event_time__gt=last[0]) | Q(event_time=last[0], arrival__gt=last[1]) if last else Q()
        rows = grants.filter(later).order_by("event_time", "arrival")
        found = list(rows.values_list("subject", "event_time", "arrival")[:BATCH])
        if not found:
            return
        yield list(dict.fromkeys(subject for subject, _time, _arrival in found))
        last = found[-1][1:]


def _limited(company: Company) -> QuerySet[ConsentRecord]:
    return ConsentRecord.objects.filter(company=company, state=State.GIVEN, valid_days__gt=0)


def _of(
    people: dict[UUID, set[UUID]], *, after: datetime, until: datetime, at: datetime
) -> Iterator[list[Ending]]:
    for subject, standings in history.standings_of(list(people), at=at).items():
        endings = [
            Ending(subject, standing.record, channel, purpose, standing.until)
            for (channel, purpose), standing in history.given(standings).items()
            if standing.record is not None and standing.until is not None and after < standing.until <= until
        ]
        if endings:
            yield sorted(endings, key=lambda one: (one.until, one.channel, one.purpose))
