"""Fills a database with a year of message outcomes: whom one number wrote to, who brought them, who turned away.

Every message goes to somebody else, the hardest case for whoever counts people. Rows are those of the product in
number, width and indexes; of records only those of people who turned away are made up.
"""

import sys
import time
from typing import Any

import psycopg
from django.utils import timezone

from consent.models import CapturePoint, ConsentRecord, Sender, SourceCursor
from consent.sample import Sample

POINTS = 20
NEWS = 2_000  # records that come later: half of them a yes, half of them a stop
SLICE = 250_000
FILLED = ("consent_outboundmessage", "consent_personsource", "consent_act", "consent_consentrecord")
YEAR_MS = 364 * 86_400_000
_FIRST = int(time.time() * 1000) - YEAR_MS

# Ids sort by time, as the product's do, and are the same whenever they are asked for.
_ID = (
    "(lpad(to_hex(ms), 12, '0') || '7' || substr(md5('{salt}' || n), 1, 3) || '8'"
    " || substr(md5('{salt}' || n), 4, 15))::uuid"
)
SUBJECT, MESSAGE, ACT, RECORD, LATER_ACT, LATER_RECORD = (_ID.format(salt=salt) for salt in "smarbc")

# Of a thousand people 30 stop, 10 block, 5 are never reached, 2 complain; at the first point ten times as many stop.
_WITH = (
    "WITH person AS MATERIALIZED (SELECT n, ms, to_timestamp(ms / 1000.0) t, n * 7919 %% 1000 luck, n %% 20 point"
    " FROM (SELECT n, %(first)s::bigint + n * %(year)s::bigint / %(all)s::bigint ms"
    " FROM generate_series(%(low)s::bigint, %(high)s::bigint, %(step)s::bigint) n) s),"
    " fate AS MATERIALIZED (SELECT *, luck < 30 OR (point = 0 AND luck < 300) stopped,"
    " luck BETWEEN 900 AND 909 blocked, luck BETWEEN 910 AND 914 unreached,"
    " luck BETWEEN 915 AND 916 complained FROM person)"
)
_TABLES = (
    "INSERT INTO consent_outboundmessage (id, company_id, sender_id, subject, act, number_key, kind, sealed, state,"
    " created_at, due_at, attempts, sent_at, read_at, cost, provider_id, error)"
    f" SELECT {MESSAGE}, %(company)s, %(sender)s, {SUBJECT}, {ACT}, sha256(int8send(n)), 'renew',"
    " decode(repeat(md5('x' || n), 4), 'hex'), CASE WHEN unreached THEN 'failed' WHEN luck %% 8 = 7 THEN 'sent'"
    " ELSE 'delivered' END, t, t, 1, t, CASE WHEN luck %% 2 = 0 THEN t END, 0, '', CASE WHEN unreached THEN '131026'"
    " WHEN luck = 999 THEN '131049' ELSE '' END FROM fate",
    "INSERT INTO consent_personsource (company_id, subject, channel, point_id, method, notice, language, entity,"
    " agreed_at, is_stopped, is_blocked, is_unreached, is_complaint)"
    f" SELECT %(company)s, {SUBJECT}, 'whatsapp', (%(points)s::bigint[])[1 + point],"
    " CASE WHEN point %% 4 = 0 THEN 'staff' ELSE 'website' END, %(notice)s,"
    " (ARRAY['pt-BR', 'es', 'en'])[1 + n / 20 %% 3],"
    " CASE WHEN point %% 4 = 0 THEN 'staff:' || n / 60 %% 5 ELSE 'subject' END, t, stopped, blocked, unreached,"
    " complained FROM fate",
)


def _said(*, state: str, act: str, record: str, at: str, who: str) -> tuple[str, str]:
    """The statements for what people said: an act and its record each."""
    return (
        "INSERT INTO consent_act (id, company_id, subject, reference, recorded_at)"
        f" SELECT {act}, %(company)s, {SUBJECT}, sha256(uuid_send({act})), {at} FROM fate WHERE {who}",
        "INSERT INTO consent_consentrecord (uid, act_id, company_id, subject, purpose_id, channel, state, possession,"
        " valid_days, point_id, notice_id, language, method, entity, event_time, recorded_at)"
        f" SELECT {record}, {act}, %(company)s, {SUBJECT}, %(purpose)s, 'whatsapp', '{state}', 'none', 0, %(point)s,"
        f" %(notice)s, 'pt-BR', 'whatsapp', CASE WHEN blocked THEN 'platform:meta' ELSE 'subject' END, {at}, {at}"
        f" FROM fate WHERE {who} ORDER BY n",
    )


