"""Rows that are written once: the model base class and the triggers that hold the database to it."""

from typing import Any, NoReturn

from django.db import models

# What each table still allows. "update" and "delete" are SQL conditions over OLD and NEW that *permit*
# the statement; an empty string permits nothing.
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

    class Meta:
        abstract = True

    objects = AppendOnlyQuerySet.as_manager()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} is append-only: it cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{type(self).__name__} is append-only: it cannot be deleted.")


def guard(table: str, *, update: str = "", delete: str = "") -> None:
    """Declare that `table` refuses UPDATE and DELETE except where the given SQL condition holds."""
    RULES[table] = {"UPDATE": update, "DELETE": delete}
