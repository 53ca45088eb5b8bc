"""Sealing and opening personal data: one key per person, one derived key per item.

AES-256-GCM throughout. A subject key is wrapped by the current key of the keyring; an item key is derived
from the subject key and the item's name (HKDF-Expand, RFC 5869 2.3), so that no nonce is used twice under one
key.
"""

import hmac
import io
import os
import secrets
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from uuid import UUID, SafeUUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from consent.contact import Contact

NONCE = 12
KEY = 32
SALT = 32
CODE_DIGITS = 8
STOCK = 2048  # random bytes a thread keeps ready

_BLOCK = 64  # bytes that SHA-256 takes in at once
_INNER, _OUTER = (bytes(value ^ pad for value in range(256)) for pad in (0x36, 0x5C))


class SealBroken(Exception):
    """A sealed value does not open: wrong key, another item's value, or changed bytes."""


def new_id() -> UUID:
    """A random id that sorts by time, to a quarter of a microsecond: UUID version 7 (RFC 9562 5.7, 6.2 method 3)."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    return _uuid(
        (milliseconds << 80) | (0x7000 | fraction) << 64 | (0x2 << 62) | int.from_bytes(_drawn(8)) >> 2
    )


def made_at(made: UUID) -> datetime:
    """When an id of ours was made."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, tz=UTC)


def first_id(moment: datetime) -> UUID:
    """No id of ours that was made at `moment` or later sorts before this one."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _uuid(number: int) -> UUID:
    # UUID(int=...), which looks at every way it could be called, and takes five times as long for that.
    made = object.__new__(UUID)
    object.__setattr__(made, "int", number)
    object.__setattr__(made, "is_safe", SafeUUID.unknown)
    return made


def new_subject_key() -> tuple[bytes, bytes]:
    """A fresh key for a person: (key, the same wrapped by the current key of the keyring)."""
    key = _drawn(KEY)
    number, wrapping = settings.OPTIN_KEYRING.current
    nonce = _drawn(NONCE)
    return key, bytes([number]) + nonce + _cipher(wrapping).encrypt(nonce, key, b"subject key")


def unwrap(wrapped: bytes | memoryview) -> bytes:
    """The subject key inside `wrapped`. Raises SealBroken when no key of the keyring opens it."""
    try:
        wrapping = settings.OPTIN_KEYRING.keys[wrapped[0]]
        return _cipher(wrapping).decrypt(
            bytes(wrapped[1 : 1 + NONCE]), bytes(wrapped[1 + NONCE :]), b"subject key"
        )
    except (KeyError, IndexError, ValueError, InvalidTag) as error:
        raise SealBroken(
            "A subject key does not open: is the key it was wrapped with still in OPTIN_KEYRING?"
        ) from error


def seal(key: bytes, *, item: bytes, plaintext: bytes) -> bytes:
    """`plaintext` sealed under the key of one item; `item` names it, such as b"evidence" + the act's id."""
    nonce = _drawn(NONCE)
    return nonce + AESGCM(_derive(key, item)).encrypt(nonce, plaintext, item)


def open_sealed(key: bytes, *, item: bytes, sealed: bytes | memoryview) -> bytes:
    """What `seal` sealed for the same item. Raises SealBroken."""
    try:
        return AESGCM(_derive(key, item)).decrypt(bytes(sealed[:NONCE]), bytes(sealed[NONCE:]), item)
    except (InvalidTag, ValueError) as error:
        raise SealBroken(
            "A sealed value does not open: it was changed, or it belongs to something else."
        ) from error


def open_each(sealed: Iterable[tuple[bytes, bytes, bytes]]) -> Iterator[bytes | None]:
    """What was sealed for many people: each the wrapped key, the item and what is sealed; None for what does not open.

    As `unwrap` and `open_sealed` do it one by one, which takes a quarter longer where there are thousands.
    """
    keys = settings.OPTIN_KEYRING.keys
    for wrapped, item, value in sealed:
        try:
            key = _cipher(keys[wrapped[0]]).decrypt(
                wrapped[1 : 1 + NONCE], wrapped[1 + NONCE :], b"subject key"
            )
            yield AESGCM(_derive(key, item)).decrypt(value[:NONCE], value[NONCE:], item)
        except (KeyError, IndexError, ValueError, InvalidTag):
            yield None


