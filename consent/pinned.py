"""What was on the screen, pinned by a signed token that travels with the answer."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext_lazy as _

from consent.errors import BadInput

NONCE_BYTES = 12

_MISSING = _("This form came back incomplete. Please fill it in again here.")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A showing of a capture point: which notice, in which language, with which words, when, and inside whose page."""

    point: int
    version: int
    language: str
    digest: str
    nonce: str
    shown_at: datetime
    host: str

    def is_expired(self, now: datetime) -> bool:
        return now - self.shown_at > timedelta(hours=settings.OPTIN_FORM_TTL_HOURS)


def pin(
    *, method: str, point: int, version: int, language: str, digest: str, shown_at: datetime, host: str
) -> str:
    """A token for one showing by a capture method. Whoever holds it can answer; nobody can change what was shown."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    milliseconds = int(shown_at.timestamp() * 1000)
    return _signer(method).sign_object([point, version, language, digest, nonce, milliseconds, host])


def read(token: str, *, method: str) -> Pinned:
    """What a token of a capture method pins, however old. Raises BadInput for any other text."""
    try:
        point, version, language, digest, nonce, milliseconds, host = _signer(method).unsign_object(token)
    except (signing.BadSignature, ValueError) as error:
        raise BadInput("form.missing", message=_MISSING, status=400) from error
    shown_at = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return Pinned(point, version, language, digest, nonce, shown_at, host)


def _signer(method: str) -> signing.Signer:
    return signing.Signer(salt=f"consent.pinned.{method}")
