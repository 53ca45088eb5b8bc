"""The cover of a case file: what the company says it can prove, in plain words, as an accessible PDF."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import history, opening
from consent.log import published
from consent.models import Company, ConsentRecord, Purpose
from consent.proof import typesetting, words
from consent.proof.tlog_proof import Logged
from consent.vocabulary import Channel, State, django_code

TEMPLATE = Path(__file__).with_name("cover.typ")


def render(
    subject: UUID,
    records: Sequence[ConsentRecord],
    logged: dict[UUID, Logged],
    *,
    company: Company,
    language: str,
    at: datetime,
) -> bytes:
    """The cover as PDF, in `language`."""
    with override(django_code(language)):
        content = _content(subject, records, logged, company=company, language=language, at=at)
    return typesetting.pdf(TEMPLATE, content, written_at=at)


def _content(
    subject: UUID,
    records: Sequence[ConsentRecord],
    logged: dict[UUID, Logged],
    *,
    company: Company,
    language: str,
    at: datetime,
) -> dict[str, Any]:
    return {
        "language": language.partition("-")[0],
        "region": language.partition("-")[2],
        "written": [at.year, at.month, at.day],
        "title": _("Case file"),
        "company": company.name,
        "legal_name": f"{company.legal_name}, {company.address}",
        "lead": _("What one person told %(company)s about being written to, and how anybody can check it.")
        % {"company": company.name},
        "facts": [
            [_("Person"), str(subject)],
            [_("Reached at"), _reached_at(subject)],
            [_("Made on"), f"{_moment(at, company)} ({company.time_zone})"],
            [_("Log"), published.origin()],
            [_("Key of the log"), str(published.signing_key().verifier)],
        ],
        "standings": {
            "title": _("Where the person stands now"),
            "columns": [_("What for"), _("By"), _("Standing"), _("Since")],
            "rows": _standings(subject, company, at),
        },
        "records": {
            "title": _("What was recorded"),
            "columns": [_("When"), _("What for"), _("By"), _("Said"), _("How"), _("Entry")],
            "rows": [_row(record, logged) for record in records],
        },
        "check": {
            "title": _("How to check it"),
            "steps": [
                _("Unpack the file and run: python3 check.py. It needs Python and nothing else, and no network."),
                _("Compare the key of the log above with one from another source, such as an earlier receipt."),
                _("records: each record as it entered the log, with the proof that it is in it."),
                _("evidence: what was seen, typed or said; looks: the same, as a page; receipts: the person's."),
                _("notices: each text that the records name, in every language and wording."),
            ],
        },
    }  # fmt: skip


def _reached_at(subject: UUID) -> str:
    try:
        contact = opening.contact_of(subject)
    except opening.Erased:
        return _("erased at the person's request")
    return contact.value if contact else _("not known")


def _standings(subject: UUID, company: Company, at: datetime) -> list[list[str]]:
    purposes = Purpose.objects.in_bulk()
    rows = []
    for (channel, purpose), standing in history.standings(subject, at=at).items():
        name = str(purposes[purpose].name) if purpose is not None else _("everything else")
        since = _moment(standing.since, company) if standing.since else ""
        rows.append([name, str(Channel(channel).label), state_words(standing.state), since])
    return rows


def state_words(state: str) -> str:
    """A standing in words."""
    if state == history.EXPIRED:
        return _("expired")
    if state == history.ERASED:
        return _("erased")
    if state == history.NOTHING:
        return _("nothing said")
    return str(State(state).label)


def _row(record: ConsentRecord, logged: dict[UUID, Logged]) -> list[str]:
    place = logged.get(record.uid)
    return [
        _moment(record.event_time, record.company),
        str(record.purpose.name) if record.purpose else _("all messages"),
        record.get_channel_display(),
        record.get_state_display(),
        words.method(record.method),
        str(place.proof.index) if place else _("waiting"),
    ]


def _moment(moment: datetime, company: Company) -> str:
    return date_format(timezone.localtime(moment, ZoneInfo(company.time_zone)), "DATETIME_FORMAT")
