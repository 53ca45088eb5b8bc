"""Everything held about a person as one file: a page to read, JSON for programs, and their scans."""

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from consent import holdings, opening, rights
from consent.people import Person
from consent.preferences import archive_words
from consent.vocabulary import django_code

TITLES = {
    "contacts": _("How you are reached"),
    "records": _("What you agreed to and stopped"),
    "evidence": _("How that was said"),
    "files": _("Scans and recordings"),
    "messages_to_you": _("Messages to you"),
    "messages_from_you": _("Messages from you"),
    "unclear_messages": _("Messages that were read by staff because they may be a stop"),
    "delivery_troubles": _("What kept messages from arriving"),
    "sendings": _("When the company sent something"),
    "paper_pages": _("Sheets of paper"),
    "calls": _("Phone calls in which you answered"),
    "code_tries": _("How often codes were typed"),
    "sources": _("Where your last yes came from"),
    "drawn_for_checks": _("Records of you that were drawn for a check"),
    "opened_by_staff": _("When staff opened what is sealed"),
    "visits": _("Visits of the preference centre"),
    "requests": _("Your requests"),
    "legal_holds": _("When erasing was forbidden by law"),
}


def build(person: Person, *, language: str, at: datetime) -> bytes:
    """The archive as a zip. Raises opening.Erased."""
    held = holdings.read(person.subject, company=person.company)
    name = rights.name_of(person.subject)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", holdings.as_json(held, company=person.company, name=name, at=at))
        with override(django_code(language)):
            archive.writestr("read-me.html", _page(person, held, name=name, at=at))
        for file in holdings.files(person.ids):
            archive.writestr(holdings.file_name(file), opening.file_content(file))
    return written.getvalue()


def _page(person: Person, held: dict[str, list[dict[str, Any]]], *, name: str, at: datetime) -> str:
    parts = [(TITLES[name], [list(_flat(item)) for item in items]) for name, items in held.items()]
    return render_to_string(
        "consent/preferences/archive.html",
        {"company": person.company, "your_name": name, "parts": parts, "at": at},
    )


def _flat(item: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """What stands in an item, however deep, as pairs of a name and a text."""
    for field, value in item.items():
        called = f"{before}{archive_words.name(field)}"
        if isinstance(value, dict):
            yield from _flat(value, f"{called}: ")
        elif isinstance(value, list):
            for number, one in enumerate(value, start=1):
                yield from _flat(one if isinstance(one, dict) else {"": one}, f"{called} {number}: ")
        else:
            yield called, archive_words.text(field, value)
