"""What is known of somebody a moment before a message: one statement, whatever is asked about them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from typing import NamedTuple

from consent import prepared
from consent.decision import statement
from consent.decision.statement import About
from consent.history import Said, said
from consent.vocabulary import Category

CATEGORIES = frozenset(Category.values)
_SQLITE_TAKES = 500  # people in one statement
_SAID = slice(2, 10)  # the columns of a row that are those of history.Said


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


def look(about: About, lookup: bytes, number_key: bytes, *, is_limited: bool = True, now: datetime) -> Known:
    """What is known of the person found under `lookup`, who writes from the number of `number_key` (b"" where that
    does not matter); with the offers they got, where those are limited. One query, on the primary.
    """
    query, parameters = statement.question(about, lookup, number_key, is_limited=is_limited, now=now)
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
    numbers = {number for _lookup, number in people if number}
    query, parameters = statement.question_about_group(
        about, lookups, list(numbers), is_limited=is_limited, now=now
    )
    rows = query.ask(*parameters)
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
    """The rows about many people, found as in `look`, by lookup; those we never heard of are left out. None may stand
    in it twice.

    One query on PostgreSQL, whatever their number; one for 500 people on SQLite. They are not made into anything
    here: a hundred thousand objects that wait for one another keep the garbage collector busy.
    """
    common, found = Common(), defaultdict[bytes, list[prepared.Row]](list)
    portions = [people] if statement.is_postgres() else list(batched(people, _SQLITE_TAKES, strict=False))
    for portion in portions or [()]:
        writers: dict[bytes, list[bytes]] = {}
        for lookup, number_key in portion:
            if number_key:
                writers.setdefault(number_key, []).append(lookup)
        lookups = [lookup for lookup, _number in portion]
        for row in statement.ask_about_many(about, lookups, list(writers), is_limited=is_limited, now=now):
            if row[2] is None or row[1] not in common.categories:  # else a call for each of very many rows
                common.learn(row)
            if row[11] is not None:
                found[bytes(row[11])].append(row)
            elif row[0] == "wrote":
                for lookup in writers[bytes(row[10])]:
                    found[lookup].append(row)
    return common, found


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
