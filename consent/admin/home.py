"""What staff see first: what needs them, what people answered lately, what waits, and how the log does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessFailureLog
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent import rights, vault
from consent.admin import beginning, charts, judging, labels, numbers, recent, scope, waiting_lists
from consent.admin.paper import concerns
from consent.audits import drawing
from consent.models import (
    ApiKey,
    AuditSample,
    CapturePoint,
    Checkpoint,
    Company,
    InboundMessage,
    LogHead,
    LogPending,
    NoticeVersion,
    Offer,
    OutboundMessage,
    RightsRequest,
    Sender,
)
from consent.quality import words
from consent.watching import MERGE_ALARM, OUTBOX_ALARM

DAYS = 7
MOST_WAITING = 10_000
MOST_POINTS = 6
MOST_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Concern:
    """Something a person should look at, and where."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class LogHealth:
    """How the log does: its size, its last checkpoint, and what waits for a place."""

    size: int
    published_at: datetime | None
    waiting: int
    oldest: datetime | None

    @property
    def is_late(self) -> bool:
        return self.oldest is not None and timezone.now() - self.oldest > MERGE_ALARM


def overview(request: HttpRequest) -> dict[str, Any]:
    """Everything the home page shows."""
    now = timezone.now()
    today = timezone.localdate()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    acts = recent.acts_by_day(request, days=days)
    chart = charts.stack({labels.method(slug): acts[slug] for slug in sorted(acts)}, days=days)
    outbox = recent.messages_by_state(request, since=now - timedelta(days=DAYS))
    log = log_health()
    points = [*_points(request)[:MOST_POINTS]]
    has_companies = scope.companies(request).exists()
    can_ask = any(point.is_open and point.has_notice and point.has_boxes for point in points)
    return {
        "chart": chart,
        "days": DAYS,
        "waiting": recent.waiting_acts(request),
        "funnel": _funnel(request, since=now - timedelta(days=DAYS)),
        "outbox": [(label, outbox.get(state, 0), state) for state, label in OutboundMessage.State.choices],
        "queued": outbox.get(OutboundMessage.State.QUEUED, 0),
        "log": log,
        "numbers": numbers.first_page(request) if request.user.has_perm("consent.view_sender") else [],
        "points": points,
        "samples": _samples(request)[:MOST_SAMPLES]
        if request.user.has_perm("consent.add_auditsample")
        else [],
        "concerns": [*_concerns(request, log)],
        "has_companies": has_companies,
        "steps": beginning.steps(request, points) if has_companies and not can_ask else [],
    }


def _funnel(request: HttpRequest, *, since: datetime) -> list[tuple[str, int, int]]:
    """The steps of confirmation: each with its name, its number, and its share of those asked in hundredths."""
    asked, confirmed, refused = recent.funnel(request, since=since)
    steps = (
        (_("asked to confirm their number"), asked),
        (_("confirmed"), confirmed),
        (_("refused or stopped"), refused),
        (_("not answered"), asked - confirmed - refused),
    )
    return [(name, number, round(100 * number / asked)) for name, number in steps] if asked else []


def log_health() -> LogHealth:
    """The state of the log."""
    head = LogHead.objects.first()
    last = Checkpoint.objects.order_by("-size").first()
    waiting = LogPending.objects.all()
    return LogHealth(
        size=head.size if head else 0,
        published_at=last.published_at if last else None,
        waiting=waiting[:MOST_WAITING].count(),
        oldest=waiting.order_by("arrival").values_list("arrival", flat=True).first(),
    )


def _points(request: HttpRequest) -> Any:
    published = NoticeVersion.objects.filter(notice=OuterRef("notice"), state=NoticeVersion.State.PUBLISHED)
    points = CapturePoint.objects.select_related("company").annotate(
        has_notice=Exists(published), has_boxes=Exists(Offer.objects.filter(point=OuterRef("pk")))
    )
    return scope.within(points.order_by("company", "slug"), request)


def _samples(request: HttpRequest) -> Any:
    return drawing.counted(scope.within(AuditSample.objects.order_by("-drawn_at"), request))


def _concerns(request: HttpRequest, log: LogHealth) -> Iterator[Concern]:
    yield from _failed_logins(request)
    for changes, earlier in numbers.notices(request):
        page = reverse("admin:consent_sender_health", args=[changes[0].sender_id])
        said = f"{labels.moment(changes[0].at)}: {' '.join(words.change(change) for change in changes)}"
        more = ngettext("%(number)s notice before it.", "%(number)s notices before it.", earlier)
        yield Concern(f"{said} {more % {'number': earlier}}" if earlier else said, page)
    yield from _to_judge(request)
    for found in (concerns.found, waiting_lists.found):
        yield from (Concern(text, url) for text, url in found(request))
    yield from _to_answer(request)
    yield from _alarms(request)
    for stopped in _stopped(request):
        yield Concern(
            _("Sending is stopped for %(what)s.") % {"what": stopped},
            reverse("admin:consent_outboundmessage_changelist"),
        )
    if log.is_late:
        yield Concern(
            _("The log has entries waiting for more than a minute. Is a worker running (manage.py work)?")
        )
    for point in _points(request).filter(Q(has_notice=False) | Q(has_boxes=False), is_open=True)[:5]:
        missing = _("it has no box yet") if point.has_notice else _("its notice has no published version")
        yield Concern(
            _("“%(point)s” cannot be shown: %(missing)s.") % {"point": point, "missing": missing},
            reverse("admin:consent_capturepoint_change", args=[point.pk]),
        )
    for sender in scope.within(Sender.objects.filter(secret=b"").exclude(provider="sandbox"), request)[:5]:
        yield Concern(
            _("%(sender)s has no token, so nothing can be sent from it.") % {"sender": sender},
            reverse("admin:consent_sender_change", args=[sender.pk]),
        )
    yield from _stuck_messages(request)


