"""Having everybody asked again who agreed to an older meaning, with what silence means; and no longer."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.admin import openings
from consent.models import NoticeVersion, Reasking

LEAST = timedelta(days=7)  # in which people can answer


def earliest(version: NoticeVersion, now: datetime) -> date:
    """The first day on which silence may end a consent, by the company's clock."""
    return timezone.localtime(now + LEAST, ZoneInfo(version.notice.company.time_zone)).date()


def post(
    request: HttpRequest, version: NoticeVersion, *, refuse: Callable[[str], HttpResponse]
) -> HttpResponse:
    """Begin to ask, or stop asking; `refuse` shows the page with what is wrong."""
    page = redirect("admin:consent_noticeversion_again", version.pk)
    now = timezone.now()
    if request.POST.get("do") == "stop":
        Reasking.objects.filter(version=version, ended_at=None).update(ended_at=now)
        messages.success(request, _("Nobody is asked any more."))
        return page
    if version.state != NoticeVersion.State.PUBLISHED:
        messages.warning(request, _("Publish the version first. Nobody was asked."))
        return page
    try:
        ends_at = _ends(request.POST.get("ends", ""), version, now)
    except ValueError:
        return refuse(_("Choose a day at least a week from now, or none."))
    Reasking.objects.get_or_create(
        version=version, defaults={"entity": openings.entity(request), "started_at": now, "ends_at": ends_at}
    )
    messages.success(request, _("They are asked from now on, each once, as soon as a channel is allowed."))
    return page


def _ends(text: str, version: NoticeVersion, now: datetime) -> datetime | None:
    """The beginning of the day that was chosen. Raises ValueError where that is too soon, or no day."""
    if not text:
        return None
    day = date.fromisoformat(text)
    if day < earliest(version, now):
        raise ValueError("Too soon for people to answer.")
    return datetime.combine(day, time(), tzinfo=ZoneInfo(version.notice.company.time_zone))
