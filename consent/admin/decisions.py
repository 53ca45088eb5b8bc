"""What programs were answered: how often a message was allowed, and why the others were not."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.admin import charts, scope
from consent.admin.scoped import ReadOnlyAdmin
from consent.admin.site import admin_page
from consent.decision import WORDS, Reason
from consent.decision.reasons import ALLOWS
from consent.models import DecisionCount

DAYS = 7


@dataclass(frozen=True, slots=True)
class Line:
    """One reason: its code, its words (the template translates them), and how often it was the answer each day."""

    code: str
    words: str
    is_allowed: bool
    times: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.times)


@admin.register(DecisionCount)
class DecisionAdmin(ReadOnlyAdmin):
    """One page: the answers of the last days, by reason."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = timezone.localdate()
        days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
        lines = _lines(request, days)
        parts = {
            _("allowed"): _by_day((line for line in lines if line.is_allowed), days),
            _("denied"): _by_day((line for line in lines if not line.is_allowed), days),
        }
        context = {
            "title": _("Decisions"),
            "chart": charts.stack(parts, days=days),
            "lines": lines,
            "days": days,
            "number_of_days": DAYS,
        }
        return TemplateResponse(request, "consent/admin/decisions.html", admin_page(request, context))


def _lines(request: HttpRequest, days: list[date]) -> list[Line]:
    counts = scope.within(DecisionCount.objects.filter(day__gte=days[0]), request)
    times: dict[str, Counter[date]] = {}
    for reason, day, number in counts.values_list("reason", "day", "times"):
        times.setdefault(reason, Counter())[day] += number
    lines = [
        Line(code, WORDS[Reason(code)], code in ALLOWS, tuple(by_day[day] for day in days))
        for code, by_day in times.items()
    ]
    return sorted(lines, key=lambda line: (not line.is_allowed, -line.total, line.code))


def _by_day(lines: Any, days: list[date]) -> dict[date, int]:
    total: Counter[date] = Counter()
    for line in lines:
        total.update(dict(zip(days, line.times, strict=True)))
    return total
