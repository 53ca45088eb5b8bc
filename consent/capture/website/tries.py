"""How often a code may be guessed: counted before it is compared, for every process together."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from consent.models import CodeTry

PER_CODE = 5
LOCKED = timedelta(minutes=10)
PER_NUMBER = 10
DAY = timedelta(days=1)


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
