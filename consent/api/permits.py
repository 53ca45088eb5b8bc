"""A signed permit: an allowed decision that a gateway keeps with the message, and anybody verifies offline.

A JWT (RFC 7519) under EdDSA (RFC 8037), by a key of its own that is published as a JWK set (RFC 7517).
"""

import base64
import hashlib
import json
import secrets
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from jwt.algorithms import OKPAlgorithm

from consent.api.keys import Holder
from consent.api.questions import Topic
from consent.contact import Contact
from consent.decision import Decision

TYPE = "optin-permit+jwt"
ALGORITHM = "EdDSA"


def issue(decided: Decision, contact: Contact, topic: Topic, holder: Holder) -> str | None:
    """A permit for a decision; None where it denies. It holds no number, but a hash salted with its own id."""
    if not decided.allow:
        return None
    name = secrets.token_urlsafe(16)
    claims = {
        "iss": settings.OPTIN_PUBLIC_URL,
        "jti": name,
        "iat": int(decided.at.timestamp()),
        "exp": int(decided.valid_until.timestamp()),  # rounded down: never longer than the decision
        "company": holder.slug,
        "channel": topic.channel,
        "purpose": topic.purpose,
        "category": topic.category,
        "sender": topic.sender,
        "reply": topic.is_reply,
        "reason": decided.reason,
        "record": str(decided.record) if decided.record else None,
        "contact": contact_hash(name, contact.value),
    }
    key = _key(settings.OPTIN_LOG_KEY)
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": _public(key)["kid"]})


def contact_hash(name: str, number: str) -> str:
    """What a gateway compares with the number it is about to write to: base64url of SHA-256("<jti>:<number>")."""
    return _base64(hashlib.sha256(f"{name}:{number}".encode()).digest())


def public_keys() -> dict[str, Any]:
    """The JWK set that permits are verified with; of a key that is about to take over, before it signs any."""
    seeds = filter(None, (settings.OPTIN_LOG_KEY, settings.OPTIN_LOG_KEY_NEXT))
    return {"keys": [_public(_key(seed)) for seed in seeds]}


@lru_cache(maxsize=2)
def _key(secret: bytes) -> Ed25519PrivateKey:
    # Not the log's own key: what is signed for one purpose must never pass for the other.
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"optin permit v1").derive(secret)
    return Ed25519PrivateKey.from_private_bytes(seed)


def _public(key: Ed25519PrivateKey) -> dict[str, Any]:
    jwk: dict[str, Any] = json.loads(OKPAlgorithm.to_jwk(key.public_key()))
    return {
        **jwk,
        "use": "sig",
        "alg": ALGORITHM,
        "kid": _base64(hashlib.sha256(jwk["x"].encode()).digest()[:9]),
    }


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
