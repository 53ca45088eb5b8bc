"""Whether the consent records still say what the log says: every column against the bytes that were signed."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import connection

from consent.canonical import canonical
from consent.log.audit import LogBroken
from consent.models import (
    Act,
    CapturePoint,
    Company,
    DecisionBatch,
    LogEntry,
    LogPending,
    NoticeVersion,
    Purpose,
)

FETCH = 5000
CONSENT = "consent"

# What differs from record to record, in the order in which it stands in an entry.
_HOLES = ("act", "event_time", "evidence", "id", "recorded_at", "subject")
_EVIDENCE, _COMMITMENT = b'"evidence":"', 64  # hex digits


def entries() -> Iterator[tuple[int, bytes]]:
    """Every sequenced entry, index and bytes, in order; raises LogBroken where its record says something else."""
    names = _Names()
    for index, number, data, *row in _pages('e."index"', "consent_logentry", first=0):
        entry = bytes(data)
        names.compare(index, number, entry, row)
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
        names.compare(size, number, bytes(data), row)
        waiting += 1
    return waiting


def check_no_record_is_outside(size: int) -> None:
    """Raise LogBroken where a record, an act or a batch of decisions has no entry: it was added past the door."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_id('r.uid')} FROM consent_consentrecord r"
            " WHERE NOT EXISTS (SELECT 1 FROM consent_logentry e WHERE e.id = r.uid)"
            " AND NOT EXISTS (SELECT 1 FROM consent_logpending p WHERE p.id = r.uid) LIMIT 1"
        )
        stray = cursor.fetchone()
    if stray is not None:
        raise LogBroken(size, f"the record {stray[0]} is not in the log.")
    if Act.objects.filter(records__isnull=True).exists():
        raise LogBroken(size, "an act has no records.")
    kept = DecisionBatch.objects.exclude(pk__in=LogEntry.objects.values("id"))
    if kept.exclude(pk__in=LogPending.objects.values("id")).exists():
        raise LogBroken(size, "a batch of decisions is not in the log.")


def _compare_batch(index: int, number: str, said: dict[str, Any]) -> None:
    """Raise LogBroken where the decisions that were kept are not those whose digest an entry holds."""
    content = DecisionBatch.objects.filter(pk=number).values_list("content", flat=True).first()
    if content is None:
        raise LogBroken(index, "the batch of decisions is missing.")
    if hashlib.sha256(content).hexdigest() != said.get("digest"):
        raise LogBroken(index, "the batch of decisions says something else than was kept.")


def said_by_records(records: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the entries of these records must say, but for the commitment to their evidence."""
    names = _Names()
    said: dict[UUID, dict[str, Any]] = {}
    for some in batched(records, 500, strict=False):
        uids = [str(uid) if connection.vendor == "postgresql" else uid.hex for uid in some]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_columns()} FROM consent_consentrecord r"
                f" JOIN consent_act a ON a.id = r.act_id WHERE r.uid IN ({', '.join(['%s'] * len(uids))})",
                uids,
            )
            said |= {UUID(row[0]): names.expected(list(row)) for row in cursor.fetchall()}
    return said


class _Names:
    """The short names that entries use, by the keys that records use."""

    def __init__(self) -> None:
        self.companies = dict(Company.objects.values_list("id", "slug"))
        self.purposes = dict(Purpose.objects.values_list("id", "slug"))
        self.points = dict(CapturePoint.objects.values_list("id", "slug"))
        self.notices = dict(NoticeVersion.objects.values_list("id", "digest"))
        self._frames: dict[tuple[Any, ...], str] = {}

    def compare(self, index: int, number: str, data: bytes, row: list[Any]) -> None:
        """Raise LogBroken where the entry's bytes and the record's columns differ."""
        if data == self._written(row, data):  # nearly always; whatever else is looked at part by part
            return
        try:
            said = json.loads(data)
        except ValueError as error:
            raise LogBroken(index, "the entry is not JSON.") from error
        if said.get("id") != number:
            raise LogBroken(index, "the entry has another id than its row.")
        if row[0] is None:
            if said.get("type") == CONSENT:
                raise LogBroken(index, "the record is missing.")
            if said.get("type") == DecisionBatch.ENTRY:
                _compare_batch(index, number, said)
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
        if not row[-1]:
            return None
        alike = (row[2], *row[4:14], row[16])
        frame = self._frames.get(alike)
        if frame is None:
            holes = dict.fromkeys(_HOLES, "%s")
            rest = {name: _doubled(value) for name, value in self.expected(row).items()}
            frame = self._frames[alike] = canonical(rest | holes).decode()
        start = data.find(_EVIDENCE) + len(_EVIDENCE)
        evidence = data[start : start + _COMMITMENT].decode("ascii", "replace")
        return (frame % (row[1], row[14], evidence, row[0], row[15], row[3])).encode()

    def expected(self, row: list[Any]) -> dict[str, Any]:
        """What the entry of a record must say, but for the commitment to its evidence."""
        (uid, act, company, subject, purpose, channel, state, possession, valid_days, point, notice, language, method,
         entity, event_time, recorded_at, clock, is_one_act) = row  # fmt: skip
        fields = {
            "type": CONSENT,
            "id": uid,
            "act": act if is_one_act else "another",
            "company": self.companies.get(company),
            "subject": subject,
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
            "event_time": event_time,
            "clock": clock or None,
            "recorded_at": recorded_at,
        }
        return {name: value for name, value in fields.items() if value is not None}


def _pages(order: str, table: str, *, first: Any) -> Iterator[tuple[Any, ...]]:
    """Entries with their records, in the order of a unique column; in constant memory, with no cursor left open."""
    sql = (
        f"SELECT {order}, {_id('e.id')}, e.data, {_columns()} FROM {table} e"
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


def _columns() -> str:
    """What an entry says of a record, and whether its act says the same, as SQL."""
    # Written as in the entry by the database: to make a value of each and text of it again takes twice as long.
    return (
        f"{_id('r.uid')}, {_id('r.act_id')}, r.company_id, {_id('r.subject')}, r.purpose_id, r.channel, r.state,"
        " r.possession, r.valid_days, r.point_id, r.notice_id, r.language, r.method, r.entity,"
        f" {_time('r.event_time')}, {_time('r.recorded_at')}, r.clock,"
        " a.subject = r.subject AND a.company_id = r.company_id AND a.recorded_at = r.recorded_at"
    )


def _id(column: str) -> str:
    if connection.vendor == "postgresql":
        return f"{column}::text"
    parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 40))
    return " || '-' || ".join(f"substr({column}, {start}, {length})" for start, length in parts)


def _time(column: str) -> str:
    if connection.vendor == "postgresql":
        return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    fraction = f"CASE length({column}) WHEN 19 THEN '.000000Z' ELSE 'Z' END"  # left out where it is zero
    return f"replace({column}, ' ', 'T') || {fraction}"