def _alarms(request: HttpRequest) -> Iterator[Concern]:
    """Keys that something is wrong with, until they are replaced or revoked, or for some days."""
    lately = ApiKey.objects.filter(alarm_at__gte=timezone.now() - timedelta(days=DAYS), revoked_at=None)
    for key in scope.within(lately.filter(expires_at=None).order_by("-alarm_at"), request)[:5]:
        yield Concern(
            _("The key “%(name)s”: %(alarm)s") % {"name": key.name, "alarm": key.get_alarm_display()},
            reverse("admin:consent_apikey_change", args=[key.pk]),
        )


def _stopped(request: HttpRequest) -> Iterator[Company | Sender]:
    yield from scope.companies(request).filter(is_paused=True)[:5]
    yield from scope.within(Sender.objects.filter(is_paused=True), request)[:5]


def _to_judge(request: HttpRequest) -> Iterator[Concern]:
    number = (
        judging.waiting(request)[:MOST_WAITING].count() if request.user.has_perm(judging.MAY_JUDGE) else 0
    )
    if number:
        text = ngettext(
            "%(number)s message may be a stop. Offers are held back until somebody has read it.",
            "%(number)s messages may be stops. Offers are held back until somebody has read them.",
            number,
        )
        yield Concern(text % {"number": number}, reverse("admin:consent_hold_next"))


def _to_answer(request: HttpRequest) -> Iterator[Concern]:
    soon = timezone.now() + timedelta(days=5)
    requests = scope.within(RightsRequest.objects.filter(state__in=rights.WAITING), request)
    number = requests.filter(due_at__lt=soon)[:MOST_WAITING].count()
    if number and request.user.has_perm("consent.change_rightsrequest"):
        text = ngettext(
            "%(number)s request about data is due within five days, or overdue.",
            "%(number)s requests about data are due within five days, or overdue.",
            number,
        )
        yield Concern(text % {"number": number}, reverse("admin:consent_rightsrequest_changelist"))


def _stuck_messages(request: HttpRequest) -> Iterator[Concern]:
    outbox = reverse("admin:consent_outboundmessage_changelist")
    messages = scope.within(OutboundMessage.objects.order_by(), request)
    lately = messages.filter(pk__gte=vault.first_id(timezone.now() - timedelta(days=DAYS)))
    failed = lately.filter(state=OutboundMessage.State.FAILED).count()
    if failed:
        text = ngettext(
            "%(number)s message could not be sent.", "%(number)s messages could not be sent.", failed
        )
        yield Concern(text % {"number": failed}, f"{outbox}?state__exact=failed")
    late = messages.filter(state=OutboundMessage.State.QUEUED, due_at__lt=timezone.now() - OUTBOX_ALARM)
    if late.exists():
        yield Concern(
            _("Messages have been due for more than five minutes. Is a worker running (manage.py work)?"),
            f"{outbox}?state__exact=queued",
        )
    kept = scope.within(InboundMessage.objects.order_by(), request).filter(
        state__in=[
            InboundMessage.State.UNROUTED,
            InboundMessage.State.UNREADABLE,
            InboundMessage.State.CONFLICT,
        ]
    )
    number = kept[:MOST_WAITING].count()
    if number:
        text = ngettext(
            "%(number)s incoming message could not be understood.",
            "%(number)s incoming messages could not be understood.",
            number,
        )
        yield Concern(text % {"number": number}, reverse("admin:consent_inboundmessage_changelist"))


def _failed_logins(request: HttpRequest) -> Iterator[Concern]:
    """Whoever owns an account is told when somebody guesses at its password."""
    tries = AccessFailureLog.objects.filter(
        username=request.user.get_username(), attempt_time__gte=timezone.now() - timedelta(days=DAYS)
    ).aggregate(times=Count("pk"), addresses=Count("ip_address", distinct=True))
    if tries["times"]:
        text = ngettext(
            "%(number)s sign-in to your account failed in %(days)s days (addresses: %(addresses)s).",
            "%(number)s sign-ins to your account failed in %(days)s days (addresses: %(addresses)s).",
            tries["times"],
        )
        values = {"number": tries["times"], "days": DAYS, "addresses": tries["addresses"]}
        yield Concern(text % values, reverse("admin:password_change"))
