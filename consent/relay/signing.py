"""Signatures of webhooks, as Standard Webhooks 1.0 has them, and the secrets they are made with."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
SECRET = 32  # bytes


def new_secret() -> str:
    """A secret that nobody can guess, in the form receivers' libraries take."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET)).decode()


def headers(message: str, body: bytes, *, keys: Sequence[str], at: datetime) -> dict[str, str]:
    """What a receiver verifies `body` with: a signature for each key, so that one of them may be replaced."""
    moment = str(int(at.timestamp()))
    signed = b".".join([message.encode(), moment.encode(), body])
    signatures = [_sign(key, signed) for key in keys]
    return {"webhook-id": message, "webhook-timestamp": moment, "webhook-signature": " ".join(signatures)}


def _sign(key: str, signed: bytes) -> str:
    secret = base64.b64decode(key.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
