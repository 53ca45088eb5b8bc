"""Whose consents end soon, and when they are told: the plan of a company, counted and listed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consent import opening, wording
from consent.admin import people, scope
from consent.admin.site import admin_page
from consent.aging import reminders, summaries
from consent.aging.reminders import AT_ONCE, Planned
from consent.models import Company, OutboundMessage, Purpose, SubjectKey
from consent.vocabulary import from_django_code

AHEAD = timedelta(days=30)
MOST_COUNTED = 2_000  # more are told as "at least"
LISTED = 100
MOST_LOOKED_AT = 20_000  # people, for the yearly summary


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the plan. `contact` is masked."""

    planned: Planned
    person: str
    contact: str
    boxes: list[str]
    is_due: bool


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan of the next 30 days."""
    company = scope.within(Company.objects.filter(pk=pk), request).first()
    if not request.user.has_perm(people.VIEW):
        raise PermissionDenied
    if company is None:
        raise Http404
    now = timezone.now()
    found = [one for some in islice(reminders.plan(company, ahead=AHEAD, now=now), MOST_COUNTED // AT_ONCE + 1)
             for one in some]  # fmt: skip
    waiting = [one for one in found if one.endings]
    context = {
        **(_yearly(company, now) if company.tells_yearly else {}),
        "title": _("Consents that end soon"),
        "company": company,
        "is_all": len(found) <= MOST_COUNTED,
        "due": sum(one.due_at <= now for one in waiting),
        "later": sum(one.due_at > now for one in waiting),
        "told": sum(one.told_at is not None for one in found),
        "listed": LISTED,
        "rows": _rows(sorted(waiting, key=lambda one: (one.due_at, one.until))[:LISTED], now),
        "ahead": AHEAD.days,
    }
    return TemplateResponse(request, "consent/admin/reminders.html", admin_page(request, context))


def _yearly(company: Company, now: datetime) -> dict[str, Any]:
    """How many people are told what they agreed to, now and soon, and how many were within a year."""
    keys = SubjectKey.objects.filter(company=company.pk).order_by("subject")
    everybody = list(keys.values_list("subject", flat=True)[: MOST_LOOKED_AT + 1])
    found = summaries.find(everybody[:MOST_LOOKED_AT], until=now + AHEAD, now=now)
    messages = OutboundMessage.objects.filter(company=company, kind=summaries.SUMMARY)
    return {
        "yearly_due": sum(one.due_at <= now for one in found),
        "yearly_later": sum(one.due_at > now for one in found),
        "yearly_told": messages.filter(sent_at__gt=now - timedelta(days=summaries.DAYS)).count(),
        "is_everybody": len(everybody) <= MOST_LOOKED_AT,
    }


def _rows(listed: list[Planned], now: datetime) -> list[Row]:
    contacts = opening.contacts_of([one.subject for one in listed])
    purposes = Purpose.objects.in_bulk({ending.purpose for one in listed for ending in one.endings})
    language = from_django_code(get_language() or "")
    return [
        Row(
            planned=one,
            person=people.short(one.subject),
            contact=contacts[one.subject].masked if one.subject in contacts else "–",
            boxes=[wording.label(purposes[each.purpose], each.channel, language) for each in one.endings],
            is_due=one.due_at <= now,
        )
        for one in listed
    ]
