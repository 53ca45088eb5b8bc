"""Inserting the rows of many acts at once: one statement or, for very many, COPY; one call a table on SQLite."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

# table: {column: PostgreSQL type}, in the order in which rows are inserted.
TABLES: dict[str, dict[str, str]] = {
    "consent_subjectkey": {"subject": "uuid", "company": "bigint", "wrapped": "bytea"},
    "consent_contactpoint": {
        "id": "uuid", "subject": "uuid", "company": "bigint", "scheme": "text", "lookup": "bytea",
        "sealed": "bytea", "created_at": "timestamptz",
    },
    "consent_act": {
        "id": "uuid", "company_id": "bigint", "subject": "uuid", "reference": "bytea",
        "recorded_at": "timestamptz",
    },
    "consent_actorigin": {"act": "uuid", "origin": "text"},
    "consent_evidence": {"act": "uuid", "subject": "uuid", "sealed": "bytea"},
    "consent_evidencefile": {
        "id": "uuid", "act": "uuid", "subject": "uuid", "name": "text", "media_type": "text",
        "sealed": "bytea",
    },
    "consent_consentrecord": {
        "uid": "uuid", "act_id": "uuid", "company_id": "bigint", "subject": "uuid", "purpose_id": "bigint",
        "channel": "text", "state": "text", "possession": "text", "valid_days": "integer",
        "point_id": "bigint", "notice_id": "bigint", "language": "text", "method": "text", "entity": "text",
        "event_time": "timestamptz", "recorded_at": "timestamptz", "clock": "text",
    },
    "consent_logpending": {"id": "uuid", "arrival": "timestamptz", "data": "bytea"},
    "consent_outboundmessage": {
        "id": "uuid", "company_id": "bigint", "sender_id": "bigint", "subject": "uuid", "act": "uuid",
        "number_key": "bytea", "kind": "text", "sealed": "bytea", "created_at": "timestamptz",
        "due_at": "timestamptz", "state": "text", "sent_at": "timestamptz",
    },
}  # fmt: skip

# What every new row of a table has alike, as SQL. (psycopg keeps a statement ready up to 50 parameters.)
ALIKE: dict[str, dict[str, str]] = {
    "consent_outboundmessage": {"attempts": "0", "provider_id": "''", "error": "''"},
}

MANY = 200  # rows of one table, from which on COPY takes the database half as long

Rows = dict[str, list[tuple[Any, ...]]]


def no_rows() -> Rows:
    """An empty set of rows, table by table."""
    return {table: [] for table in TABLES}


def insert(connection: Any, rows: Rows) -> None:
    """Insert all rows or none. On SQLite, and for very many rows, the caller holds the transaction."""
    filled = tuple(table for table in TABLES if rows[table])
    if connection.vendor == "postgresql":
        if connection.in_atomic_block:
            filled = _copy_most(connection, rows, filled)
        if filled:
            with connection.cursor() as cursor:
                cursor.execute(
                    _one_statement(filled),
                    [array for table in filled for array in _arrays(table, rows[table])],
                )
        return
    with connection.cursor() as cursor:
        for table in filled:
            cursor.executemany(_insert_values(table), [_plain(connection, row) for row in rows[table]])


def _copy_most(connection: Any, rows: Rows, tables: tuple[str, ...]) -> tuple[str, ...]:
    """COPY the tables that have very many rows, one after the other. Returns the rest."""
    many = [table for table in tables if len(rows[table]) >= MANY and table not in ALIKE]
    # Django does not translate the errors of a COPY by itself.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        for table in many:
            with cursor.copy(f"COPY {table} ({_names(table)}) FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(list(TABLES[table].values()))
                for row in rows[table]:
                    copy.write_row(row)
    return tuple(table for table in tables if table not in many)


def take_stock(connection: Any) -> None:
    """Have PostgreSQL count the tables anew, after many rows.

    It does by itself, a minute later. Until then it takes them to be as small as they were, and sorts all of a
    company's records for each batch of an export.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {', '.join([*TABLES, 'consent_logentry'])}")


def read_in(connection: Any, column: str, values: Sequence[bytes]) -> tuple[str, list[Any]]:
    """The SQL condition that `column` is one of `values`, with its parameters."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::bytea[])", [_array(_WRITE["bytea"], values)]
    return f"{column} IN ({','.join(['%s'] * len(values))})", list(values)


@cache
def _one_statement(tables: tuple[str, ...]) -> str:
    inserts = [
        f"INSERT INTO {table} ({_names(table)}) SELECT {', '.join(['*', *ALIKE.get(table, {}).values()])} "  # noqa: S608 - names of our own tables
        f"FROM unnest({', '.join(f'%s::{kind}[]' for kind in TABLES[table].values())})"
        for table in tables
    ]
    *first, last = inserts
    with_first = ", ".join(f"t{number} AS ({sql})" for number, sql in enumerate(first))
    return f"WITH {with_first} {last}" if first else last


@cache
def _insert_values(table: str) -> str:
    values = ", ".join(["%s"] * len(TABLES[table]) + list(ALIKE.get(table, {}).values()))
    return f"INSERT INTO {table} ({_names(table)}) VALUES ({values})"  # noqa: S608 - names of our own tables


def _names(table: str) -> str:
    return ", ".join([*TABLES[table], *ALIKE.get(table, {})])


def _arrays(table: str, rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """The columns of rows as PostgreSQL writes arrays. psycopg takes four times as long to write a list."""
    columns = zip(*rows, strict=True)
    return [
        _array(_WRITE[kind], column) for kind, column in zip(TABLES[table].values(), columns, strict=True)
    ]


def _array(write: Callable[[Any], str], values: Iterable[Any]) -> str:
    return "{" + ",".join(["NULL" if value is None else write(value) for value in values]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_WRITE: dict[str, Callable[[Any], str]] = {
    "uuid": lambda value: value.hex,
    "bigint": str,
    "integer": str,
    "text": _quoted,
    "bytea": lambda value: f'"\\\\x{value.hex()}"',
    "timestamptz": lambda value: f'"{value.isoformat()}"',
}


def _plain(connection: Any, row: Iterable[Any]) -> list[Any]:
    return [
        value.hex
        if isinstance(value, UUID)
        else connection.ops.adapt_datetimefield_value(value)
        if isinstance(value, datetime)
        else value
        for value in row
    ]