def seal_system(*, item: bytes, plaintext: bytes) -> bytes:
    """`plaintext` sealed under the keyring itself: for what belongs to no person yet, and for credentials."""
    number, key = settings.OPTIN_KEYRING.current
    return bytes([number]) + seal(key, item=item, plaintext=plaintext)


def open_system(*, item: bytes, sealed: bytes | memoryview) -> bytes:
    """What `seal_system` sealed for the same item. Raises SealBroken."""
    key = settings.OPTIN_KEYRING.keys.get(sealed[0]) if sealed else None
    if key is None:
        raise SealBroken("A sealed value names a key that is not in OPTIN_KEYRING.")
    return open_sealed(key, item=item, sealed=sealed[1:])


def lookup(company: int, contact: Contact) -> bytes:
    """How a contact is found again within a company: a keyed hash, exact match only (ADR-0003)."""
    return _keyed(f"contact|{company}|{contact.scheme}|{contact.canonical}")


def number_key(contact: Contact) -> bytes:
    """How a number is counted across companies, for message budgets."""
    return _keyed(f"number|{contact.scheme}|{contact.canonical}")


def reference_key(company: int, reference: str) -> bytes:
    """The keyed hash of a source's own id; such ids may hold a number (a wamid does)."""
    return _keyed(f"reference|{company}|{reference}")


def digest(purpose: str, *parts: str) -> bytes:
    """A keyed hash of `parts`, for finding things that must not be stored in plain text."""
    # Each part with its length: ("a", "b|c") must not be found as ("a|b", "c").
    return _keyed("|".join([purpose, *(f"{len(part)}:{part}" for part in parts)]))


def code(act: UUID) -> str:
    """The 8-digit code that proves possession of the number an act's message was sent to."""
    return f"{int.from_bytes(_secret(b'code|' + act.bytes)[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def act_token(act: UUID, *, use: str) -> str:
    """An unguessable address for an act; `use` keeps receipt, confirmation and stop links apart."""
    return urlsafe_b64encode(act.bytes + _secret(use.encode() + b"|" + act.bytes)[:16]).decode().rstrip("=")


def read_act_token(token: str, *, use: str) -> UUID | None:
    """The act of a token made by `act_token` for the same use, else None."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    if len(raw) != 32:
        return None
    act = UUID(bytes=raw[:16])
    return act if hmac.compare_digest(act_token(act, use=use).encode(), token.encode()) else None


def commitment(salt: bytes, evidence: bytes) -> str:
    """A salted commitment to evidence, fit for the public log (ADR-0003): hex."""
    return _hmac(salt, evidence).hex()


def _hmac(key: bytes, message: bytes) -> bytes:
    # RFC 2104, for keys no longer than a block, as all of ours are. hmac.new() takes twice as long, and hmac.digest()
    # lets another thread take the interpreter away, each time.
    block = key.ljust(_BLOCK, b"\0")
    return sha256(block.translate(_OUTER) + sha256(block.translate(_INNER) + message).digest()).digest()


def _derive(key: bytes, item: bytes) -> bytes:
    return _hmac(key, item + b"\x01")


def _keyed(text: str) -> bytes:
    return _hmac(settings.OPTIN_LOOKUP_KEY, text.encode())


def _secret(message: bytes) -> bytes:
    return _hmac(settings.OPTIN_LOOKUP_KEY, b"token|" + message)


@cache
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


class _Drawn(threading.local):
    rest = io.BytesIO()  # empty


_store = _Drawn()
# No two processes share one.
os.register_at_fork(after_in_child=lambda: setattr(_store, "rest", io.BytesIO()))


def _drawn(size: int) -> bytes:
    """Random bytes from the system, drawn in stock: each draw lets another thread take the interpreter away."""
    taken = _store.rest.read(size)
    if len(taken) < size:
        _store.rest = io.BytesIO(secrets.token_bytes(STOCK))
        taken = _store.rest.read(size)
    return taken


def new_salt() -> bytes:
    """What a commitment is salted with."""
    return _drawn(SALT)
