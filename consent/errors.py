"""What is wrong with an input, in words for the person and a code for the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


TRIES = 3  # at what somebody else's row may have been in the way of

# What PostgreSQL refuses whatever the row: it is read only, a right, a table or a column is missing while it is brought
# up to date, it is damaged (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_WHATEVER_THE_ROW = ("25006", "42501", "42P01", "42703", "XX")


def passes(error: Exception) -> bool:
    """Whether an error is trouble of the whole database, which passes; all others will come again with the same input.

    A row that is refused for what it holds, or for one that is there already, is no such trouble: it must keep nobody
    else waiting. Where the other may only have come at the same moment, see `settled`.
    """
    if isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError:
        return True
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return isinstance(error, DatabaseError) and state.startswith(_WHATEVER_THE_ROW)


def settled[T](work: Callable[[], T]) -> T:
    """Do something, at most TRIES times where somebody else's row is in its way: they may have come at this moment.

    Outside of a transaction. Raises what it raises.
    """
    for _try in range(TRIES - 1):
        try:
            return work()
        except IntegrityError:
            continue
    return work()


class BadInput(Exception):
    """Input that cannot be accepted; the doors turn it into a page, a problem document or silence.

    It never carries the input itself: answers and logs must not echo what somebody typed.
    """

    def __init__(
        self,
        code: str,
        message: str | _StrPromise,
        *,
        status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
        pointer: str = "",
        params: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = int(status)
        self.pointer = pointer
        self._message = message
        self._params = params

    @property
    def message(self) -> str:
        """What to do about it, in the language active when it is read."""
        text = str(self._message)
        return text % self._params if self._params else text
