"""Sheets that were scanned twice: the same serial, the same picture, or the same person on the same day."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from consent.models import PaperPage


class Why(TextChoices):
    """What two pages have in common."""

    PICTURE = "picture", _("the same picture")
    SERIAL = "serial", _("the same serial")
    PERSON = "person", _("the same number and date")


@dataclass(frozen=True, slots=True)
class Twin:
    """Another page that may be the same sheet."""

    page: PaperPage
    why: Why


def twins(page: PaperPage, *, most: int = 10) -> Sequence[Twin]:
    """The pages of the company that may be the same sheet as this one, those that were set aside left out."""
    same = Q(pk__in=[])
    if page.serial:
        same |= Q(serial=page.serial)
    if page.picture:
        same |= Q(picture=page.picture)
    if page.person:
        same |= Q(person=page.person)
    others = PaperPage.objects.filter(same, batch__company=page.batch.company_id).exclude(pk=page.pk)
    found = (
        others.exclude(state=PaperPage.State.ASIDE)
        .select_related("batch", "file")
        .defer("original", "copy", "reading", "agreed")
    )
    return [Twin(other, _why(page, other)) for other in found.order_by("file__created_at", "number")[:most]]


def _why(page: PaperPage, other: PaperPage) -> Why:
    if page.picture and bytes(page.picture) == bytes(other.picture or b""):
        return Why.PICTURE
    return Why.SERIAL if page.serial and page.serial == other.serial else Why.PERSON
