"""The one statement about what is known of people, in its forms: of one person, of a few, of very many."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from consent import prepared, sendings

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)  # a hold that is over by now is over by then
WINDOW = timedelta(hours=24)  # WhatsApp: for so long may whoever wrote be answered

# A row of a purpose says one record, or none; every other row says by its topic what it is. Troubles end as in `reach`.
# SQLite begins a CROSS JOIN with its left side: with the person, and not with all the troubles of the company.
_KNOWN = """
WITH c AS (SELECT lookup, subject FROM consent_contactpoint WHERE lookup {people})
SELECT p.category, p.id, r.arrival, r.state, r.possession, r.valid_days, r.event_time, r.recorded_at,
 COALESCE(r.uid, c.subject), r.clock, CAST(NULL AS bytea), c.lookup
FROM consent_purpose p
LEFT JOIN c ON c.lookup IS NOT NULL
LEFT JOIN consent_consentrecord r ON r.subject = c.subject AND r.channel = %s
 AND (r.purpose_id = p.id OR r.purpose_id IS NULL)
WHERE p.company_id = %s AND p.{purpose} = %s
UNION ALL
SELECT 'hold', NULL, NULL, h.kind, '', 0, NULL, NULL, NULL, '', NULL, c.lookup
FROM c CROSS JOIN consent_hold h
WHERE h.subject = c.subject AND h.channel = %s AND h.said_at <= %s AND (h.ended_at IS NULL OR h.ended_at > %s)
UNION ALL
SELECT 'trouble', NULL, NULL, t.kind, '', 0, t.until, NULL, NULL, '', t.number_key, c.lookup
FROM c CROSS JOIN consent_contacttrouble t
WHERE t.subject = c.subject AND t.channel = %s AND t.company_id = %s AND t.since <= %s
 AND NOT EXISTS (SELECT 1 FROM consent_outboundmessage o JOIN consent_sender s ON s.id = o.sender_id
  WHERE o.number_key = t.number_key AND o.sent_at > t.seen_at AND o.sent_at <= %s AND o.state = 'delivered'
  AND s.company_id = t.company_id AND s.channel = t.channel)
 AND NOT EXISTS (SELECT 1 FROM consent_inboundmessage i JOIN consent_sender s ON s.id = i.sender_id
  WHERE i.number_key = t.number_key AND i.received_at > t.seen_at AND i.received_at <= %s AND s.channel = t.channel)
UNION ALL
SELECT 'log', size, NULL, '', '', 0, NULL, NULL, NULL, '', NULL, NULL FROM consent_loghead
"""
# Only where it may bear on the answer: each of these costs a tenth of the whole.
_WROTE = """
UNION ALL
SELECT 'wrote', i.sender_id, NULL, '', '', 0, MAX(i.received_at), NULL, NULL, '', i.number_key, NULL
FROM consent_inboundmessage i JOIN consent_sender s ON s.id = i.sender_id
WHERE i.number_key {numbers} AND i.received_at > %s AND i.received_at <= %s AND s.company_id = %s
GROUP BY i.sender_id, i.number_key
"""
_SENT = """
UNION ALL
SELECT 'sent', NULL, NULL, '', '', 0, m.sent_at, NULL, NULL, '', NULL, c.lookup
FROM c CROSS JOIN consent_sending m CROSS JOIN consent_purpose q
WHERE m.subject = c.subject AND q.id = m.purpose_id AND m.sent_at > %s AND m.sent_at <= %s AND q.category = 'marketing'
"""
_ANY = "= ANY(%s::bytea[])"


class About(NamedTuple):
    """What is asked about: a company's purpose, or all its purposes of a category, on a channel, from a sender of
    ours or any ("") at a moment or now (None); and whether the message answers the person's own.
    """

    company: int
    channel: str
    purpose: str = ""
    category: str = ""
    at: datetime | None = None
    sender: str = ""
    is_reply: bool = False


def _statement(*, purpose: str, wrote: bool, sent: bool, people: str, numbers: str) -> str:
    parts = (_KNOWN, _WROTE if wrote else "", _SENT if sent else "")
    return "".join(parts).format(purpose=purpose, people=people, numbers=numbers)


def _query(purpose: str, wrote: bool, sent: bool) -> prepared.Query:
    sql = _statement(purpose=purpose, wrote=wrote, sent=sent, people="= %s", numbers="= %s")
    return prepared.Query(f"known {purpose} {wrote:d}{sent:d}", sql)


def _group_query(purpose: str, wrote: bool, sent: bool) -> prepared.Query:
    sql = _statement(purpose=purpose, wrote=wrote, sent=sent, people=_ANY, numbers=_ANY)
    return prepared.Query(f"known of a group {purpose} {wrote:d}{sent:d}", sql)


_FORMS = [
    (purpose, wrote, sent)
    for purpose in ("slug", "category")
    for wrote in (True, False)
    for sent in (True, False)
]
_QUERIES = {form: _query(*form) for form in _FORMS}
_GROUP_QUERIES = {form: _group_query(*form) for form in _FORMS}


def question(
    about: About, lookup: bytes, number_key: bytes, *, is_limited: bool, now: datetime
) -> tuple[prepared.Query, list[Any]]:
    """The statement of `look`, with its parameters."""
    numbers = [number_key] if number_key else []
    query = _QUERIES["category" if about.category else "slug", bool(numbers), is_limited]
    return query, _parameters(about, [lookup], numbers, is_limited=is_limited, now=now)


def question_about_group(
    about: About, lookups: Sequence[bytes], numbers: Sequence[bytes], *, is_limited: bool, now: datetime
) -> tuple[prepared.Query, list[Any]]:
    """The statement of `look_at_group`, with its parameters."""
    query = _GROUP_QUERIES["category" if about.category else "slug", bool(numbers), is_limited]
    asked = [list(numbers)] if numbers else []
    return query, _parameters(about, [list(lookups)], asked, is_limited=is_limited, now=now)


def ask_about_many(
    about: About, lookups: Sequence[bytes], numbers: Sequence[bytes], *, is_limited: bool, now: datetime
) -> list[prepared.Row]:
    """The statement for many: each parameter that names one of them is a list."""
    people, writers = _one_of(lookups), _one_of(numbers)
    if is_postgres():
        people = writers = _ANY
    sql = _statement(
        purpose="category" if about.category else "slug", wrote=bool(numbers), sent=is_limited,
        people=people, numbers=writers,
    )  # fmt: skip
    if is_postgres():
        lists = [list(lookups)], [list(numbers)] if numbers else []
        return prepared.ask_once(sql, _parameters(about, *lists, is_limited=is_limited, now=now))
    return prepared.ask_once(sql, _parameters(about, lookups, numbers, is_limited=is_limited, now=now))


def _parameters(
    about: About, lookups: Sequence[Any], numbers: Sequence[Any], *, is_limited: bool, now: datetime
) -> list[Any]:
    """In the order of the statement. What another machine's clock recorded ahead of ours counts now."""
    at = about.at or END_OF_TIME
    channel, company = about.channel, about.company
    wrote = [*numbers, (about.at or now) - WINDOW, at, company] if numbers else []
    sent = [(about.at or now) - sendings.WEEK, at] if is_limited else []
    return [
        *lookups, channel, company, about.category or about.purpose, channel, at, at, channel, company, at, at, at,
        *wrote, *sent,
    ]  # fmt: skip


def is_postgres() -> bool:
    return connection.vendor == "postgresql"


def _one_of(values: Sequence[bytes]) -> str:
    return f"IN ({','.join(['%s'] * len(values)) or 'NULL'})"
