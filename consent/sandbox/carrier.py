"""The pretend Twilio's messages: taken over its REST API, by SMS and for WhatsApp, and laid on phones."""

import json
from collections.abc import Mapping
from email.utils import format_datetime
from http import HTTPStatus

from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from consent.providers import accounts
from consent.providers import sandbox as provider
from consent.providers.sandbox_twilio import WHATSAPP
from consent.sandbox import approved, front, network, phones, wire
from consent.sandbox.items import Kind, Message, Trouble
from consent.vocabulary import Channel

LONGEST_BODY = 1600


@front.authenticated
def messages(request: HttpRequest) -> JsonResponse:
    """Twilio's `POST /2010-04-01/Accounts/{Sid}/Messages.json`, as far as the product uses it."""
    fields = {key: str(value) for key, value in request.POST.items()}
    problem = _problem(fields)
    if problem is not None:
        return front.error(HTTPStatus.BAD_REQUEST, *problem)
    number, sender = fields["To"].removeprefix(WHATSAPP), fields["From"].removeprefix(WHATSAPP)
    if refusal := front.cut(number):
        return refusal
    channel = _channel(fields)
    if channel == Channel.SMS and Trouble.STOPPED in phones.troubles(number):
        return front.error(HTTPStatus.BAD_REQUEST, *front.MAGIC["+15005550004"])
    sid = provider.new_sid()
    content = fields.get("ContentSid", "")
    shown = approved.message(sender, content, _variables(fields)) if content else None
    if content and shown is None:
        return front.error(
            HTTPStatus.BAD_REQUEST, 21656, "The ContentSid or its ContentVariables are invalid."
        )
    text, buttons = (shown.text, shown.buttons) if shown else (fields["Body"], ())
    answer = JsonResponse(_resource(sid, fields, text), status=HTTPStatus.CREATED)
    network.launch(
        Message(
            sid=sid, kind=Kind.RECEIVED, channel=channel, number=number, sender=sender, text=text,
            buttons=buttons, is_template=bool(content), callback=fields.get("StatusCallback", ""),
            wire=(wire.asked(request, answer, fields=fields),),
        )
    )  # fmt: skip
    return answer


def _channel(fields: Mapping[str, str]) -> Channel:
    return Channel.WHATSAPP if fields["To"].startswith(WHATSAPP) else Channel.SMS


def _problem(fields: Mapping[str, str]) -> tuple[int, str] | None:
    """What Twilio would say is wrong with a message: its code and words."""
    if not fields.get("To"):
        return 21604, "A 'To' phone number is required."
    if not fields.get("From"):
        return 21603, "A 'From' phone number is required."
    if not fields.get("Body") and not fields.get("ContentSid"):
        return 21602, "Message body is required."
    if len(fields.get("Body", "")) > LONGEST_BODY:
        return 21617, "The concatenated message body exceeds the 1600 character limit."
    if problem := front.number_problem(fields["To"].removeprefix(WHATSAPP)):
        return problem
    channel = _channel(fields)
    sender = fields["From"]
    if sender.startswith(WHATSAPP) != (channel == Channel.WHATSAPP):
        return 63007, "Twilio could not find a Channel with the specified From address"
    if not front.is_ours(channel, sender.removeprefix(WHATSAPP)):
        return 21606, "The 'From' phone number provided is not a valid, SMS-capable number of your account."
    return None


def _variables(fields: Mapping[str, str]) -> list[str]:
    """The values of an approved text's variables, in their order."""
    try:
        numbered = json.loads(fields.get("ContentVariables") or "{}")
        return [str(numbered[key]) for key in sorted(numbered, key=int)]
    except (ValueError, TypeError):
        return []


def _resource(sid: str, fields: Mapping[str, str], text: str) -> dict[str, object]:
    """The Message resource as Twilio answers it."""
    account = accounts.sandbox().sid
    now = format_datetime(timezone.now())
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": text,
        "date_created": now,
        "date_sent": None,
        "date_updated": now,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": fields["From"],
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": sid,
        "status": "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": fields["To"],
        "uri": f"{uri}.json",
    }
