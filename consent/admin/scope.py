"""Whose rows a request may see: staff those of their companies, a superuser all of them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from consent.models import (
    Act,
    ApiKey,
    AuditFinding,
    AuditItem,
    AuditSample,
    CapturePoint,
    Company,
    ConsentRecord,
    DecisionCount,
    ExportSchedule,
    Hold,
    Import,
    InboundMessage,
    Kiosk,
    Membership,
    MessageTemplate,
    Notice,
    NoticeShown,
    NoticeVersion,
    Offer,
    Opening,
    OutboundMessage,
    PaperBatch,
    PaperFile,
    PaperPage,
    Poster,
    Purpose,
    RightsRequest,
    Sender,
    Subscription,
)

# From each model to its company. A model that is not here shows nothing to staff: what is new stays hidden.
PATHS: Mapping[type[Model], str] = {
    Company: "pk",
    Sender: "company",
    MessageTemplate: "sender__company",
    Purpose: "company",
    CapturePoint: "company",
    Offer: "point__company",
    Poster: "point__company",
    Notice: "company",
    NoticeVersion: "notice__company",
    NoticeShown: "point__company",
    Act: "company",
    ConsentRecord: "company",
    OutboundMessage: "company",
    InboundMessage: "sender__company",
    Hold: "company",
    Import: "company",
    ExportSchedule: "company",
    Subscription: "company",
    Opening: "company",
    RightsRequest: "company",
    ApiKey: "company",
    AuditSample: "company",
    PaperBatch: "company",
    PaperFile: "batch__company",
    PaperPage: "batch__company",
    Kiosk: "point__company",
    AuditItem: "sample__company",
    AuditFinding: "item__sample__company",
    DecisionCount: "company",
}
UTC = ZoneInfo("UTC")


def company_ids(request: HttpRequest) -> frozenset[int] | None:
    """The keys of the companies a request may see; None means every company."""
    if request.user.is_superuser:
        return None
    return frozenset(
        membership.company_id for membership in _memberships(request) if not has_ended(membership)
    )


def ended_on(request: HttpRequest) -> date | None:
    """The last day of somebody whose access to every company has ended; None for everybody else."""
    return last_day_of(request.user.pk, _memberships(request)) if not request.user.is_superuser else None


def last_day_of(user: Any, memberships: Sequence[Membership] | None = None) -> date | None:
    """The same for a user who is about to sign in."""
    rows = _read(user) if memberships is None else memberships
    days = [membership.last_day for membership in rows if has_ended(membership)]
    return max((day for day in days if day), default=None) if len(days) == len(rows) else None


def has_ended(membership: Membership) -> bool:
    """Whether the last day of a membership is over, by the company's clock."""
    today = timezone.localdate(timezone=ZoneInfo(membership.company.time_zone))
    return membership.last_day is not None and membership.last_day < today


def _memberships(request: HttpRequest) -> Sequence[Membership]:
    """Whom somebody works for, or did. One query a request."""
    known: Sequence[Membership] | None = getattr(request, "_memberships", None)
    if known is None:
        known = _read(request.user.pk)
        request._memberships = known  # type: ignore[attr-defined]
    return known


def _read(user: Any) -> Sequence[Membership]:
    return list(Membership.objects.filter(user=user).select_related("company"))


def within[M: Model](queryset: QuerySet[M], request: HttpRequest) -> QuerySet[M]:
    """The rows of `queryset` that a request may see."""
    ids = company_ids(request)
    if ids is None:
        return queryset
    path = PATHS.get(queryset.model)
    return queryset.filter(**{f"{path}__in": ids}) if path else queryset.none()


def companies(request: HttpRequest) -> QuerySet[Company]:
    """The companies a request may see."""
    return within(Company.objects.all(), request)


def only_company(request: HttpRequest) -> Company | None:
    """The one company somebody works for; None where there are several or none."""
    known: Any = getattr(request, "_only_company", False)
    if known is False:
        found = list(companies(request)[:2])
        known = found[0] if len(found) == 1 else None
        request._only_company = known  # type: ignore[attr-defined]
    return known  # type: ignore[no-any-return]


def time_zone(request: HttpRequest) -> ZoneInfo:
    """The zone in which times are shown: that of the only company, else UTC."""
    company = only_company(request)
    return ZoneInfo(company.time_zone) if company else UTC
