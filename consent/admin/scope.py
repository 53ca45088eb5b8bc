"""Whose rows a request may see: staff those of their companies, a superuser all of them."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from consent.models import (
    Act,
    ApiKey,
    CapturePoint,
    Company,
    ConsentRecord,
    InboundMessage,
    Membership,
    Notice,
    NoticeShown,
    NoticeVersion,
    Offer,
    Opening,
    OutboundMessage,
    Purpose,
    Sender,
)

# From each model to its company. A model that is not here shows nothing to staff: what is new stays hidden.
PATHS: Mapping[type[Model], str] = {
    Company: "pk",
    Sender: "company",
    Purpose: "company",
    CapturePoint: "company",
    Offer: "point__company",
    Notice: "company",
    NoticeVersion: "notice__company",
    NoticeShown: "point__company",
    Act: "company",
    ConsentRecord: "company",
    OutboundMessage: "company",
    InboundMessage: "sender__company",
    Opening: "company",
    ApiKey: "company",
}
UTC = ZoneInfo("UTC")


def company_ids(request: HttpRequest) -> frozenset[int] | None:
    """The keys of the companies a request may see; None means every company. One query a request."""
    if request.user.is_superuser:
        return None
    known: frozenset[int] | None = getattr(request, "_company_ids", None)
    if known is None:
        ids = Membership.objects.filter(user=request.user.pk).values_list("company_id", flat=True)
        known = frozenset(ids)
        request._company_ids = known  # type: ignore[attr-defined]
    return known


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
