"""Questions past Django's cursor: the same rows, one message to the server, and every trouble left to Django."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from consent.prepared import Query, Row, ask_once

pytestmark = pytest.mark.django_db(transaction=True)
only_postgres = pytest.mark.postgres

ADD = Query("add", "SELECT %s + 1")
CAST = "SELECT %s::text, %s::bytea, %s::bigint, %s::timestamptz, md5('')::uuid, NULL"
SAID = ("Ação", b"\x00\xff", 2**40, datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _connected() -> Iterator[None]:
    connection.ensure_connection()
    yield
    connection.close()


def messages(query: Query, *values: int) -> tuple[list[Row], list[str]]:
    """What a question answers, and the kinds of messages libpq sent for it."""
    with tempfile.TemporaryFile("w+") as file:
        raw = connection.connection.pgconn
        raw.trace(file.fileno())
        rows = query.ask(*values)
        raw.untrace()
        file.seek(0)
        return rows, [line.split("\t")[3].strip() for line in file if line.split("\t")[1] == "F"]


def test_a_question_is_answered_on_every_database() -> None:
    assert [ADD.ask(1), ADD.ask(2)] == [[(2,)], [(3,)]]


@only_postgres
def test_every_type_comes_back_as_django_gives_it() -> None:
    query = Query("cast", CAST)
    [directly] = query.ask(*SAID)
    with transaction.atomic():
        [by_django] = query.ask(*SAID)
    assert directly == by_django == (*SAID, UUID("d41d8cd98f00b204e9800998ecf8427e"), None)
    assert directly[3].tzinfo == by_django[3].tzinfo == UTC


@only_postgres
def test_from_the_second_time_on_a_question_is_one_message_and_its_end() -> None:
    assert messages(ADD, 1)[1].count("Parse") == 1
    rows, sent = messages(ADD, 41)
    assert (rows, sent) == ([(42,)], ["Bind", "Describe", "Execute", "Sync"])


@only_postgres
def test_who_watches_the_statements_sees_it() -> None:
    ADD.ask(1)
    with CaptureQueriesContext(connection) as queries:
        assert ADD.ask(1) == [(2,)]
    assert len(queries) == 1


@only_postgres
def test_a_statement_that_psycopg_dropped_is_prepared_again() -> None:
    ADD.ask(1)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert [ADD.ask(1), ADD.ask(2)] == [[(2,)], [(3,)]]
    assert "Parse" not in messages(ADD, 3)[1]


@only_postgres
def test_a_new_connection_is_asked_as_well() -> None:
    ADD.ask(1)
    connection.close()
    assert [ADD.ask(1), ADD.ask(2)] == [[(2,)], [(3,)]]


@only_postgres
def test_a_transaction_keeps_what_it_sees() -> None:
    query = Query("kept", "SELECT current_setting('transaction_isolation'), %s::int")
    query.ask(1)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        assert query.ask(1) == [("serializable", 1)]


def test_what_the_database_refuses_is_djangos_error() -> None:
    wrong = Query("wrong", "SELECT no_such_column, %s FROM consent_company")
    for _ in range(2):
        with pytest.raises(DatabaseError):
            wrong.ask(1)


@only_postgres
def test_what_a_value_refuses_is_djangos_error_and_the_next_is_answered() -> None:
    query = Query("half", "SELECT 10 / %s::int")
    assert query.ask(5) == [(2,)]
    for _ in range(2):
        with pytest.raises(DatabaseError):
            query.ask(0)
    assert query.ask(2) == [(5,)]


@only_postgres
def test_a_connection_that_is_closed_is_djangos_error() -> None:
    ADD.ask(1)
    connection.connection.pgconn.finish()
    with pytest.raises(OperationalError):
        ADD.ask(1)


@only_postgres
def test_text_does_not_end_at_a_nul() -> None:
    query = Query("text", "SELECT length(%s::text)")
    assert query.ask("sms") == [(3,)]
    with pytest.raises(DatabaseError):
        query.ask("sms\0")


def test_a_question_that_is_asked_once_is_answered_on_every_database() -> None:
    assert ask_once("SELECT %s + 1", [2]) == [(3,)]


@only_postgres
def test_asked_once_every_type_comes_back_as_django_gives_it() -> None:
    expected = (*SAID, UUID("d41d8cd9-8f00-b204-e980-0998ecf8427e"), None)
    assert ask_once(CAST, SAID) == [expected]
    with transaction.atomic():  # through Django's cursor
        [(*row, last)] = ask_once(CAST, SAID)
        assert (*(bytes(one) if isinstance(one, memoryview) else one for one in row), last) == expected


def test_what_the_database_refuses_once_is_djangos_error() -> None:
    with pytest.raises(DatabaseError):
        ask_once("SELECT nothing_like_it", [])
    assert ask_once("SELECT %s + 1", [2]) == [(3,)]
