"""Inserting the rows of many acts at once: one statement on PostgreSQL, one call a table on SQLite."""

from collections.abc import Iterable, Sequence
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
    "consent_evidence": {"act": "uuid", "subject": "uuid", "sealed": "bytea"},
    "consent_evidencefile": {
        "id": "uuid", "act": "uuid", "subject": "uuid", "name": "text", "media_type": "text",
        "sealed": "bytea",
    },
    "consent_consentrecord": {
        "uid": "uuid", "act_id": "uuid", "company_id": "bigint", "subject": "uuid", "purpose_id": "bigint",
        "channel": "text", "state": "text", "possession": "text", "valid_days": "integer",
        "point_id": "bigint", "notice_id": "bigint", "language": "text", "method": "text", "entity": "text",
        "event_time": "timestamptz", "recorded_at": "timestamptz",
    },
    "consent_logpending": {"id": "uuid", "arrival": "timestamptz", "data": "bytea"},
    "consent_outboundmessage": {
        "id": "uuid", "company_id": "bigint", "sender_id": "bigint", "subject": "uuid", "act": "uuid",
        "number_key": "bytea", "kind": "text", "sealed": "bytea", "state": "text",
        "created_at": "timestamptz", "due_at": "timestamptz", "attempts": "smallint", "provider_id": "text",
        "error": "text",
    },
}  # fmt: skip

Rows = dict[str, list[tuple[Any, ...]]]


def no_rows() -> Rows:
    """An empty set of rows, table by table."""
    return {table: [] for table in TABLES}


def insert(connection: Any, rows: Rows) -> None:
    """Insert all rows or none. On SQLite the caller holds the transaction."""
    filled = tuple(table for table in TABLES if rows[table])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                _one_statement(filled),
                [list(column) for t in filled for column in zip(*rows[t], strict=True)],
            )
        else:
            for table in filled:
                cursor.executemany(_insert_values(table), [_plain(connection, row) for row in rows[table]])


def read_in(connection: Any, column: str, values: Sequence[bytes]) -> tuple[str, list[Any]]:
    """The SQL condition that `column` is one of `values`, with its parameters."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::bytea[])", [list(values)]
    return f"{column} IN ({','.join(['%s'] * len(values))})", list(values)


@cache
def _one_statement(tables: tuple[str, ...]) -> str:
    inserts = [
        f"INSERT INTO {table} ({', '.join(TABLES[table])}) "  # noqa: S608 - names of our own tables
        f"SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in TABLES[table].values())})"
        for table in tables
    ]
    *first, last = inserts
    with_first = ", ".join(f"t{number} AS ({sql})" for number, sql in enumerate(first))
    return f"WITH {with_first} {last}" if first else last


@cache
def _insert_values(table: str) -> str:
    columns = TABLES[table]
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608


def _plain(connection: Any, row: Iterable[Any]) -> list[Any]:
    return [
        value.hex
        if isinstance(value, UUID)
        else connection.ops.adapt_datetimefield_value(value)
        if isinstance(value, datetime)
        else value
        for value in row
    ]
