"""Who would have to be asked again once a version is published, and why: counted, listed, exported."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched, islice

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from consent import asking_again, ledger, opening
from consent.admin import asking, people
from consent.admin.site import admin_page
from consent.asking_again import BATCH, Standing
from consent.models import NoticeVersion, Purpose, Reasking
from consent.vocabulary import Channel, Language

MOST_COUNTED = 20_000  # more are told as "at least"; the export has all of them
LISTED = 100


@dataclass(frozen=True, slots=True)
class Count:
    """How many people, or at least how many."""

    people: int
    is_all: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One person's consent to an older meaning. `contact` is masked."""

    standing: Standing
    person: str
    contact: str
    purpose: str
    channel: str
    why: str


def count(version: NoticeVersion) -> Count:
    """How many people would have to be asked again."""
    found = sum(1 for _person in islice(asking_again.find(version, at=timezone.now()), MOST_COUNTED + 1))
    return Count(min(found, MOST_COUNTED), found <= MOST_COUNTED)


def show(request: HttpRequest, version: NoticeVersion, *, problem: str = "") -> HttpResponse:
    """The page: how many, the first of them, and the way to all of them."""
    require(request)
    found = islice(asking_again.find(version, at=timezone.now()), LISTED)
    context = {
        "title": _("Who would have to be asked again?"),
        "original": version,
        "count": count(version),
        "rows": list(rows(found, version)),
        "listed": LISTED,
        "reasking": Reasking.objects.filter(version=version).first(),
        "may_ask": request.user.has_perm("consent.change_noticeversion"),
        "is_published": version.state == NoticeVersion.State.PUBLISHED,
        "problem": problem,
        "earliest": asking.earliest(version, timezone.now()),
        "has_older": version.notice.versions.filter(major__lt=version.major).exists(),
    }
    page = admin_page(request, context)
    return TemplateResponse(request, "consent/admin/again.html", page, status=422 if problem else 200)


def export(request: HttpRequest, version: NoticeVersion) -> StreamingHttpResponse:
    """All of them as a CSV file, written while it is read: no numbers, since nobody opened anything."""
    require(request)
    name = f"ask-again-{version.notice.slug}-{version.number}.csv"
    return StreamingHttpResponse(
        lines(version, at=timezone.now(), language=get_language() or Language.ENGLISH),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def require(request: HttpRequest) -> None:
    """Raise PermissionDenied for whoever may not see people's records."""
    if not request.user.has_perm(people.VIEW):
        raise PermissionDenied


def lines(version: NoticeVersion, *, at: datetime, language: str) -> Iterator[str]:
    """The file, line by line."""
    with override(language):
        titles = [
            _("person"), _("contact"), _("purpose"), _("channel"), _("language"), _("agreed on"),
            _("agreed to version"), _("why"),
        ]  # fmt: skip
    yield "\ufeff" + line(titles)  # spreadsheets take a file without it for Latin-1
    found = asking_again.find(version, at=at)
    while batch := list(islice(found, BATCH)):
        # Set anew for each batch: between two, the thread may have served somebody else.
        with override(language):
            written = [
                line(
                    [
                        str(row.standing.subject), row.contact, row.purpose, row.channel,
                        row.standing.language, row.standing.since.astimezone(UTC).isoformat(timespec="seconds"),
                        row.standing.version, row.why,
                    ],
                )
                for row in rows(batch, version)
            ]  # fmt: skip
        yield from written


def rows(found: Iterable[list[Standing]], version: NoticeVersion) -> Iterator[Row]:
    """What is told of each consent, with the contact masked. Three queries for each BATCH of people."""
    for batch in batched(found, BATCH, strict=False):
        contacts = opening.contacts_of([standings[0].subject for standings in batch])
        purposes = Purpose.objects.in_bulk({one.purpose for standings in batch for one in standings})
        for one in (one for standings in batch for one in standings):
            contact = contacts.get(one.subject)
            yield Row(
                standing=one,
                person=people.short(one.subject),
                contact=contact.masked if contact else "–",
                purpose=str(purposes[one.purpose]),
                channel=str(Channel(one.channel).label),
                why=_("Agreed to version %(old)s; version %(new)s means something else.")
                % {"old": one.version, "new": version.number},
            )


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def line(cells: Iterable[str]) -> str:
    """A line of a CSV file in which no cell is a formula."""
    written: str = csv.writer(_Echo()).writerow([ledger.inert(cell) for cell in cells])
    return written
