"""How a sender is doing: its colour, what is held back until when, its limit, and where the trouble comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from consent.admin import blame, openings, readings, scope, simulating
from consent.admin.site import admin_page
from consent.models import QualityPoll, QualityTold, Sender, SenderUse
from consent.quality import braking, clocks, counting, keeping, signals, sources, states, words
from consent.quality.clocks import Clock
from consent.quality.from_meta import FIRST
from consent.quality.reading import UNLIMITED, condensed
from consent.quality.states import State
from consent.vocabulary import Rating

MAY_SEE = "consent.view_sender"
MAY_CHANGE = "consent.change_sender"
DAYS = 7
BACK = timedelta(days=30)  # how far the timeline goes
OLD = timedelta(hours=1)  # a reading of a number that is asked about every ten minutes
MOST_SOURCES = 12
WORST = (Rating.RED.value, Rating.YELLOW.value, Rating.GREEN.value)


@dataclass(frozen=True, slots=True)
class Square:
    """One day of the strip: its worst colour, and where it stands in the picture."""

    day: date
    rating: str
    label: str
    x: int
    middle: int


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """How a number is doing, now or at a moment of the past."""
    sender = _sender(request, pk, MAY_SEE)
    now = clocks.of(sender).shown(timezone.now())
    asked = _moment(request.GET.get("at", ""))
    at = min(asked or now, now)
    context = {**_context(request, sender, at), "asked_at": request.GET.get("at", ""), "is_past": at < now}
    context["is_no_moment"] = bool(request.GET.get("at")) and asked is None
    return TemplateResponse(request, "consent/admin/health.html", admin_page(request, context))


def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what somebody typed from the provider's console, or handed in as a file."""
    sender = _sender(request, pk, MAY_CHANGE)
    form = readings.ReadingForm(request.POST, request.FILES)
    if not form.is_valid():
        at = clocks.of(sender).shown(timezone.now())
        context = {**_context(request, sender, at), "form": form}
        return TemplateResponse(request, "consent/admin/health.html", admin_page(request, context))
    own = clocks.of(sender).shown(timezone.now())
    kept = form.keep(sender, entity=openings.entity(request), at=own)
    notes.success(request, _("%(number)s written down.") % {"number": kept})
    return redirect("admin:consent_sender_health", sender.pk)


def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the notices about a sender off one's own first page."""
    sender = _sender(request, pk, MAY_SEE)
    mine = QualityTold.objects.filter(user=request.user.pk, change__sender=sender, seen_at=None)
    mine.update(seen_at=timezone.now())
    return redirect("admin:consent_sender_health", sender.pk)


def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause one source, or open it again; no other."""
    sender = _sender(request, pk, MAY_SEE)
    notes.success(request, blame.pause(request, sender))
    return redirect("admin:consent_sender_health", sender.pk)


def _sender(request: HttpRequest, pk: int, permission: str) -> Sender:
    if not request.user.has_perm(permission):
        raise PermissionDenied
    sender = scope.within(Sender.objects.select_related("company").filter(pk=pk), request).first()
    if sender is None:
        raise Http404
    return sender


def _moment(text: str) -> datetime | None:
    """The moment somebody typed; None for what is none, or is before there were numbers."""
    try:
        moment = parse_datetime(text[:40])
        if moment is not None and timezone.is_naive(moment):
            moment = timezone.make_aware(moment)
        return moment if moment is not None and moment > FIRST else None
    except (ValueError, OverflowError):
        return None


def _context(request: HttpRequest, sender: Sender, at: datetime) -> dict[str, Any]:
    clock = clocks.of(sender)
    known = keeping.readings(sender, until=at)
    heard = condensed(known)
    state = keeping.state_of(sender, at=at, known=heard)
    use = SenderUse.objects.filter(sender=sender).first()
    counted = keeping.use_of(sender)
    warned = signals.warned_since(sender, at=at)
    found = braking.against(state, sender.company, counted, warned_since=warned)
    told = signals.signals(signals.days_of(sender, at=at))
    rows = blame.rows(sender, clock.real(at))
    line = states.timeline(keeping.BOOKS[sender.rule_book], heard, sender.pk, since=at - BACK, until=at)
    last = max((one.said_at for one in known), default=None)
    poll = QualityPoll.objects.filter(sender=sender).first()
    return {
        "title": _("How %(sender)s is doing") % {"sender": sender},
        "sender": sender,
        "at": at,
        "state": state,
        "colour": words.colour(state.rating),
        "status": words.status(state.status),
        "limit": words.people(state.limit),
        "forecast": counting.forecast(use, state.limit, at=at),
        "share": _share(use, state),
        "half": braking.half(state, counted),
        "held": [(words.held(one.level), words.cause(one.cause), one) for one in found],
        "strip": _strip(sender, heard, at),
        "timeline": [(one.at, words.colour(one.rating), words.status(one.status), words.people(one.limit),
                      [words.cause(hold.cause) for hold in one.restraints]) for one in reversed(line)],
        "signals": [(signals.NAMES[one.name], one) for one in told],
        "is_warned": warned is not None,
        "sources": rows[:MOST_SOURCES],
        "has_blame": any(row.source.is_to_blame for row in rows),
        "has_enough": any(row.source.is_told for row in rows),
        "fewest": sources.FEWEST,
        "steps": words.next_steps(
            state, is_warned=warned is not None, has_blame=any(row.source.is_to_blame for row in rows)
        ),
        "last": last,
        "is_old": last is not None and at - (_confirmed(poll, clock) or last) > OLD,
        "poll": poll,
        "confirmed": _confirmed(poll, clock),
        "asks_again": clock.shown(poll.due_at) if poll else None,
        "simulation": simulating.context(sender, clock, poll),
        "unseen": QualityTold.objects.filter(
            change__sender=sender, user=request.user.pk, seen_at=None).count(),
        "told_rows": _told(sender),
        "form": readings.ReadingForm(),
        "may_change": request.user.has_perm(MAY_CHANGE),
        "may_pause": request.user.has_perm(blame.MAY_PAUSE),
    }  # fmt: skip


def _told(sender: Sender) -> list[dict[str, Any]]:
    rows = QualityTold.objects.filter(change__sender=sender).select_related("change__sender").order_by("-pk")
    return [
        {"at": row.change.at, "text": words.change(row.change), "name": row.name, "mailed_at": row.mailed_at}
        for row in rows[:10]
    ]


def _confirmed(poll: QualityPoll | None, clock: Clock) -> datetime | None:
    return clock.shown(poll.answered_at) if poll and poll.answered_at else None


def _share(use: SenderUse | None, state: State) -> int | None:
    """How much of the limit is used, in hundredths."""
    if use is None or state.limit is None or state.limit >= UNLIMITED:
        return None
    return min(100 * use.people // state.limit, 100)


def _strip(sender: Sender, heard: Sequence[Any], at: datetime) -> list[Square]:
    """The worst colour of each of the last seven days."""
    today = localdate(at)
    squares = []
    for place in range(DAYS):
        day = today - timedelta(days=DAYS - 1 - place)
        begins = datetime.combine(day, datetime.min.time(), tzinfo=timezone.get_current_timezone())
        ends = min(begins + timedelta(days=1), at)
        line = states.timeline(keeping.BOOKS[sender.rule_book], heard, sender.pk, since=begins, until=ends)
        seen = {one.rating for one in line}
        rating = next((one for one in WORST if one in seen), Rating.UNKNOWN.value)
        squares.append(Square(day, rating, words.colour(rating), place * 50, place * 50 + 23))
    return squares
