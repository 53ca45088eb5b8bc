"""What happened lately, found by the time in its ids, so that no table of millions is read whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.utils import timezone

from consent import vault
from consent.admin import scope
from consent.models import CapturePoint, ConsentRecord, NoticeShown, NoticeVersion, OutboundMessage
from consent.vocabulary import State


@dataclass(frozen=True, slots=True)
class VersionCount:
    """How often a notice version was shown at a capture point, and how many people did something about it."""

    version: NoticeVersion
    shown: int
    answered: int
    agreed: int


def records(request: HttpRequest, *, since: datetime) -> QuerySet[ConsentRecord]:
    """The records of the request's companies that reached us since a moment."""
    found = ConsentRecord.objects.filter(uid__gte=vault.first_id(since))
    return scope.within(found.order_by(), request)


def acts_by_day(request: HttpRequest, *, days: Iterable[date]) -> dict[str, dict[date, int]]:
    """How many acts each capture method brought on each day: {method: {day: acts}}."""
    wanted = list(days)
    zone = timezone.get_current_timezone()
    start = datetime.combine(min(wanted), datetime.min.time(), tzinfo=zone)
    rows = (
        records(request, since=start)
        .annotate(day=TruncDate("recorded_at", tzinfo=zone))
        .values_list("method", "day")
        .annotate(acts=Count("act", distinct=True))
    )
    found: dict[str, dict[date, int]] = {}
    for method, day, acts in rows:
        found.setdefault(method, {})[day] = acts
    return found


def waiting_acts(request: HttpRequest) -> int:
    """How many people were asked to prove their number, may still do so, and have not."""
    asked_since = timezone.now() - timedelta(hours=settings.OPTIN_ASK_TTL_HOURS)
    answer = ConsentRecord.objects.filter(
        subject=OuterRef("subject"), channel=OuterRef("channel"), purpose=OuterRef("purpose"),
        arrival__gt=OuterRef("arrival"),
    ).exclude(state=State.REQUESTED)  # fmt: skip
    asked = records(request, since=asked_since).filter(state=State.REQUESTED)
    return asked.filter(~Exists(answer)).aggregate(acts=Count("act", distinct=True))["acts"] or 0


def funnel(request: HttpRequest, *, since: datetime) -> tuple[int, int, int]:
    """How many acts asked people to prove their number since a moment, how many were confirmed, and how many refused or
    stopped. One query.
    """
    later = ConsentRecord.objects.filter(
        subject=OuterRef("subject"), channel=OuterRef("channel"), purpose=OuterRef("purpose"),
        arrival__gt=OuterRef("arrival"),
    )  # fmt: skip
    asked = records(request, since=since).filter(state=State.REQUESTED)
    said_yes = Exists(later.filter(state=State.GIVEN))
    said_no = Exists(later.filter(state__in=(State.REFUSED, State.WITHDRAWN)))
    counted = asked.aggregate(
        asked=Count("act", distinct=True),
        confirmed=Count("act", distinct=True, filter=said_yes),
        refused=Count("act", distinct=True, filter=said_no & ~said_yes),
    )
    return counted["asked"], counted["confirmed"], counted["refused"]


def messages_by_state(request: HttpRequest, *, since: datetime) -> dict[str, int]:
    """How many messages queued since a moment are in which state."""
    found = OutboundMessage.objects.filter(pk__gte=vault.first_id(since)).order_by()
    counted = scope.within(found, request).values_list("state").annotate(times=Count("pk"))
    return dict(counted)


def counts(point: CapturePoint, *, since: datetime) -> list[VersionCount]:
    """What became of each notice version at a capture point since a moment, newest version first."""
    shown: dict[int, int] = {}
    for version, times in NoticeShown.objects.filter(point=point, day__gte=since.date()).values_list(
        "version", "times"
    ):
        shown[version] = shown.get(version, 0) + times
    found: QuerySet[ConsentRecord] = ConsentRecord.objects.filter(
        company=point.company_id, point=point, notice__isnull=False, uid__gte=vault.first_id(since)
    ).order_by()
    answered = _people_by_version(found)
    agreed = _people_by_version(found.filter(state=State.GIVEN))
    versions = NoticeVersion.objects.filter(pk__in={*shown, *answered}).select_related("notice")
    return [
        VersionCount(
            version, shown.get(version.pk, 0), answered.get(version.pk, 0), agreed.get(version.pk, 0)
        )
        for version in versions.order_by("-major", "-minor")
    ]


def _people_by_version(found: QuerySet[ConsentRecord]) -> dict[Any, int]:
    return dict(found.values_list("notice").annotate(people=Count("subject", distinct=True)))
