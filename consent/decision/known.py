"""What is known of somebody a moment before a message: one statement, whatever is asked about them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any, NamedTuple

from django.db import connection

from consent import prepared, sendings
from consent.history import Said, said
from consent.vocabulary import Category

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)  # a hold that is over by now is over by then
WINDOW = timedelta(hours=24)  # WhatsApp: for so long may whoever wrote be answered
CATEGORIES = frozenset(Category.values)
_SQLITE_TAKES = 500  # people in one statement

# A row of a purpose says one record, or none; every other row says by its topic what it is. Troubles end as in `reach`.
_KNOWN = """
WITH c AS (SELECT lookup, subject FROM consent_contactpoint WHERE lookup {people})
SELECT p.category, p.id, r.arrival, r.state, r.possession, r.valid_days, r.event_time, r.recorded_at,
 {uid}, r.clock, CAST(NULL AS bytea), c.lookup
FROM consent_purpose p
LEFT JOIN c ON c.lookup IS NOT NULL
LEFT JOIN consent_consentrecord r ON r.subject = c.subject AND r.channel = %s
 AND (r.purpose_id = p.id OR r.purpose_id IS NULL)
WHERE p.company_id = %s AND p.{purpose} = %s
UNION ALL
SELECT 'hold', NULL, NULL, h.kind, '', 0, NULL, NULL, NULL, '', NULL, c.lookup
FROM c JOIN consent_hold h ON h.subject = c.subject
WHERE h.channel = %s AND h.said_at <= %s AND (h.ended_at IS NULL OR h.ended_at > %s)
UNION ALL
SELECT 'trouble', NULL, NULL, t.kind, '', 0, t.until, NULL, NULL, '', t.number_key, c.lookup
FROM c JOIN consent_contacttrouble t ON t.subject = c.subject
WHERE t.company_id = %s AND t.channel = %s AND t.since <= %s
 AND NOT EXISTS (SELECT 1 FROM consent_outboundmessage o JOIN consent_sender s ON s.id = o.sender_id
  WHERE o.number_key = t.number_key AND o.sent_at > t.seen_at AND o.sent_at <= %s AND o.state = 'delivered'
  AND o.company_id = t.company_id AND s.channel = t.channel)
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
FROM c JOIN consent_sending m ON m.subject = c.subject JOIN consent_purpose q ON q.id = m.purpose_id
WHERE m.sent_at > %s AND m.sent_at <= %s AND q.category = 'marketing'
"""
_UID = "COALESCE(r.uid, c.subject)"
_ANY = "= ANY(%s::bytea[])"
_SAID = slice(2, 10)  # the columns of a row that are those of history.Said


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


class Trouble(NamedTuple):
    """Why messages do not reach a number, and until when, where a provider has said that."""

    kind: str
    until: datetime | None
    number_key: bytes


@dataclass(slots=True)
class Common:
    """What is the same for everybody: the purposes asked about with their categories, and the log's size."""

    categories: dict[int, str] = field(default_factory=dict)
    log_size: int = 0

    def learn(self, row: prepared.Row) -> None:
        """What a row of the statement says of everybody, if anything."""
        topic = row[0]
        if topic in CATEGORIES:
            self.categories[row[1]] = topic
        elif topic == "log":
            self.log_size = row[1]


@dataclass(slots=True)
class Known:
    """What is known of one contact. A contact may lead to several subjects: what bears on one, bears on it."""

    common: Common
    rows: Sequence[prepared.Row] = ()  # what they said
    is_somebody: bool = False
    holds: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    wrote: tuple[tuple[int, datetime], ...] = ()  # to which sender, and when last
    sent: tuple[datetime, ...] = ()  # offers that they got

    @classmethod
    def of(cls, common: Common, rows: Sequence[prepared.Row]) -> "Known":
        """What the rows of the statement say."""
        if None not in [row[2] for row in rows]:  # as with most people: records, and nothing else
            return cls(common, rows, is_somebody=bool(rows))
        known = cls(common)
        for row in rows:
            known._learn(row)
        return known

    def said(self, purpose: int) -> list[Said]:
        """What they said about a purpose."""
        return [said(row[_SAID]) for row in self.rows if row[1] == purpose]

    def _learn(self, row: prepared.Row) -> None:
        topic = row[0]
        if row[2] is not None:
            self.is_somebody = True
            self.rows = (*self.rows, row)
        elif topic == "hold":
            self.holds += (row[3],)
        elif topic == "trouble":
            self.troubles += (Trouble(row[3], row[6] and _aware(row[6]), bytes(row[10])),)
        elif topic == "wrote":
            self.wrote += ((row[1], _aware(row[6])),)
        elif topic == "sent":
            self.sent += (_aware(row[6]),)
        else:
            self.is_somebody = self.is_somebody or row[8] is not None


