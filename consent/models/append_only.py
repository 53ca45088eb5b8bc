"""Rows that are written once: the model base class and the triggers that hold the database to it."""

from typing import Any, NoReturn

from django.db import models

# What each table still allows: SQL conditions over OLD and NEW that *permit* an UPDATE or a DELETE; an empty
# string permits nothing. On SQLite, where INSERT OR REPLACE deletes without telling any trigger, also which
# INSERT may find a row in its place; an empty string permits none.
RULES: dict[str, dict[str, str]] = {}


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete a row that is evidence."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """A query set that reads and inserts only."""

    def update(self, **_kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} is append-only: add a record instead of changing one.")

    def delete(self) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} is append-only: it cannot be deleted.")


class AppendOnly(models.Model):
    """Base of every table that is only ever inserted into."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} is append-only: it cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{type(self).__name__} is append-only: it cannot be deleted.")


def guard(table: str, *, update: str = "", delete: str = "", replace: str = "") -> None:
    """Declare that `table` refuses UPDATE and DELETE except where the given SQL condition holds.

    `replace` is that condition for an INSERT with the key of a row that is there, as an upsert is.
    """
    RULES[table] = {"UPDATE": update, "DELETE": delete, "INSERT": replace}
