"""The pretend Twilio: takes messages over its REST API, lays them on phones, and calls back."""

import threading
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from email.utils import format_datetime
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent.contact import Contact
from consent.errors import BadInput
from consent.models import Sender
from consent.providers import accounts
from consent.providers import sandbox as provider
from consent.sandbox import phones
from consent.sandbox.phones import Exchange, Kind, Message

PAUSE = 0.4  # seconds between two things that happen to a message on its way
LONGEST_BODY = 1600

# Numbers that fail as Twilio's own test numbers do (its docs, "Test Credentials").
MAGIC = {
    "+15005550001": (21211, "Invalid 'To' Phone Number"),
    "+15005550002": (21612, "Message cannot be sent with the current combination of 'To' and/or 'From'"),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region"),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (21614, "'To' number is not a valid mobile number"),
}


@csrf_exempt  # programs call this, with a token
@require_POST
def messages(request: HttpRequest, sid: str) -> JsonResponse:
    """Twilio's `POST /2010-04-01/Accounts/{Sid}/Messages.json`, as far as the product uses it."""
    if not settings.OPTIN_SANDBOX:
        raise Http404("The sandbox is off.")
    account = accounts.sandbox()
    name, token = _credentials(request)
    if sid != account.sid or name != account.sid or not account.holds(token):
        return _error(HTTPStatus.UNAUTHORIZED, 20003, "Authenticate")
    fields = {key: str(value) for key, value in request.POST.items()}
    problem = _problem(fields)
    if problem is not None:
        return _error(HTTPStatus.BAD_REQUEST, *problem)
    return _accept(request, fields)


def _accept(request: HttpRequest, fields: Mapping[str, str]) -> JsonResponse:
    sid = provider.new_sid()
    answer = JsonResponse(_resource(sid, fields), status=HTTPStatus.CREATED)
    phones.keep(
        Message(
            sid=sid,
            kind=Kind.RECEIVED,
            number=fields["To"],
            sender=fields["From"],
            text=fields["Body"],
            exchange=Exchange(
                line=f"POST {settings.OPTIN_PUBLIC_URL}{request.path}",
                headers={"Authorization": "Basic ····", "User-Agent": request.headers.get("User-Agent", "")},
                fields=fields,
                status=answer.status_code,
                answer=answer.content.decode(),
            ),
        )
    )
    if callback := fields.get("StatusCallback"):
        # As at Twilio, what became of a message is told later, and from elsewhere.
        threading.Thread(target=_call_back, args=(callback, sid, fields), daemon=True, name="carrier").start()
    return answer


def _call_back(url: str, sid: str, fields: Mapping[str, str]) -> None:
    for status in ("sent", "delivered"):
        time.sleep(PAUSE)
        provider.call(
            url, provider.status_fields(sid=sid, from_=fields["From"], to=fields["To"], status=status)
        )


def _credentials(request: HttpRequest) -> tuple[str, str]:
    scheme, _space, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        name, _colon, token = b64decode(encoded, validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError):
        return "", ""
    return (name, token) if scheme == "Basic" else ("", "")


def _problem(fields: Mapping[str, str]) -> tuple[int, str] | None:
    """What Twilio would say is wrong with a message: its code and words."""
    if not fields.get("To"):
        return 21604, "A 'To' phone number is required."
    if not fields.get("From"):
        return 21603, "A 'From' phone number is required."
    if not fields.get("Body"):
        return 21602, "Message body is required."
    if len(fields["Body"]) > LONGEST_BODY:
        return 21617, "The concatenated message body exceeds the 1600 character limit."
    if fields["To"] in MAGIC:
        return MAGIC[fields["To"]]
    try:
        Contact.reported(fields["To"])
    except BadInput:
        return MAGIC["+15005550001"]
    if not Sender.objects.filter(channel="sms", provider="sandbox", address=fields["From"]).exists():
        return 21606, "The 'From' phone number provided is not a valid, SMS-capable number of your account."
    return None


def _error(status: int, code: int, message: str) -> JsonResponse:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return JsonResponse(
        {"code": code, "message": message, "more_info": more, "status": status}, status=status
    )


def _resource(sid: str, fields: Mapping[str, str]) -> dict[str, object]:
    """The Message resource as Twilio answers it."""
    account = accounts.sandbox().sid
    now = format_datetime(timezone.now())
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": fields["Body"],
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
