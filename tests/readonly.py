"""A database that really takes nothing: the engine itself refuses, as a standby or a full disk does."""

import contextlib
from collections.abc import Iterator

from django.db import connection

_STATEMENTS = {
    "postgresql": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    ),
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
}


@contextlib.contextmanager
def readonly() -> Iterator[None]:
    """While it lasts everything that writes on this connection is refused by the engine."""
    begin, end = _STATEMENTS[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(begin)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(end)