_TURNED_AWAY = _said(
    state="withdrawn",
    act=ACT,
    record=RECORD,
    at="least(t + interval '1 day', now())",
    who="stopped OR blocked",
)
_AGREE, _STOP = (
    _said(state=state, act=LATER_ACT, record=LATER_RECORD, at="now() - interval '10 seconds'", who="true")
    for state in ("given", "withdrawn")
)


def fill(raw: psycopg.Connection[Any], sample: Sample, number: Sender, *, messages: int) -> None:
    """Add a year of messages of a number, their people's sources, and what people said who turned away.

    Indexes and constraints are taken off meanwhile, and made anew from all rows at once.
    """
    raw.execute("SET synchronous_commit = off")
    raw.execute("SET session_replication_role = replica")  # nothing is checked row by row
    raw.execute("SET maintenance_work_mem = '256MB'")
    points = [sample.point.pk, *(_point(sample, place) for place in range(1, POINTS))]
    values = _values(sample, messages) | {"points": points, "sender": number.pk}
    begun = time.monotonic()
    made_anew = _without_indexes(raw)
    for low in range(0, messages, SLICE):
        high = min(low + SLICE, messages)
        with raw.transaction():
            for statement in (*_TABLES, *_TURNED_AWAY):
                raw.execute(f"{_WITH} {statement}", values | {"low": low, "high": high - 1})
        _say(f"filling: {high / messages:4.0%}", begun)
    for statement in made_anew:
        raw.execute(statement)
        _say("indexes", begun)
    print(file=sys.stderr)
    raw.execute("SET session_replication_role = DEFAULT")
    for table in FILLED:
        raw.execute(f"VACUUM (ANALYZE) {table}")
    raw.execute("CHECKPOINT")
    newest = ConsentRecord.objects.order_by("-arrival").values_list("arrival", flat=True).first()
    SourceCursor.objects.update_or_create(
        pk=1, defaults={"arrival": newest or 0, "looked_at": timezone.now()}
    )


def _without_indexes(raw: psycopg.Connection[Any]) -> list[str]:
    """Drop the indexes of the tables that are filled, but for primary keys; what makes them anew."""
    made_anew = []
    for table in FILLED:
        constraints = raw.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype = 'u'",
            [table],
        ).fetchall()
        for name, definition in constraints:
            raw.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            made_anew.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        indexes = raw.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = %s::regclass AND NOT indisprimary", [table],
        ).fetchall()  # fmt: skip
        for name, definition in indexes:
            raw.execute(f"DROP INDEX {name}")
            made_anew.append(definition)
    return made_anew


def _say(what: str, begun: float) -> None:
    print(f"\r  {what}, {time.monotonic() - begun:3.0f} s ", end="", file=sys.stderr)


def arrive(raw: psycopg.Connection[Any], sample: Sample, *, messages: int) -> None:
    """Add the records that come later: new people who agree, and people of the whole year who stop."""
    half = NEWS // 2
    values = _values(sample, messages)
    for statements, rows in (
        (_AGREE, {"low": messages, "high": messages + half - 1}),
        (_STOP, {"low": 0, "high": (half - 1) * (messages // half), "step": messages // half}),
    ):
        for statement in statements:
            raw.execute(f"{_WITH} {statement}", values | rows)


def _point(sample: Sample, place: int) -> int:
    point = CapturePoint.objects.create(
        company=sample.company, slug=f"bench-{place}", title={"en": f"Point {place}"}, sender=sample.sender,
        notice=sample.point.notice,
    )  # fmt: skip
    return point.pk


def _values(sample: Sample, messages: int) -> dict[str, Any]:
    return {
        "company": sample.company.pk, "notice": sample.version.pk, "point": sample.point.pk, "all": messages, "step": 1,
        "purpose": sample.purposes["novidades"].pk, "first": _FIRST, "year": YEAR_MS,
    }  # fmt: skip
