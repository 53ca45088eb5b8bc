"""Counting people: how many a sender began to write to, against its limit, and when that is reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import TruncDate

from consent.models import (
    ConsentRecord,
    Hold,
    OutboundMessage,
    Sender,
    SenderDay,
    SenderUse,
    Sending,
)  # fmt: skip
from consent.quality import clocks, keeping
from consent.quality.reading import DAY, UNLIMITED, WEEK, Kind, Reading, Source
from consent.vocabulary import Channel, RuleBook
from consent.vocabulary import State as Consent

HOUR = timedelta(hours=1)
HOURS = 24
RATE_OVER = 3  # hours whose pace is taken for the next ones
LIMITED = ("131049", "63049", "63032")

Message = OutboundMessage.State
# Outside service windows only: answers count for no limit.
BEGUN = ~Q(kind=OutboundMessage.Kind.REPLY)


@dataclass(frozen=True, slots=True)
class Forecast:
    """People in the last 24 hours, the room that is left, and when it is used up at the pace of the last hours."""

    people: int
    limit: int | None
    room: int | None
    reached_at: datetime | None


def count(sender: Sender, *, at: datetime) -> SenderUse:
    """Count the people of a sender anew, for its limit, and keep the result."""
    since = at - DAY
    last = [when for _person, when in _people(sender, since=since, until=at).items()]
    by_hour = [0] * HOURS
    for when in last:
        by_hour[min(max(int((when - since) / HOUR), 0), HOURS - 1)] += 1
    week = _people_by_day(sender, since=at - WEEK, until=at)
    use, _made = SenderUse.objects.update_or_create(
        sender=sender,
        defaults={
            "people": len(last),
            "by_hour": by_hour,
            "people_in_a_week": len(set().union(*week.values())) if week else 0,
            "most_in_a_day": max((len(one) for one in week.values()), default=0),
            "counted_at": at,
        },
    )
    return use


def watch(sender: Sender, *, at: datetime) -> None:
    """Count, and write down that a limit is reached, and how much of it was used."""
    use = count(sender, at=at)
    known = keeping.readings(sender)
    limit = keeping.state_of(sender, at=at, known=known).limit
    found = []
    if limit and limit != UNLIMITED and use.people >= limit:
        until = _resets(sender, limit, at=at)
        last = [one for one in known if one.kind == Kind.FULL]
        if not last or last[-1].until is None or last[-1].until <= at:
            found.append(
                Reading(
                    kind=Kind.FULL, value=str(use.people), said_at=at, until=until, raw=str(limit),
                    number=_whose(sender),
                )
            )  # fmt: skip
    if limit and 2 * use.people_in_a_week >= limit:
        found.append(
            Reading(kind=Kind.USED, value=str(use.people_in_a_week), said_at=at, number=_whose(sender))
        )
    keeping.keep(sender, found, source=Source.OWN, read_at=at)


def forecast(use: SenderUse | None, limit: int | None, *, at: datetime) -> Forecast:
    """When the limit is reached if people go on being written to as in the last hours; None where it is not."""
    people = use.people if use else 0
    if limit is None or limit >= UNLIMITED or use is None:
        return Forecast(people, limit, None, None)
    room = max(limit - people, 0)
    if not room:
        return Forecast(people, limit, 0, at)
    by_hour: Sequence[int] = use.by_hour
    pace = sum(by_hour[-RATE_OVER:]) / RATE_OVER
    there = float(people)
    for hour, leaving in enumerate(by_hour):
        # In this hour those drop out who were last written to in the same hour of yesterday.
        change = pace - leaving
        if there + change >= limit and change > 0:
            return Forecast(people, limit, room, at + HOUR * (hour + (limit - there) / change))
        there += change
    return Forecast(people, limit, room, None)


def tally(sender: Sender, *, since: date, at: datetime) -> None:
    """Count anew what became of a sender's messages on each day since one (UTC)."""
    start = datetime(since.year, since.month, since.day, tzinfo=UTC)
    found: dict[date, dict[str, int]] = {}
    days = TruncDate("sent_at", tzinfo=UTC)
    rows: Any = (
        _begun(sender, start, at).annotate(day=days).values("day").annotate(
            sent=Count("pk"),
            delivered=Count("pk", filter=Q(state=Message.DELIVERED)),
            seen=Count("pk", filter=Q(read_at__isnull=False)),
            failed=Count("pk", filter=Q(state=Message.FAILED)),
            limited=Count("pk", filter=Q(error__in=LIMITED)),
        )
    )  # fmt: skip
    for row in rows:
        found[row["day"]] = {name: row[name] for name in ("sent", "delivered", "seen", "failed", "limited")}
    for day, name, times in _said(sender, start, at):
        found.setdefault(day, {})[name] = times
    for day, counts in found.items():
        SenderDay.objects.update_or_create(sender=sender, day=day, defaults=counts)


