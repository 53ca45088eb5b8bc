"""Questions that are asked all the time: prepared once on Django's own connection, and put to libpq itself."""

import itertools
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import abc
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format

Row = tuple[Any, ...]
Value = bytes | str | int | datetime | list[bytes]


class Query:
    """A SELECT with %s for its parameters, under a name of its own.

    Django's cursor and psycopg's spend three times as long on a small question as the database does. On
    PostgreSQL it therefore goes past both, and psycopg reads the rows. Everything unusual is left to Django's
    cursor: another database, the first question of a connection, a transaction, somebody who watches the
    statements, and whatever fails, which is so reported as Django reports it.
    """

    def __init__(self, name: str, sql: str) -> None:
        numbers = itertools.count(1)
        self.sql = sql
        self._name = name.encode()
        self._numbered = re.sub("%s", lambda _: f"${next(numbers)}", sql).encode()
        # Which connections know the statement, and how rows are read there. The server forgets it with them.
        self._readers: WeakKeyDictionary[psycopg.Connection[Any], abc.Transformer] = WeakKeyDictionary()

    def ask(self, *values: Value) -> list[Row]:
        """The rows for these parameters. Raises DatabaseError."""
        database = connections[DEFAULT_DB_ALIAS]  # `connection` looks this up again at every dot
        if database.vendor == "postgresql" and _is_plain(database):
            rows = self._ask_libpq(database.connection, values)
            if rows is not None:
                return rows
        with database.cursor() as cursor:
            cursor.execute(self.sql, [_adapt(database, value) for value in values])
            return list(cursor.fetchall())

    def _ask_libpq(self, raw: psycopg.Connection[Any], values: Sequence[Value]) -> list[Row] | None:
        """The rows, or None where the statement has to be asked in the ordinary way."""
        sent = [value if isinstance(value, bytes) else _text(value) for value in values]
        # Text goes with its length, or libpq would end it at a NUL and ask about something else.
        formats = [Format.BINARY if isinstance(value, bytes | str) else Format.TEXT for value in values]
        try:
            reader = self._readers.get(raw) or self._prepare(raw)
            result = raw.pgconn.exec_prepared(self._name, sent, formats, Format.BINARY)
        except psycopg.Error:
            return None
        if result.status != ExecStatus.TUPLES_OK:
            # Cut off, or the statement is gone: psycopg drops all of them when a transaction was rolled back.
            self._readers.pop(raw, None)
            return None
        reader.set_pgresult(result)
        return list(reader.load_rows(0, result.ntuples, tuple))

    def _prepare(self, raw: psycopg.Connection[Any]) -> abc.Transformer:
        # A key is found in the same way whichever it is: planning again takes longer than many questions. The server
        # would, for lists, because it takes each to be longer than most are.
        raw.pgconn.exec_(b"SET plan_cache_mode = force_generic_plan")
        raw.pgconn.prepare(self._name, self._numbered)  # what it refuses, asking for it refuses again
        reader = self._readers[raw] = Transformer(raw.adapters)
        return reader


def ask_once(sql: str, values: Sequence[Any]) -> list[Row]:
    """The rows of a statement that is different each time or rare, so that nothing is prepared. Raises DatabaseError.

    As with `Query`, psycopg reads them in binary where nothing unusual is going on: Django's loaders cost more than
    the question where there are many rows.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "postgresql" and _is_plain(database):
        try:
            with psycopg.Cursor(database.connection) as raw:
                return raw.execute(sql.encode(), values, prepare=False, binary=True).fetchall()
        except psycopg.Error:
            pass  # asked again below, it fails as Django says it
    with database.cursor() as cursor:
        cursor.execute(sql, [_adapt(database, value) for value in values])
        return list(cursor.fetchall())


def _is_plain(database: BaseDatabaseWrapper) -> bool:
    """Whether there is a connection, outside of a transaction, and nobody watches its statements."""
    return (
        database.connection is not None
        and not database.in_atomic_block
        and not database.execute_wrappers
        and not database.queries_logged
    )


def _text(value: Value) -> bytes:
    if isinstance(value, list):  # of bytea
        return b"{%b}" % b",".join([b'"\\\\x%b"' % one.hex().encode() for one in value])
    return str(value).encode()


def _adapt(database: BaseDatabaseWrapper, value: Any) -> Any:
    """A parameter as Django's cursor takes it: SQLite has no type for moments."""
    return database.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
