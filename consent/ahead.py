"""Fetching the next part of something long while the present one is used."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, connections


def ahead[T](parts: Iterator[T]) -> Iterator[T]:
    """The same parts, each fetched by another thread, on a connection of its own, while the one before is used.

    Never more than two are held. Inside of a transaction, whose rows no other connection sees, and on SQLite, where
    nobody else does the work, each is fetched when it is asked for.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield from parts
        return
    with ThreadPoolExecutor(1, "ahead") as thread:
        try:
            coming = thread.submit(next, parts, None)
            while (part := coming.result()) is not None:
                coming = thread.submit(next, parts, None)
                yield part
        finally:  # also where whoever reads goes away
            thread.submit(connections.close_all).result()
