"""Where the trouble comes from, by name: each source of people with what staff can do about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import catalogue, journal
from consent.admin import labels, openings
from consent.models import CapturePoint, Import, NoticeVersion, PaperBatch, Poster, Sender
from consent.quality import sources
from consent.quality.sources import Source
from consent.vocabulary import Language, Origin

MAY_PAUSE = "consent.change_capturepoint"
KINDS = {
    "point": gettext_lazy("Capture point"),
    "method": gettext_lazy("Capture method"),
    "notice": gettext_lazy("Notice version"),
    "language": gettext_lazy("Language"),
    "entity": gettext_lazy("Who took it down"),
    Origin.POSTER.value: gettext_lazy("Poster"),
    Origin.LIST.value: gettext_lazy("Imported list"),
    Origin.BATCH.value: gettext_lazy("Batch of sheets"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One source with its name, where one sees more of it, and what pauses it alone, if anything does."""

    kind: str
    name: str
    source: Source
    address: str = ""
    pauses: CapturePoint | Poster | None = None


def rows(sender: Sender, at: datetime) -> list[Row]:
    """The sources of a sender's people in the year before a moment, the worst for certain first.

    One query for the sums, and one for each kind of source that has a table.
    """
    found = sources.ranked(sender.company_id, sender.channel, since=at - sources.YEAR)
    look: dict[str, Mapping[str, Any]] = {}
    for kind, read in _TABLES.items():
        keys = [str(one.value) for one in found if one.dimension == kind]
        look[kind] = {_key(row.pk): row for row in read(sender.company_id, keys)} if keys else {}
    return [_row(one, look.get(one.dimension, {})) for one in found]


def pause(request: HttpRequest, sender: Sender) -> str:
    """Pause one poster or one capture point, or open it again, and no other; written down, also in the log.

    Returns what to tell whoever did. Raises PermissionDenied and Http404.
    """
    if not request.user.has_perm(MAY_PAUSE):
        raise PermissionDenied
    is_poster = "poster" in request.POST
    wanted = request.POST.get("poster" if is_poster else "point", "")
    is_key = wanted.isascii() and wanted.isdigit() and len(wanted) < 19
    rows: Any = (
        Poster.objects.filter(point__company=sender.company_id).select_related("point")
        if is_poster
        else CapturePoint.objects.filter(company=sender.company_id)
    )
    found = rows.filter(pk=int(wanted)).first() if is_key else None
    if found is None:
        raise Http404
    opens = request.POST.get("answer") == "open"
    about = {"point": found.point.slug, "poster": found.code} if is_poster else {"point": found.slug}
    with transaction.atomic():
        if type(found).objects.filter(pk=found.pk, is_open=not opens).update(is_open=opens):
            journal.write(
                "source_opened" if opens else "source_paused", company=sender.company, at=timezone.now(),
                entity=openings.entity(request), **about,
            )  # fmt: skip
    catalogue.forget()
    text = (
        _("“%(point)s” asks people again.")
        if opens
        else _("“%(point)s” asks nobody any more until you open it.")
    )
    return text % {"point": found}


def _key(key: object) -> str:
    return key.hex if isinstance(key, UUID) else str(key)


def _row(source: Source, look: Mapping[str, Any]) -> Row:
    row = look.get(str(source.value))
    kind, value = str(KINDS[source.dimension]), str(source.value)
    match source.dimension:
        case "point":
            address = reverse("admin:consent_capturepoint_change", args=[value]) if row else ""
            return Row(kind, str(row or value), source, address, row)
        case Origin.POSTER.value:
            name = f"{row.name} ({row.point})" if row else value
            address = reverse("admin:consent_capturepoint_change", args=[row.point_id]) if row else ""
            return Row(kind, name, source, address, row)
        case Origin.LIST.value:
            if not row:
                return Row(kind, value[-8:], source)
            day = date_format(timezone.localtime(row.created_at), "SHORT_DATE_FORMAT")
            return Row(kind, f"{row}, {day}", source, reverse("admin:consent_import_change", args=[row.pk]))
        case Origin.BATCH.value:
            address = reverse("admin:consent_paperbatch_change", args=[value]) if row else ""
            return Row(kind, str(row or value), source, address)
        case "entity":
            return Row(kind, labels.entity(value), source)
        case "method":
            return Row(kind, labels.method(value), source)
        case "language":
            return Row(kind, str(Language(value).label) if value in Language else value, source)
    return Row(kind, str(row or value), source)


_TABLES: dict[str, Callable[[int, list[str]], Any]] = {
    "point": lambda company, keys: CapturePoint.objects.filter(company=company, pk__in=keys),
    "notice": lambda company, keys: NoticeVersion.objects.filter(
        notice__company=company, pk__in=keys
    ).select_related("notice"),
    Origin.POSTER.value: lambda company, keys: Poster.objects.filter(
        point__company=company, pk__in=keys
    ).select_related("point"),
    Origin.LIST.value: lambda company, keys: Import.objects.filter(
        company=company, pk__in=[UUID(key) for key in keys]
    ),
    Origin.BATCH.value: lambda company, keys: PaperBatch.objects.filter(company=company, pk__in=keys),
}