def _statement(*, purpose: str, wrote: bool, sent: bool, people: str, numbers: str, uid: str = _UID) -> str:
    parts = (_KNOWN, _WROTE if wrote else "", _SENT if sent else "")
    return "".join(parts).format(purpose=purpose, people=people, numbers=numbers, uid=uid)


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


def look(about: About, lookup: bytes, number_key: bytes, *, is_limited: bool = True, now: datetime) -> Known:
    """What is known of the person found under `lookup`, who writes from the number of `number_key` (b"" where that
    does not matter); with the offers they got, where those are limited. One query, on the primary.
    """
    query, parameters = question(about, lookup, number_key, is_limited=is_limited, now=now)
    rows = query.ask(*parameters)
    common = Common()
    for row in rows:
        common.learn(row)
    return Known.of(common, rows)


def look_at_group(
    about: About, people: Sequence[tuple[bytes, bytes]], *, is_limited: bool = True, now: datetime
) -> list[Known]:
    """What is known of a few people, each found as in `look`, in their order. One query, on PostgreSQL alone."""
    lookups = [lookup for lookup, _number in people]
    numbers = list({number for _lookup, number in people if number})
    query = _GROUP_QUERIES["category" if about.category else "slug", bool(numbers), is_limited]
    asked = [numbers] if numbers else []
    rows = query.ask(*_parameters(about, [lookups], asked, is_limited=is_limited, now=now))
    common, found = Common(), dict[bytes, list[prepared.Row]]()
    for row in rows:
        common.learn(row)
        owner = row[11] if row[11] is not None else row[10] if row[0] == "wrote" else None
        if owner is not None:
            found.setdefault(owner, []).append(row)
    return [
        Known.of(common, [*found.get(lookup, ()), *(found.get(number, ()) if number else ())])
        for lookup, number in people
    ]


def look_at_many(
    about: About, people: Sequence[tuple[bytes, bytes]], *, is_limited: bool = True, now: datetime
) -> tuple[Common, dict[bytes, list[prepared.Row]]]:
    """The rows about many people, found as in `look`, by lookup; those we never heard of are left out.

    One query on PostgreSQL, whatever their number; one for 500 people on SQLite. They are not made into anything
    here: a hundred thousand objects that wait for one another keep the garbage collector busy.
    """
    common, found = Common(), dict[bytes, list[prepared.Row]]()
    portions = [people] if _is_postgres() else list(batched(people, _SQLITE_TAKES, strict=False))
    for portion in portions or [()]:
        writers: dict[bytes, list[bytes]] = {}
        for lookup, number_key in portion:
            if number_key:
                writers.setdefault(number_key, []).append(lookup)
        lookups = [lookup for lookup, _number in portion]
        for row in _ask_many(about, lookups, list(writers), is_limited=is_limited, now=now):
            common.learn(row)
            if row[11] is not None:
                found.setdefault(bytes(row[11]), []).append(row)
            elif row[0] == "wrote":
                for lookup in writers[bytes(row[10])]:
                    found.setdefault(lookup, []).append(row)
    return common, found


def _ask_many(
    about: About, lookups: Sequence[bytes], numbers: Sequence[bytes], *, is_limited: bool, now: datetime
) -> list[prepared.Row]:
    """The statement for many: each parameter that names one of them is a list."""
    people, writers, uid = _one_of(lookups), _one_of(numbers), _UID
    if is_postgres := _is_postgres():
        people = writers = _ANY
        uid = f"uuid_send({_UID})"  # of many ids few are looked at: they come as bytes, see Judge
    sql = _statement(
        purpose="category" if about.category else "slug", wrote=bool(numbers), sent=is_limited,
        people=people, numbers=writers, uid=uid,
    )  # fmt: skip
    if is_postgres:
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
        *lookups, channel, company, about.category or about.purpose, channel, at, at, company, channel, at, at, at,
        *wrote, *sent,
    ]  # fmt: skip


def _is_postgres() -> bool:
    return connection.vendor == "postgresql"


def _one_of(values: Sequence[bytes]) -> str:
    return f"IN ({','.join(['%s'] * len(values)) or 'NULL'})"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
