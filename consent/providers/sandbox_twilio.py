"""The forms that Twilio posts, as the sandbox makes them."""

from collections.abc import Mapping
from email.utils import format_datetime

from django.utils import timezone

from consent import vault
from consent.providers import accounts

VERSION = "2010-04-01"
WHATSAPP = "whatsapp:"
# Who calls without a number calls from this one: the letters of ANONYMOUS on a keypad.
HIDDEN = "+266696687"


def content_sid(name: str) -> str:
    """The id that Twilio has for an approved text."""
    return f"HX{vault.digest('sandbox twilio', name).hex()[:32]}"


def sms(*, sid: str, from_: str, to: str, text: str) -> dict[str, str]:
    """What Twilio posts when somebody wrote an SMS."""
    return {
        "AccountSid": accounts.sandbox().sid,
        "ApiVersion": VERSION,
        "Body": text,
        "From": from_,
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": to,
    }


def whatsapp(
    *, sid: str, from_: str, to: str, text: str, payload: str | None = None, replied: str = ""
) -> dict[str, str]:
    """What Twilio posts when somebody wrote on WhatsApp, or pressed a button of the message `replied`."""
    fields = sms(sid=sid, from_=WHATSAPP + from_, to=WHATSAPP + to, text=text) | {
        "MessageType": "text",
        "ProfileName": "Sandbox",
        "ReferralNumMedia": "0",
        "WaId": from_.removeprefix("+"),
    }
    if payload is None:
        return fields
    return fields | {
        "ButtonPayload": payload,
        "ButtonText": text,
        "MessageType": "button",
        "OriginalRepliedMessageSender": WHATSAPP + to,
        "OriginalRepliedMessageSid": replied,
    }


def status(*, sid: str, from_: str, to: str, status: str, error: str = "") -> dict[str, str]:
    """What Twilio posts when a message got further on its way, or no further."""
    fields = {
        "AccountSid": accounts.sandbox().sid,
        "ApiVersion": VERSION,
        "From": from_,
        "MessageSid": sid,
        "MessageStatus": status,
        "SmsSid": sid,
        "SmsStatus": status,
        "To": to,
    }
    if to.startswith(WHATSAPP):
        fields |= {"ChannelPrefix": "whatsapp", "ChannelToAddress": to.removeprefix(WHATSAPP)}
        if status == "read":
            fields["EventType"] = "READ"
    return {**fields, "ErrorCode": error} if error else fields


def voice(
    *, sid: str, from_: str, to: str, status: str, direction: str, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What Twilio posts about a call: asking what to say next, or telling how far it got."""
    return {
        "AccountSid": accounts.sandbox().sid,
        "ApiVersion": VERSION,
        "CallSid": sid,
        "CallStatus": status,
        "Called": to,
        "Caller": from_,
        "Direction": direction,
        "From": from_,
        "To": to,
        **(more or {}),
    }


def progress(*, sequence: int, seconds: int | None = None) -> dict[str, str]:
    """What a status callback of a call has besides; `seconds` it lasted, once it is over."""
    fields = {
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(sequence),
        "Timestamp": format_datetime(timezone.now()),
    }
    if seconds is None:
        return fields
    return fields | {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60))}
