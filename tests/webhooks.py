"""Webhooks as Twilio calls them, signed by ten lines of our own, so that nobody agrees with themselves."""

import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from django.conf import settings
from django.test import Client

from consent.models import InboundMessage, Sender
from consent.providers import accounts
from consent.sample import Sample
from tests.cast import ANA

MESSAGES = "/hooks/twilio/messages/"
STATUS = "/hooks/twilio/status/"
VOICE = "/hooks/twilio/voice/"
VOICE_STATUS = "/hooks/twilio/voice/status/"
FORM = "application/x-www-form-urlencoded"
TWILIO_SID = "AC00000000000000000000000000000001"
TOKEN = "a-token-of-the-real-twilio"

_number = itertools.count(time.time_ns())


def sid() -> str:
    """A MessageSid nobody has used."""
    return f"SM{next(_number):032x}"


def sms(text: str = "STOP", *, sender: str = "+551140028922", **changes: str) -> dict[str, str]:
    """An SMS from Ana to Café Aurora, as Twilio describes one."""
    number = sid()
    fields = {
        "AccountSid": accounts.sandbox().sid,
        "ApiVersion": "2010-04-01",
        "Body": text,
        "From": ANA.value,
        "FromCity": "",
        "FromCountry": "BR",
        "MessageSid": number,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": number,
        "SmsSid": number,
        "SmsStatus": "received",
        "To": sender,
        "ToZip": "",
    }
    return fields | changes


def call(*, sender: str = "+551140028924", **changes: str) -> dict[str, str]:
    """A call from Ana to Café Aurora, as Twilio describes one when it begins."""
    fields = {
        "AccountSid": accounts.sandbox().sid,
        "ApiVersion": "2010-04-01",
        "CallSid": f"CA{next(_number):032x}",
        "CallStatus": "in-progress",
        "Called": sender,
        "Caller": ANA.value,
        "Direction": "inbound",
        "From": ANA.value,
        "FromCountry": "BR",
        "StirVerstat": "TN-Validation-Passed-A",
        "To": sender,
    }
    return fields | changes


def status(state: str, *, of: str, **changes: str) -> dict[str, str]:
    """What Twilio says about a message of Café Aurora to Ana."""
    fields = {
        "AccountSid": accounts.sandbox().sid,
        "ApiVersion": "2010-04-01",
        "From": "+551140028922",
        "MessageSid": of,
        "MessageStatus": state,
        "SmsSid": of,
        "SmsStatus": state,
        "To": ANA.value,
    }
    return fields | changes


def signature(url: str, fields: Mapping[str, str | Sequence[str]], token: str) -> str:
    """What Twilio's documentation says a signature is."""
    text = url
    for name in sorted(fields):
        values = fields[name]
        for value in sorted({values} if isinstance(values, str) else set(values)):
            text += name + value
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def post(
    client: Client,
    fields: Mapping[str, str],
    *,
    path: str = MESSAGES,
    token: str | None = None,
    url: str | None = None,
    body: str | None = None,
    signed: str | None = None,
    content_type: str = FORM,
    **headers: str,
) -> Any:
    """Call a webhook; whatever is given replaces what Twilio would have sent."""
    key = accounts.sandbox().tokens[0] if token is None else token
    right = signature(url or settings.OPTIN_PUBLIC_URL + path, fields, key)
    headers = {"X-Twilio-Signature": right if signed is None else signed} | headers
    return client.post(
        path, urlencode(fields) if body is None else body, content_type=content_type, headers=headers
    )


def post_json(
    client: Client, content: Any, *, path: str = MESSAGES, digest: str | None = None, **more: Any
) -> Any:
    """Call a webhook with a JSON body: signed is the address alone, which holds a digest of the body."""
    body = content if isinstance(content, str) else json.dumps(content)
    right = hashlib.sha256(body.encode()).hexdigest() if digest is None else digest
    path = f"{path}?bodySHA256={right}"
    return post(
        client,
        {},
        path=path,
        body=body,
        content_type="application/json",
        **more,
    )


def said(response: Any) -> str:
    """The text a TwiML answer sends back."""
    return response.content.decode().partition("<Message>")[2].partition("</Message>")[0]


@dataclass
class Conversation:
    """A call that goes on: what was said last, and the address the next key is posted to."""

    client: Client
    fields: dict[str, str]
    path: str = VOICE
    response: Any = None

    def begin(self, **changes: str) -> str:
        """Somebody takes the call; returns what they hear."""
        return self._hear(post(self.client, self.fields | changes, path=self.path))

    def press(self, key: str, **changes: str) -> str:
        """Press a key, or "" for silence, as the answer to what was heard; returns what is heard then."""
        fields = self.fields | {"Digits": key, "FinishedOnKey": "", "msg": "Gather End"} | changes
        return self._hear(post(self.client, fields, path=self.path))

    @property
    def is_over(self) -> bool:
        return self._document().find("Gather") is None

    def _hear(self, response: Any) -> str:
        assert (response.status_code, response["Content-Type"]) == (200, "text/xml"), response.content
        self.response = response
        document = self._document()
        gather = document.find("Gather")
        if gather is not None:
            self.path = gather.attrib["action"]
        return " ".join("".join(say.itertext()) for say in document.iter("Say"))

    def _document(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.response.content)


def kept() -> list[tuple[str, str]]:
    """What lies in the box of incoming messages: (state, provider), the oldest first."""
    return list(InboundMessage.objects.order_by("id").values_list("state", "provider"))


def real_sender(aurora: Sample, *tokens: str, address: str = "+551140028999") -> Sender:
    """A sender of Café Aurora that is really at Twilio."""
    return Sender.objects.create(
        company=aurora.company,
        channel="sms",
        provider="twilio",
        address=address,
        account=TWILIO_SID,
        secret=accounts.seal(TWILIO_SID, tokens or (TOKEN,)),
    )
