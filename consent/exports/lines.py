"""The records of a company line by line, in the order of arrival, as of one size of the log."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from consent import ledger, vault
from consent.canonical import moment
from consent.contact import TEL, Contact
from consent.models import Company, LogHead, NoticeVersion
from consent.prepared import ask_once
from consent.vault import SealBroken

BATCH = 2_000  # records
_NOBODY = ("",)  # whoever cannot be reached has one line all the same
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

# Ids as they are written, by the database: to make values of them and write those takes longer. SQLite has no moments.
_IDS = {
    "postgresql": "CAST({0} AS text)",
    "sqlite": "substr({0}, 1, 8) || '-' || substr({0}, 9, 4) || '-' || substr({0}, 13, 4) || '-' || substr({0}, 17, 4)"
    " || '-' || substr({0}, 21)",
}
_MOMENTS = {
    "postgresql": "{0}",
    "sqlite": "replace(substr({0} || '.000000', 1, 26), ' ', 'T') || 'Z'",
}

_SELECT = """
SELECT r.arrival, {uid}, {act_id}, {subject}, r.purpose_id, r.channel, r.state, r.possession, r.valid_days, r.point_id,
 r.notice_id, r.language, r.method, r.entity, {event_time}, r.clock, {recorded_at}, e."index"
FROM consent_consentrecord r JOIN consent_logentry e ON e.id = r.uid
WHERE r.company_id = %s AND r.arrival > %s AND e."index" < %s{more} ORDER BY r.arrival LIMIT %s
"""


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


def lines(wanted: Wanted, *, size: int) -> Iterator[list[list[Any]]]:
    """The records with a place below `size`, in batches, as the cells of ledger.COLUMNS.

    A person with several contacts has a line for each of them in an export with contacts; one who was erased has
    none. Constant memory; for each batch one query, and one for the contacts.
    """
    names = _names(wanted.company)
    select = _select(wanted)
    last = -1
    while True:
        rows = ask_once(select, [wanted.company.pk, last, size, *wanted.conditions.values(), BATCH])
        if not rows:
            return
        last = rows[-1][0]
        if not wanted.with_contacts:
            yield [_line(row, "", names, size) for row in rows]
            continue
        contacts = _contacts({row[3] for row in rows})
        yield [_line(row, contact, names, size) for row in rows for contact in contacts.get(row[3], _NOBODY)]


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _select(wanted: Wanted) -> str:
    vendor = connection.vendor
    more = "".join(f" AND {column} %s" for column in wanted.conditions)
    ids = {name: _IDS[vendor].format(f"r.{name}") for name in ("uid", "act_id", "subject")}
    moments = {name: _MOMENTS[vendor].format(f"r.{name}") for name in ("event_time", "recorded_at")}
    return _SELECT.format(more=more, **ids, **moments)


def _line(row: Sequence[Any], contact: str, names: "_Names", size: int) -> list[Any]:
    (
        _arrival, uid, act, subject, purpose, channel, state, possession, valid_days, point, notice, language, method,
        entity, event_time, clock, recorded_at, index,
    ) = row  # fmt: skip
    return [
        uid, act, subject, contact, names.purposes.get(purpose, ""), channel, state, possession, valid_days,
        names.points.get(point, ""), names.notices.get(notice, ""), language, method, entity, _moment(event_time),
        clock, _moment(recorded_at), index, size,
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Names:
    purposes: Mapping[int | None, str]
    points: Mapping[int | None, str]
    notices: Mapping[int | None, str]


def _names(company: Company) -> _Names:
    notices = NoticeVersion.objects.filter(notice__company=company)
    return _Names(
        dict(company.purposes.values_list("pk", "slug")),
        dict(company.points.values_list("pk", "slug")),
        dict(notices.values_list("pk", "digest")),
    )


def _contacts(subjects: set[str]) -> dict[str, list[str]]:
    """How people are reached, under whichever of their ids. One query, past Django's fields: it is asked for all."""
    is_postgres = connection.vendor == "postgresql"
    number = "encode(uuid_send(c.id), 'hex')" if is_postgres else "c.id"
    among = "= ANY(%s::uuid[])" if is_postgres else f"IN ({','.join(['%s'] * len(subjects))})"
    rows = ask_once(
        f"SELECT {_IDS[connection.vendor].format('c.subject')}, {number}, c.scheme, c.sealed, k.wrapped"  # noqa: S608 - placeholders alone
        " FROM consent_contactpoint c JOIN consent_subjectkey k ON k.subject = c.subject"
        f" WHERE c.ended_at IS NULL AND c.subject {among}",
        ["{" + ",".join(subjects) + "}"] if is_postgres else [one.replace("-", "") for one in subjects],
    )
    found: dict[str, list[str]] = {}
    for subject, point, scheme, sealed, wrapped in rows:
        try:
            item = b"contact" + bytes.fromhex(point)
            value = vault.open_sealed(vault.unwrap(wrapped), item=item, sealed=sealed).decode()
        except SealBroken:
            continue
        written = value if scheme == TEL else ledger.write_contact(Contact(scheme, value))
        found.setdefault(subject, []).append(written)
    return found


def _moment(value: datetime | str) -> str:
    return value if isinstance(value, str) else moment(value)
