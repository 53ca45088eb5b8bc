"""Fetching ahead changes nothing but the waiting: the same parts, no more than two at once, no connection left."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection

from consent.ahead import ahead

pytestmark = pytest.mark.django_db(transaction=True)


def asked(count: int, seen: list[tuple[int, str]]) -> Iterator[int]:
    """The numbers below `count`, each asked of the database; notes by whom."""
    for number in range(count):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 + %s", [number])
            seen.append((number, threading.current_thread().name))
            yield cursor.fetchone()[0]


def connections_of_ours() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_the_parts_are_the_same_and_in_their_order() -> None:
    seen: list[tuple[int, str]] = []
    assert list(ahead(asked(5, seen))) == [1, 2, 3, 4, 5]
    assert list(ahead(asked(0, seen))) == []


@pytest.mark.postgres
def test_one_part_is_fetched_ahead_by_another_thread_and_no_more() -> None:
    seen: list[tuple[int, str]] = []
    parts = ahead(asked(9, seen))
    assert [next(parts), next(parts)] == [1, 2]
    parts.close()  # type: ignore[attr-defined]
    assert [number for number, _thread in seen] == [0, 1, 2]
    assert threading.current_thread().name not in {thread for _number, thread in seen}


@pytest.mark.postgres
def test_whoever_goes_away_leaves_no_connection() -> None:
    before = connections_of_ours()
    for taken in (1, 3, 9):
        parts = ahead(asked(3, []))
        for _ in zip(range(taken), parts, strict=False):
            pass
        parts.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 30  # the server takes its time to let go of one that was closed
    while connections_of_ours() > before:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_trouble_comes_to_whoever_reads() -> None:
    def broken() -> Iterator[int]:
        yield 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing_like_it")

    parts = ahead(broken())
    assert next(parts) == 1
    with pytest.raises(DatabaseError):
        next(parts)
