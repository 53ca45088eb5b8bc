"""The tablets that may take answers: each has a key of its own, which is shown once and can be revoked."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from consent import vault
from consent.models import CapturePoint, Kiosk

COOKIE = "kiosk"
LIFE = timedelta(days=400)  # the longest that browsers keep one
LONGEST_KEY = 100  # characters
NOTE_EVERY = timedelta(minutes=1)


def new_key() -> str:
    """A key nobody guesses: 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(key: str) -> bytes:
    """What is kept of a key."""
    return vault.digest("kiosk key", key)


def address(kiosk: Kiosk, key: str) -> str:
    """The link that opens a kiosk. The key stands where browsers send it to no server and no log."""
    where = reverse("kiosk-open", args=[kiosk.point.company.slug, kiosk.point.slug])
    return f"{settings.OPTIN_PUBLIC_URL}{where}#{key}"


def found(point: CapturePoint, key: str) -> Kiosk | None:
    """The kiosk of a capture point with this key; None where there is none, or it was revoked."""
    if not key or len(key) > LONGEST_KEY:
        return None
    kiosk = Kiosk.objects.filter(digest=digest(key), point=point.pk, revoked_at=None).first()
    if kiosk is not None:
        _note(kiosk, timezone.now())
    return kiosk


def of(request: HttpRequest, point: CapturePoint) -> Kiosk | None:
    """The kiosk that a request comes from."""
    return found(point, request.COOKIES.get(COOKIE, ""))


def remember(response: HttpResponse, *, path: str, key: str) -> None:
    """Have the browser keep the key where no script and no other site reads it."""
    response.set_cookie(
        COOKIE,
        key,
        max_age=LIFE,
        path=path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _note(kiosk: Kiosk, now: datetime) -> None:
    if kiosk.used_at is None or now - kiosk.used_at > NOTE_EVERY:
        Kiosk.objects.filter(pk=kiosk.pk).update(used_at=now)
