"""Whose key a program shows: only its SHA-256 is kept, and a revoked key is refused within a second."""

import hashlib
import logging
import re
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from consent.errors import BadInput
from consent.models import ApiKey, Company

log = logging.getLogger(__name__)

PREFIX = "optin_"
SECONDS = 1.0  # a key may be remembered this long and no longer
REMEMBERED = 1_000  # keys; strangers fill nothing, because only known keys are remembered

OVERLAP = timedelta(days=1)  # for which a key that was replaced is still believed
USE_SEEN = timedelta(minutes=1)  # how exactly the last use is known

_KEY = re.compile(r"optin_[A-Za-z0-9_-]{43}")
_NAMES_OF_KEYS = re.compile(r"(?:^|&)(?:api_?key|key|access_token|token|authorization)=", re.IGNORECASE)
_SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class Holder:
    """A key's number, the company it speaks for, and what it may do."""

    key: int
    company: int
    scopes: frozenset[str]
    slug: str  # the company's short name


_remembered: dict[bytes, tuple[float, Holder]] = {}


def new_key() -> str:
    """A key that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(32)


def issue(company: Company, *, name: str, scopes: Collection[str] = ApiKey.Scope.values) -> str:
    """A new key for a company. It is shown this once: afterwards nobody knows it but its holder."""
    key = new_key()
    ApiKey.objects.create(company=company, name=name, digest=digest(key), scopes=list(scopes))
    return key


def rotate(old: ApiKey) -> str:
    """A key in place of another one, which is still believed for a day so that no program stands still."""
    key = issue(old.company, name=old.name, scopes=old.scopes)
    ApiKey.objects.filter(pk=old.pk, expires_at=None).update(expires_at=timezone.now() + OVERLAP)
    return key


def refuse_in_address(query: str) -> None:
    """Raise BadInput where a key stands in an address, and say in the log whose it is: it must be replaced."""
    if PREFIX not in query and not _NAMES_OF_KEYS.search(query):
        return
    leaked = find_leaked(query)
    if leaked:
        log.warning("API key %s was sent in an address, where anybody may read it: replace it.", leaked.key)
        alarm(leaked, ApiKey.Alarm.ADDRESS)
    raise BadInput("key.in_url", "A key in an address is known to everybody: replace it.", status=400)


def holder(authorization: str, *, scope: str) -> Holder:
    """Who shows this Authorization header for something of a scope; BadInput with status 401, or 403 for
    another scope's key. No query, or one a second, and one more a minute.
    """
    found = _holder(authorization)
    if scope not in found.scopes:
        raise BadInput("key.scope", f"This key may not do this: it needs the scope {scope}.", status=403)
    return found


def _holder(authorization: str) -> Holder:
    scheme, key = authorization[: len(_SCHEME)], authorization[len(_SCHEME) :].strip()
    if not authorization:
        raise BadInput("key.required", "Send your key as `Authorization: Bearer optin_...`.", status=401)
    if scheme.lower() != _SCHEME or not _KEY.fullmatch(key):
        raise BadInput("key.malformed", "The Authorization header does not hold a key of ours.", status=401)
    # Found by its digest: whatever a clock could tell about a digest tells nothing about the key.
    seen = digest(key)
    before = time.monotonic()
    known = _remembered.get(seen)
    if known is not None and before - known[0] < SECONDS:
        return known[1]
    found = _find(seen)
    if found is None:
        _remembered.pop(seen, None)
        raise BadInput("key.unknown", "This key does not exist or was revoked.", status=401)
    if len(_remembered) >= REMEMBERED:
        _remembered.clear()
    _remembered[seen] = (before, found)
    return found


def find_leaked(text: str) -> Holder | None:
    """The holder of a key that stands in `text` where no key belongs."""
    leaked = _KEY.search(text)
    return _find(digest(leaked[0])) if leaked else None


def alarm(of: Holder, why: str) -> None:
    """Tell staff that something is wrong with a key: it stands on its page, and on their first one."""
    ApiKey.objects.filter(pk=of.key).update(alarm=why, alarm_at=timezone.now())


def forget() -> None:
    """Read every key anew: between tests."""
    _remembered.clear()


def digest(key: str) -> bytes:
    """What is kept of a key: a hash is enough, because nobody can guess 32 random bytes."""
    return hashlib.sha256(key.encode()).digest()


def _find(seen: bytes) -> Holder | None:
    now = timezone.now()
    believed = Q(expires_at=None) | Q(expires_at__gt=now)
    row = (
        ApiKey.objects.filter(believed, digest=seen, revoked_at=None)
        .values_list("pk", "company_id", "scopes", "company__slug", "last_used_at")
        .first()
    )
    if row is None:
        return None
    key, company, scopes, slug, last_used_at = row
    if last_used_at is None or now - last_used_at > USE_SEEN:
        try:
            ApiKey.objects.filter(pk=key).update(last_used_at=now)
        except DatabaseError:  # it takes nothing now, and a withdrawal is accepted all the same
            log.exception("The use of an API key could not be written down.")
    return Holder(key, company, frozenset(scopes), slug)
