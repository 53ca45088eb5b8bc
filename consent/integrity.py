"""Whether the consent records still say what the log says: every column against the bytes that were signed."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import connection

from consent.canonical import canonical, moment
from consent.log.audit import LogBroken
from consent.models import Act, CapturePoint, Company, NoticeVersion, Purpose

FETCH = 5000
CONSENT = "consent"

_COLUMNS = (
    "act_id", "company_id", "subject", "purpose_id", "channel", "state", "possession", "valid_days", "point_id",
    "notice_id", "language", "method", "entity", "event_time", "recorded_at", "clock",
)  # fmt: skip
# What differs from record to record, in the order in which it stands in an entry.
_HOLES = ("act", "event_time", "evidence", "id", "recorded_at", "subject")
_EVIDENCE, _COMMITMENT = b'"evidence":"', 64  # hex digits
_FIELDS = ", ".join(f"r.{column}" for column in _COLUMNS)
_ACT = "a.subject, a.company_id, a.recorded_at"


def entries() -> Iterator[tuple[int, bytes]]:
    """Every sequenced entry, index and bytes, in order; raises LogBroken where its record says something else."""
    names = _Names()
    for index, number, data, *row in _pages('e."index"', "consent_logentry", first=0):
        entry = bytes(data)
        names.compare(index, _uuid(number), entry, row)
        yield index, entry


def check_pending(size: int) -> int:
    """Compare the waiting entries with their records as well; returns how many wait. Raises LogBroken."""
    names = _Names()
    waiting = 0
    for _order, number, data, *row in _pages(
        "e.id",
        "consent_logpending",
        first=str(UUID(int=0)) if connection.vendor == "postgresql" else UUID(int=0).hex,
    ):
        names.compare(size, _uuid(number), bytes(data), row)
        waiting += 1
    return waiting


def check_no_record_is_outside(size: int) -> None:
    """Raise LogBroken where a record or an act has no entry: it was added past the door."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.uid FROM consent_consentrecord r"
            " WHERE NOT EXISTS (SELECT 1 FROM consent_logentry e WHERE e.id = r.uid)"
            " AND NOT EXISTS (SELECT 1 FROM consent_logpending p WHERE p.id = r.uid) LIMIT 1"
        )
        stray = cursor.fetchone()
    if stray is not None:
        raise LogBroken(size, f"the record {_uuid(stray[0])} is not in the log.")
    if Act.objects.filter(records__isnull=True).exists():
        raise LogBroken(size, "an act has no records.")


def said_by_records(records: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the entries of these records must say, but for the commitment to their evidence."""
    names = _Names()
    said: dict[UUID, dict[str, Any]] = {}
    for some in batched(records, 500, strict=False):
        uids = [str(uid) if connection.vendor == "postgresql" else uid.hex for uid in some]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT r.uid, {_FIELDS}, {_ACT} FROM consent_consentrecord r"
                f" JOIN consent_act a ON a.id = r.act_id WHERE r.uid IN ({', '.join(['%s'] * len(uids))})",
                uids,
            )
            said |= {_uuid(row[0]): names.expected(list(row)) for row in cursor.fetchall()}
    return said


class _Names:
    """The short names that entries use, by the keys that records use."""

    def __init__(self) -> None:
        self.companies = dict(Company.objects.values_list("id", "slug"))
        self.purposes = dict(Purpose.objects.values_list("id", "slug"))
        self.points = dict(CapturePoint.objects.values_list("id", "slug"))
        self.notices = dict(NoticeVersion.objects.values_list("id", "digest"))
        self._frames: dict[tuple[Any, ...], str] = {}

    def compare(self, index: int, number: UUID, data: bytes, row: list[Any]) -> None:
        """Raise LogBroken where the entry's bytes and the record's columns differ."""
        if data == self._written(row, data):  # nearly always; whatever else is looked at part by part
            return
        try:
            said = json.loads(data)
        except ValueError as error:
            raise LogBroken(index, "the entry is not JSON.") from error
        if said.get("id") != str(number):
            raise LogBroken(index, "the entry has another id than its row.")
        if row[0] is None:
            if said.get("type") == CONSENT:
                raise LogBroken(index, "the record is missing.")
            return
        expected = self.expected(row)
        expected["evidence"] = said.get("evidence")
        if expected != said:
            differing = sorted(name for name in {*expected, *said} if expected.get(name) != said.get(name))
            raise LogBroken(index, f"the record says another {', '.join(differing)} than the entry.")

    def _written(self, row: list[Any], data: bytes) -> bytes | None:
        """The bytes of a record's entry, with the commitment that stands in `data`; None where it has no record.

        Most records share everything but ids, times and commitment, so the rest is written once for all of them.
        """
        if row[0] is None or (row[-3], row[-2], row[-1]) != (row[3], row[2], row[15]):
            return None
        alike = (row[2], *row[4:14], row[16])
        frame = self._frames.get(alike)
        if frame is None:
            holes = dict.fromkeys(_HOLES, "%s")
            rest = {name: _doubled(value) for name, value in self.expected(row).items()}
            frame = self._frames[alike] = canonical(rest | holes).decode()
        start = data.find(_EVIDENCE) + len(_EVIDENCE)
        evidence = data[start : start + _COMMITMENT].decode("ascii", "replace")
        said, recorded = (_time(row[place]).isoformat(timespec="microseconds")[:-6] for place in (14, 15))
        return (frame % (row[1], f"{said}Z", evidence, row[0], f"{recorded}Z", row[3])).encode()

    def expected(self, row: list[Any]) -> dict[str, Any]:
        """What the entry of a record must say, but for the commitment to its evidence."""
        (uid, act, company, subject, purpose, channel, state, possession, valid_days, point, notice, language, method,
         entity, event_time, recorded_at, clock, act_subject, act_company, act_recorded_at) = row  # fmt: skip
        is_one_act = (act_subject, act_company, act_recorded_at) == (subject, company, recorded_at)
        fields = {
            "type": CONSENT,
            "id": str(_uuid(uid)),
            "act": str(_uuid(act)) if is_one_act else "another",
            "company": self.companies.get(company),
            "subject": str(_uuid(subject)),
            "purpose": self.purposes.get(purpose),
            "channel": channel,
            "state": state,
            "possession": possession,
            "valid_days": valid_days,
            "point": self.points.get(point),
            "notice": self.notices.get(notice),
            "language": language,
            "method": method,
            "entity": entity,
            "event_time": moment(_time(event_time)),
            "clock": clock or None,
            "recorded_at": moment(_time(recorded_at)),
        }
        return {name: value for name, value in fields.items() if value is not None}


def _pages(order: str, table: str, *, first: Any) -> Iterator[tuple[Any, ...]]:
    """Entries with their records, in the order of a unique column; in constant memory, with no cursor left open."""
    sql = (
        f"SELECT {order}, e.id, e.data, r.uid, {_FIELDS}, {_ACT} FROM {table} e"
        " LEFT JOIN consent_consentrecord r ON r.uid = e.id LEFT JOIN consent_act a ON a.id = r.act_id"
        f" WHERE {order} %s ORDER BY {order} LIMIT {FETCH}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("%s", ">= %s"), [first])
        rows = cursor.fetchall()
    while rows:
        yield from rows
        with connection.cursor() as cursor:
            cursor.execute(sql.replace("%s", "> %s"), [rows[-1][0]])
            rows = cursor.fetchall()


def _doubled(value: Any) -> Any:
    return value.replace("%", "%%") if isinstance(value, str) else value


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _time(value: Any) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value
