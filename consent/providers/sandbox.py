"""The embedded provider: Twilio-shaped, so that what is tried here is what runs in earnest.

It sends with Twilio's own library to an address of our own, and answers through our real webhooks over HTTP,
with signatures that Twilio's library made.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from django.conf import settings

from consent.providers import accounts, egress, twilio

MESSAGES = "/hooks/twilio/messages/"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One webhook call as it went over the wire; `status` is 0 where no answer came; `answer` says why."""

    url: str
    fields: Mapping[str, str]
    signature: str
    status: int
    answer: str

    @property
    def is_delivered(self) -> bool:
        return self.status == 200


def new_sid() -> str:
    """An id as Twilio gives messages."""
    return f"SM{uuid.uuid4().hex}"


def inbound_fields(*, sid: str, from_: str, to: str, body: str) -> dict[str, str]:
    """What Twilio posts when somebody wrote an SMS."""
    return {
        "AccountSid": accounts.sandbox().sid,
        "ApiVersion": "2010-04-01",
        "Body": body,
        "From": from_,
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": to,
    }


def status_fields(*, sid: str, from_: str, to: str, status: str, error: str = "") -> dict[str, str]:
    """What Twilio posts when a message got further on its way, or no further."""
    fields = {
        "AccountSid": accounts.sandbox().sid,
        "ApiVersion": "2010-04-01",
        "From": from_,
        "MessageSid": sid,
        "MessageStatus": status,
        "SmsSid": sid,
        "SmsStatus": status,
        "To": to,
    }
    return {**fields, "ErrorCode": error} if error else fields


def call(url: str, fields: Mapping[str, str]) -> Exchange:
    """Post to a webhook of ours as Twilio would. Never raises: what went wrong is in the exchange."""
    signature = twilio.sign(url, fields, token=accounts.sandbox().tokens[0])
    try:
        answer = egress.post(url, fields, headers={"X-Twilio-Signature": signature})
    except egress.Failure as failure:
        return Exchange(url, fields, signature, 0, failure.code)
    return Exchange(url, fields, signature, answer.status, answer.text)


def write(*, sid: str, from_: str, to: str, body: str) -> Exchange:
    """Have the phone `from_` write an SMS to one of our senders."""
    fields = inbound_fields(sid=sid, from_=from_, to=to, body=body)
    return call(settings.OPTIN_PUBLIC_URL + MESSAGES, fields)


def replies(twiml: str) -> list[str]:
    """The texts a TwiML answer has Twilio send back."""
    try:
        root = ElementTree.fromstring(twiml)  # noqa: S314  our own server wrote it
    except ElementTree.ParseError:
        return []
    return ["".join(message.itertext()) for message in root.iter("Message")]