def _said(sender: Sender, start: datetime, at: datetime) -> list[tuple[date, str, int]]:
    """Stops, blocks and complaints, by day. Who stops stops a channel, so they count for each number on it."""
    ended = ConsentRecord.objects.filter(
        company=sender.company_id, channel=sender.channel, state=Consent.WITHDRAWN, recorded_at__gte=start,
        recorded_at__lte=at,
    ).annotate(day=TruncDate("recorded_at", tzinfo=UTC)).order_by()  # fmt: skip
    holds = Hold.objects.filter(sender=sender, said_at__gte=start, said_at__lte=at)
    holds = holds.annotate(day=TruncDate("said_at", tzinfo=UTC)).order_by()
    by_platform = Q(entity__startswith="platform:")
    told: list[tuple[date, str, int]] = []
    for name, rows in (
        ("stops", ended.exclude(by_platform)),
        ("blocks", ended.filter(by_platform)),
        ("reports", holds.filter(kind=Hold.Kind.UNSURE).exclude(ending=Hold.Ending.GO_ON)),
    ):
        counted = rows.values_list("day").annotate(people=Count("subject", distinct=True))
        told += [(day, name, people) for day, people in counted]
    return told


def _begun(sender: Sender, since: datetime, until: datetime) -> QuerySet[OutboundMessage]:
    """What a sender began of its own accord and what has left, or may have."""
    return OutboundMessage.objects.filter(
        BEGUN, company=sender.company_id, sender=sender, sent_at__gt=since, sent_at__lte=until
    ).order_by()


def _told(sender: Sender, since: datetime, until: datetime) -> QuerySet[Sending]:
    """What programs told that they sent on the channel. They do not say from which number: it counts for each."""
    return Sending.objects.filter(
        company=sender.company_id, channel=sender.channel, sent_at__gt=since, sent_at__lte=until
    )


def _people(sender: Sender, *, since: datetime, until: datetime) -> dict[Any, datetime]:
    """Whom the numbers that share a limit began to write to, and when last."""
    people: dict[Any, datetime] = {}
    clock = clocks.of(sender)
    since, until = clock.real(since), clock.real(until)
    found = [_told(sender, since, until), *(_begun(one, since, until) for one in _sharing(sender))]
    for rows in found:
        for person, when in rows.values_list("subject").annotate(last=Max("sent_at")):
            people[person] = max(people.get(person, when), when)
    return {person: clock.shown(when) for person, when in people.items()} if clock.jumps else people


def _people_by_day(sender: Sender, *, since: datetime, until: datetime) -> dict[date, set[Any]]:
    days = TruncDate("sent_at", tzinfo=UTC)
    people: dict[date, set[Any]] = {}
    clock = clocks.of(sender)
    since, until = clock.real(since), clock.real(until)
    for rows in [_told(sender, since, until), *(_begun(one, since, until) for one in _sharing(sender))]:
        for day, person in rows.annotate(day=days).values_list("day", "subject").distinct():
            people.setdefault(day, set()).add(person)
    return people


def _sharing(sender: Sender) -> list[Sender]:
    """Whose people count for the same limit: all numbers of the account after the current rules."""
    return keeping.siblings(sender) if sender.rule_book == RuleBook.CURRENT else [sender]


def _whose(sender: Sender) -> int:
    return 0 if sender.rule_book == RuleBook.CURRENT and sender.account else sender.pk


def _resets(sender: Sender, limit: int, *, at: datetime) -> datetime:
    """When so many people have dropped out of the 24 hours that there is room again."""
    last = sorted(_people(sender, since=at - DAY, until=at).values())
    return last[len(last) - limit] + DAY


def is_counted(sender: Sender) -> bool:
    """Whether a sender's people have a limit at all."""
    return sender.channel == Channel.WHATSAPP


def room(company: int, channel: str, *, at: datetime) -> int | None:
    """How many more people a company's numbers on a channel may begin to write to now; None where nothing limits them.

    A number that is restricted has none. Numbers that share an account share its room.
    """
    left: dict[tuple[str, int], int] = {}
    senders = Sender.objects.filter(company=company, channel=channel).select_related("company", "use")
    for sender in senders:
        use = getattr(sender, "use", None)
        own = clocks.of(sender).shown(at)
        told = forecast(use, keeping.state_of(sender, at=own).limit, at=own)
        if told.room is None:
            return None
        shares = sender.account if sender.rule_book == RuleBook.CURRENT else ""
        key = (shares, 0 if shares else sender.pk)
        left[key] = min(left.get(key, told.room), told.room)
    return sum(left.values()) if left else None
