"""Yesterday's database: what somebody restores, on either engine."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection, transaction

from consent.models import triggers

_TABLES = [model._meta.db_table for model in apps.get_app_config("consent").get_models()]


class Backup:
    """A copy of every table of the product, as a dump would hold it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._each("CREATE TABLE {copy} AS SELECT * FROM {table}")

    def restore(self) -> None:
        """Put everything back as it was when the copy was made."""
        triggers.remove(connection)
        with transaction.atomic():
            self._each("DELETE FROM {table}")
            self._each("INSERT INTO {table} SELECT * FROM {copy}")
            connection.check_constraints()  # on PostgreSQL what is still to be checked would hinder the triggers
        triggers.install(connection)

    def drop(self) -> None:
        self._each("DROP TABLE {copy}")

    def _each(self, statement: str) -> None:
        with connection.cursor() as cursor:
            for table in _TABLES:
                cursor.execute(statement.format(table=table, copy=f"{self._name}_{table}"))


@contextmanager
def backup(name: str = "yesterday") -> Iterator[Backup]:
    """Copy the database as it is now."""
    copy = Backup(name)
    try:
        yield copy
    finally:
        copy.drop()
