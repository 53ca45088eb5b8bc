"""The records of a company line by line, in the order of arrival, as of one size of the log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from consent import ledger, vault
from consent.ahead import ahead
from consent.contact import TEL, Contact
from consent.models import Company, LogHead
from consent.prepared import ask_once

BATCH = 2_000  # records
_NOBODY = ("",)  # whoever cannot be reached has one line all the same

# Ids, moments and names as they are written, by the database: to make values of them and write those takes longer.
_IDS = {
    "postgresql": "CAST({0} AS text)",
    "sqlite": "substr({0}, 1, 8) || '-' || substr({0}, 9, 4) || '-' || substr({0}, 13, 4) || '-' || substr({0}, 17, 4)"
    " || '-' || substr({0}, 21)",
}
_MOMENTS = {
    "postgresql": """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "sqlite": "replace(substr({0} || '.000000', 1, 26), ' ', 'T') || 'Z'",
}

# After the arrival as in ledger.COLUMNS, the contact still empty.
_SELECT = """
SELECT r.arrival, {uid}, {act_id}, {subject}, '', coalesce(p.slug, ''), r.channel, r.state, r.possession, r.valid_days,
 coalesce(c.slug, ''), coalesce(n.digest, ''), r.language, r.method, r.entity, {event_time}, r.clock, {recorded_at},
 e."index", %s + 0
FROM consent_consentrecord r JOIN consent_logentry e ON e.id = r.uid
LEFT JOIN consent_purpose p ON p.id = r.purpose_id LEFT JOIN consent_capturepoint c ON c.id = r.point_id
LEFT JOIN consent_noticeversion n ON n.id = r.notice_id
WHERE r.company_id = %s AND r.arrival > %s AND e."index" < %s{more} ORDER BY r.arrival LIMIT %s
"""

type Line = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records of a company, and whether with the numbers of their people. What is empty is not asked for."""

    company: Company
    with_contacts: bool
    purpose: int | None = None
    channel: str = ""
    state: str = ""
    method: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def conditions(self) -> dict[str, Any]:
        """Column and comparison, with the value."""
        asked = {
            "r.purpose_id =": self.purpose, "r.channel =": self.channel, "r.state =": self.state,
            "r.method =": self.method, "r.event_time >=": self.since, "r.event_time <": self.until,
        }  # fmt: skip
        return {column: value for column, value in asked.items() if value not in (None, "")}


def log_size() -> int:
    """The size of the log now: what an export that begins now is consistent with."""
    head = LogHead.objects.first()
    return head.size if head else 0


def lines(wanted: Wanted, *, size: int) -> Iterator[list[Line]]:
    """The records with a place below `size`, in batches, as the cells of ledger.COLUMNS.

    A person with several contacts has a line for each of them in an export with contacts; one who was erased has
    none. Constant memory; for each batch one query, and one for the contacts.
    """
    for rows, contacts in ahead(_read(wanted, size=size)):
        if not wanted.with_contacts:
            yield [row[1:] for row in rows]
            continue
        found = _open(contacts)
        yield [(*row[1:4], contact, *row[5:]) for row in rows for contact in found.get(row[3], _NOBODY)]


def _read(wanted: Wanted, *, size: int) -> Iterator[tuple[list[Line], list[Line]]]:
    """The rows of a batch and the sealed contacts of its people."""
    select = _select(wanted)
    last = -1
    while rows := ask_once(select, [size, wanted.company.pk, last, size, *wanted.conditions.values(), BATCH]):
        last = rows[-1][0]
        yield rows, _contacts({row[3] for row in rows}) if wanted.with_contacts else []


def _select(wanted: Wanted) -> str:
    vendor = connection.vendor
    more = "".join(f" AND {column} %s" for column in wanted.conditions)
    ids = {name: _IDS[vendor].format(f"r.{name}") for name in ("uid", "act_id", "subject")}
    moments = {name: _MOMENTS[vendor].format(f"r.{name}") for name in ("event_time", "recorded_at")}
    return _SELECT.format(more=more, **ids, **moments)


def _contacts(subjects: set[str]) -> list[Line]:
    """How people are reached, sealed, under whichever of their ids. Past Django's fields: it is asked for all."""
    is_postgres = connection.vendor == "postgresql"
    among = "= ANY(%s::uuid[])" if is_postgres else f"IN ({','.join(['%s'] * len(subjects))})"
    return ask_once(
        f"SELECT {_IDS[connection.vendor].format('c.subject')}, {'uuid_send(c.id)' if is_postgres else 'c.id'},"  # noqa: S608 - placeholders alone
        " c.scheme, c.sealed, k.wrapped"
        " FROM consent_contactpoint c JOIN consent_subjectkey k ON k.subject = c.subject"
        f" WHERE c.ended_at IS NULL AND c.subject {among}",
        ["{" + ",".join(subjects) + "}"] if is_postgres else [one.replace("-", "") for one in subjects],
    )


def _open(contacts: Sequence[Line]) -> dict[str, list[str]]:
    """The contacts of each subject, as files name them; without what does not open."""
    found: dict[str, list[str]] = {}
    opened = vault.open_each(
        (wrapped, _item(point), sealed) for _who, point, _how, sealed, wrapped in contacts
    )
    for (subject, _point, scheme, _sealed, _wrapped), value in zip(contacts, opened, strict=True):
        if value is not None:
            text = value.decode()
            written = text if scheme == TEL else ledger.write_contact(Contact(scheme, text))
            found.setdefault(subject, []).append(written)
    return found


def _item(point: bytes | str) -> bytes:
    return b"contact" + (bytes.fromhex(point) if isinstance(point, str) else point)
