"""Whose key a program shows: only its SHA-256 is kept, and a revoked key is refused within a second."""

import hashlib
import re
import secrets
import time
from dataclasses import dataclass

from consent.errors import BadInput
from consent.models import ApiKey, Company

PREFIX = "optin_"
SECONDS = 1.0  # a key may be remembered this long and no longer
REMEMBERED = 1_000  # keys; strangers fill nothing, because only known keys are remembered

_KEY = re.compile(r"optin_[A-Za-z0-9_-]{43}")
_SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class Holder:
    """A key's number and the company it speaks for."""

    key: int
    company: int


_remembered: dict[bytes, tuple[float, Holder]] = {}


def issue(company: Company, *, name: str) -> str:
    """A new key for a company. It is shown this once: afterwards nobody knows it but its holder."""
    key = PREFIX + secrets.token_urlsafe(32)
    ApiKey.objects.create(company=company, name=name, digest=_digest(key))
    return key


def holder(authorization: str) -> Holder:
    """Who shows this Authorization header, or BadInput with status 401. No query, or one a second."""
    scheme, key = authorization[: len(_SCHEME)], authorization[len(_SCHEME) :].strip()
    if not authorization:
        raise BadInput("key.required", "Send your key as `Authorization: Bearer optin_...`.", status=401)
    if scheme.lower() != _SCHEME or not _KEY.fullmatch(key):
        raise BadInput("key.malformed", "The Authorization header does not hold a key of ours.", status=401)
    # Found by its digest: whatever a clock could tell about a digest tells nothing about the key.
    digest = _digest(key)
    before = time.monotonic()
    known = _remembered.get(digest)
    if known is not None and before - known[0] < SECONDS:
        return known[1]
    found = _find(digest)
    if found is None:
        _remembered.pop(digest, None)
        raise BadInput("key.unknown", "This key does not exist or was revoked.", status=401)
    if len(_remembered) >= REMEMBERED:
        _remembered.clear()
    _remembered[digest] = (before, found)
    return found


def find_leaked(text: str) -> Holder | None:
    """The holder of a key that stands in `text` where no key belongs."""
    leaked = _KEY.search(text)
    return _find(_digest(leaked[0])) if leaked else None


def forget() -> None:
    """Read every key anew: between tests."""
    _remembered.clear()


def _find(digest: bytes) -> Holder | None:
    row = ApiKey.objects.filter(digest=digest, revoked_at=None).values_list("pk", "company_id").first()
    return Holder(*row) if row else None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
