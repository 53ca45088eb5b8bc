"""What is wrong with an input, in words for the person and a code for the program."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.db import DatabaseError, DataError, InterfaceError

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


def passes(error: Exception) -> bool:
    """Whether an error is trouble of the database, which passes; all others will come again with the same input.

    A text that no database takes is no such trouble: whoever sends one must keep nobody else waiting.
    """
    return isinstance(error, DatabaseError | InterfaceError) and not isinstance(error, DataError)


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
