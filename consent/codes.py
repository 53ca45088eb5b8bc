"""Codes that people type: read in any script's digits, and guesses counted before they are compared."""

import hmac
import unicodedata
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from consent import vault
from consent.errors import BadInput
from consent.models import CodeTry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

FIELD = "code"
_SEPARATORS = dict.fromkeys(map(ord, " -\t\n\r\u00a0"))

_REQUIRED = _("Type the code from the message.")
_FORM = _("The code has 8 digits. Type them as they stand in the message.")
_WRONG = _("This is not the code in the message. Check each digit.")

PER_CODE = 5
LOCKED = timedelta(minutes=10)
PER_NUMBER = 10
DAY = timedelta(days=1)


def read(text: str) -> str:
    """The digits of a code as somebody typed them, in any script's digits. Raises BadInput."""
    digits = text.translate(_SEPARATORS)
    if not digits:
        raise BadInput("code.required", message=_REQUIRED, pointer=FIELD)
    if len(digits) != vault.CODE_DIGITS or not all(map(str.isdecimal, digits)):
        raise BadInput("code.not_possible", message=_FORM, pointer=FIELD)
    return "".join(str(unicodedata.decimal(digit)) for digit in digits)


def check(act: UUID, code: str, *, number_key: bytes | None, now: datetime, locked: "_StrPromise") -> None:
    """Compare a code with the one sent for `act`, if there is a guess left. Raises BadInput, with `locked` for none.

    Without a number no code was sent, and none is right.
    """
    if number_key is not None and not take(act, number_key=number_key, now=now):
        raise BadInput("code.locked", message=locked, status=HTTPStatus.TOO_MANY_REQUESTS, pointer=FIELD)
    if number_key is None or not hmac.compare_digest(code, vault.code(act)):
        raise BadInput("code.wrong", message=_WRONG, pointer=FIELD)


def take(act: UUID, *, number_key: bytes, now: datetime) -> bool:
    """Whether one more guess is allowed: 5 for a code in ten minutes, 10 for a number in a day."""
    # A number's own row is named by its keyed hash, which is no act's id: those hold their time in front.
    number = UUID(bytes=bytes(number_key)[:16])
    is_left = _take(act, most=PER_CODE, window=LOCKED, now=now)
    return is_left and _take(number, most=PER_NUMBER, window=DAY, now=now)


def _take(key: UUID, *, most: int, window: timedelta, now: datetime) -> bool:
    """Count a guess unless there were enough. Of guesses made at once, exactly `most` get through."""
    CodeTry.objects.bulk_create([CodeTry(act=key, tries=0, first_at=now)], ignore_conflicts=True)
    CodeTry.objects.filter(act=key, first_at__lte=now - window).update(tries=0, first_at=now)
    return CodeTry.objects.filter(act=key, tries__lt=most).update(tries=F("tries") + 1) == 1
