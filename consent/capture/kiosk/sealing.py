"""What waits on a tablet is sealed there for us alone: whoever holds the tablet next cannot read it.

A tablet knows only a public key. ECDH on P-256, HKDF-SHA256 (RFC 5869), AES-256-GCM: what every browser has. The
private key follows from the keyring, so that it needs no place of its own and is renewed with the ring.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

INFO = b"optin kiosk"
# The order of the group of P-256 (FIPS 186-5, SP 800-186 3.2.1.3).
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class NotSealed(ValueError):
    """Bytes that were not sealed for this key, or were changed since."""


def public_key() -> tuple[int, bytes]:
    """The number of the keyring's current key, and the public key that follows from it: an uncompressed point."""
    number, key = settings.OPTIN_KEYRING.current
    return number, _point(_private(key).public_key())


def opened(number: int, *, public: bytes, iv: bytes, sealed: bytes, name: bytes) -> bytes:
    """What a tablet sealed under `name` for the key of this number. Raises NotSealed."""
    key = settings.OPTIN_KEYRING.keys.get(number)
    if key is None or len(iv) != 12:
        raise NotSealed("There is no such key.")
    try:
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        shared = _private(key).exchange(ec.ECDH(), theirs)
        return AESGCM(derived(shared)).decrypt(iv, sealed, name)
    except (ValueError, InvalidTag) as error:
        raise NotSealed("This was not sealed for us.") from error


def derived(shared: bytes) -> bytes:
    """The key of one answer, from the secret that both sides share."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=INFO).derive(shared)


def _private(key: bytes) -> ec.EllipticCurvePrivateKey:
    # 64 bytes, so that the remainder favours no number (FIPS 186-5 A.2.1).
    wide = hmac.digest(key, INFO, hashlib.sha512)
    return ec.derive_private_key(int.from_bytes(wide) % (ORDER - 1) + 1, ec.SECP256R1())


def _point(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
