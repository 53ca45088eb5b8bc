"""The embedded provider: speaks to our real webhooks over HTTP, as Twilio and as Meta, signed as they sign.

The product sends to it with the same code as to them, at an address of our own.
"""

import json
import secrets
import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from consent.providers import accounts, egress, meta_numbers, twilio, webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One webhook call as it went over the wire; `status` is 0 where no answer came; `answer` says why."""

    url: str
    headers: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    status: int
    answer: str

    @property
    def is_delivered(self) -> bool:
        return self.status == 200


def new_sid(kind: str = "SM") -> str:
    """An id as Twilio gives messages (SM) and calls (CA)."""
    return f"{kind}{uuid.uuid4().hex}"


def new_wamid() -> str:
    """An id as Meta gives messages."""
    return f"wamid.{b64encode(secrets.token_bytes(33)).decode()}"


def call(url: str, fields: Mapping[str, str]) -> Exchange:
    """Post a form to a webhook of ours as Twilio would. Never raises: what went wrong is in the exchange."""
    signature = twilio.sign(url, fields, token=accounts.sandbox().tokens[0])
    headers = {"X-Twilio-Signature": signature}
    try:
        answer = egress.post(url, fields, headers=headers)
    except egress.Failure as failure:
        return Exchange(url=url, headers=headers, fields=fields, status=0, answer=failure.code)
    return Exchange(url=url, headers=headers, fields=fields, status=answer.status, answer=answer.text)


def notify(update: Mapping[str, Any]) -> Exchange:
    """Post one update to our webhook as Meta would. Never raises: what went wrong is in the exchange."""
    url = settings.OPTIN_PUBLIC_URL + webhooks.META
    # Meta escapes what is not ASCII, and signs the bytes it sends.
    body = json.dumps(update)
    signature = meta_numbers.signature(body.encode(), meta_numbers.sandbox().app_secrets[0])
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature}
    try:
        answer = egress.post_bytes(url, body.encode(), headers=headers)
    except egress.Failure as failure:
        return Exchange(url=url, headers=headers, body=body, status=0, answer=failure.code)
    return Exchange(url=url, headers=headers, body=body, status=answer.status, answer=answer.text)
