"""What was on the screen, pinned by a signed token that travels with the form."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext_lazy as _

from consent.errors import BadInput

SALT = "consent.capture.website.pinned"
NONCE_BYTES = 12

_MISSING = _("This form came back incomplete. Please fill it in again here.")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A showing of a form: which notice, in which language, with which words, when, and inside whose page."""

    point: int
    version: int
    language: str
    digest: str
    nonce: str
    shown_at: datetime
    host: str

    def is_expired(self, now: datetime) -> bool:
        return now - self.shown_at > timedelta(hours=settings.OPTIN_FORM_TTL_HOURS)


def pin(*, point: int, version: int, language: str, digest: str, shown_at: datetime, host: str) -> str:
    """A token for one showing. Whoever holds it can send the form; nobody can change what was shown."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    milliseconds = int(shown_at.timestamp() * 1000)
    return _signer().sign_object([point, version, language, digest, nonce, milliseconds, host])


def read(token: str) -> Pinned:
    """What a token of ours pins, however old. Raises BadInput for any other text."""
    try:
        point, version, language, digest, nonce, milliseconds, host = _signer().unsign_object(token)
    except (signing.BadSignature, ValueError) as error:
        raise BadInput("form.missing", message=_MISSING, status=400) from error
    shown_at = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return Pinned(point, version, language, digest, nonce, shown_at, host)


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)
