"""Fills a database with people and what they said, as fast as the server can make rows up.

Each person was asked once for two boxes and said yes to both: two acts and four records. The rows are those of
`recording.record` in number, width and indexes, with two savings that no measured path can see: sealed values hold
random-looking bytes of which evidence keeps 64, and log entries are not made up. One person in every few is real: their
number is known here and their key opens, so that captures and decisions find them.
"""

import sys
import time
from collections.abc import Iterator

import psycopg

from consent import vault
from consent.contact import Contact
from consent.sample import Sample

RECORDS_OF_A_PERSON = 4
REAL = 50_000  # people whose number is known, spread evenly

_STEP = 25  # milliseconds from one person to the next
_FIRST = int(time.time() * 1000) - 90 * 86_400_000  # ids sort by time, as the product's do

# An id of person n: version 7, as vault.new_id makes them, and the same whenever it is asked for.
_ID = (
    "(lpad(to_hex({first} + n * {step} + {salt}), 12, '0') || '7' || substr(h{salt}, 1, 3)"
    " || '8' || substr(h{salt}, 4, 15))::uuid"
)


def _id(salt: int) -> str:
    return _ID.format(first=_FIRST, step=_STEP, salt=salt)


SUBJECT, ASKED, ANSWERED = _id(1), _id(2), _id(3)
_WITH = (
    "WITH person AS MATERIALIZED (SELECT n, md5('a' || n) h1, md5('b' || n) h2, md5('c' || n) h3, md5('d' || n) h4,"
    " md5('e' || n) h5, md5('f' || n) h6, md5('g' || n) h7, md5('h' || n) h8, md5('i' || n) h9,"
    " to_timestamp(({first} + n * {step}) / 1000.0) t FROM generate_series(%(low)s::bigint, %(high)s::bigint) n) "
).format(first=_FIRST, step=_STEP)

_TABLES = {
    "consent_subjectkey (subject, company, wrapped)": (
        f"SELECT {SUBJECT}, %(company)s,"
        " coalesce(k.wrapped, decode(h1 || h2 || h3 || left(h4, 26), 'hex')) FROM person LEFT JOIN bench_known k USING (n)"
    ),
    "consent_contactpoint (id, subject, company, scheme, lookup, sealed, created_at)": (
        f"SELECT {_id(4)}, {SUBJECT}, %(company)s, 'tel', coalesce(k.lookup, sha256(decode(h1, 'hex'))),"
        " decode(h2 || h3 || left(h1, 20), 'hex'), t FROM person LEFT JOIN bench_known k USING (n)"
    ),
    "consent_act (id, company_id, subject, reference, recorded_at)": (
        f"SELECT a.id, %(company)s, {SUBJECT}, sha256(uuid_send(a.id)), t"
        f" FROM person CROSS JOIN LATERAL (VALUES ({ASKED}), ({ANSWERED})) a(id)"
    ),
    "consent_evidence (act, subject, sealed)": (
        f"SELECT a.id, {SUBJECT}, decode(h1 || h2 || h3 || h4, 'hex')"
        f" FROM person CROSS JOIN LATERAL (VALUES ({ASKED}), ({ANSWERED})) a(id)"
    ),
    "consent_consentrecord (uid, act_id, company_id, subject, purpose_id, channel, state, possession, valid_days,"
    " point_id, notice_id, language, method, entity, event_time, recorded_at)": (
        f"SELECT r.uid, r.act, %(company)s, {SUBJECT}, %(purpose)s, r.channel, r.state, r.possession, 730,"
        " %(point)s, %(notice)s, 'pt-BR', r.method, 'subject', t + r.later, t + r.later FROM person CROSS JOIN LATERAL (VALUES"
        f" ({_id(5)}, {ASKED}, 'sms', 'requested', 'none', 'website', interval '0'),"
        f" ({_id(6)}, {ASKED}, 'whatsapp', 'requested', 'none', 'website', interval '0'),"
        f" ({_id(7)}, {ANSWERED}, 'sms', 'given', 'reply', 'sms', interval '90 seconds'),"
        f" ({_id(8)}, {ANSWERED}, 'whatsapp', 'given', 'reply', 'sms', interval '90 seconds')"
        ") r(uid, act, channel, state, possession, method, later) ORDER BY r.uid"
    ),
    "consent_outboundmessage (id, company_id, sender_id, subject, act, number_key, kind, sealed, state, created_at,"
    " due_at, attempts, sent_at, provider_id, error)": (
        f"SELECT {_id(9)}, %(company)s, %(sender)s, {SUBJECT}, {ASKED}, sha256(decode(h5, 'hex')), 'ask',"
        " decode(h1 || h2 || h3 || h4, 'hex'), 'sent', t, t, 1, t, 'SM' || h6, '' FROM person"
    ),
}


def fill(database: str, sample: Sample, *, records: int, real: int = REAL) -> list[str]:
    """Add people until there are about `records` records. Returns the numbers of the real ones, `real` or fewer."""
    people = records // RECORDS_OF_A_PERSON
    every = max(1, people // real)
    known = {n: f"+55119{70_000_000 + n:08d}" for n in range(0, people, every)}
    values = {
        "company": sample.company.pk,
        "purpose": sample.purposes["novidades"].pk,
        "point": sample.point.pk,
        "notice": sample.version.pk,
        "sender": sample.sender.pk,
    }
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(
            "CREATE TEMP TABLE bench_known (n bigint PRIMARY KEY, lookup bytea, wrapped bytea)"
        )
        with connection.cursor().copy("COPY bench_known FROM STDIN") as copy:
            for n, number in known.items():
                _key, wrapped = vault.new_subject_key()
                copy.write_row((n, vault.lookup(sample.company.pk, Contact.tel(number)), wrapped))
        for low, high in _slices(people):
            with connection.transaction():
                for table, select in _TABLES.items():
                    connection.execute(
                        f"{_WITH} INSERT INTO {table} {select}", values | {"low": low, "high": high}
                    )
        for table in _TABLES:
            connection.execute(f"VACUUM (ANALYZE) {table.split()[0]}")
        connection.execute("CHECKPOINT")
    return list(known.values())


def _slices(people: int, size: int = 50_000) -> Iterator[tuple[int, int]]:
    begun = time.monotonic()
    for low in range(0, people, size):
        high = min(low + size, people)
        yield low, high - 1
        if people > 4 * size:
            part = high / people
            left = (time.monotonic() - begun) / part * (1 - part)
            print(f"\r  filling: {part:4.0%}, about {left:3.0f} s left ", end="", file=sys.stderr, flush=True)
    if people > 4 * size:
        print(file=sys.stderr)
