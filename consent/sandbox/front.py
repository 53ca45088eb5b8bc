"""Who may use the pretend Twilio, and how it refuses."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent.contact import Contact
from consent.errors import BadInput
from consent.models import Sender
from consent.providers import accounts
from consent.sandbox import phones
from consent.sandbox.items import Trouble

# Numbers that fail as Twilio's own test numbers do (its docs, "Test Credentials").
MAGIC = {
    "+15005550001": (21211, "Invalid 'To' Phone Number"),
    "+15005550002": (21612, "Message cannot be sent with the current combination of 'To' and/or 'From'"),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region"),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (21614, "'To' number is not a valid mobile number"),
}


def authenticated(view: Callable[[HttpRequest], JsonResponse]) -> Callable[[HttpRequest, str], JsonResponse]:
    """A resource of the account, for whoever has its token."""

    @csrf_exempt  # programs call this, with a token
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, sid: str) -> JsonResponse:
        if not settings.OPTIN_SANDBOX:
            raise Http404("The sandbox is off.")
        account = accounts.sandbox()
        name, token = _credentials(request)
        if sid != account.sid or name != account.sid or not account.holds(token):
            return error(HTTPStatus.UNAUTHORIZED, 20003, "Authenticate")
        return view(request)

    return guarded


def error(status: int, code: int, message: str) -> JsonResponse:
    """A refusal in Twilio's shape."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    return JsonResponse(
        {"code": code, "message": message, "more_info": more, "status": status}, status=status
    )


def number_problem(number: str) -> tuple[int, str] | None:
    """What Twilio would say is wrong with a number that something is to go to."""
    if number in MAGIC:
        return MAGIC[number]
    try:
        Contact.reported(number)
    except BadInput:
        return MAGIC["+15005550001"]
    return None


def is_ours(channel: str, number: str) -> bool:
    """Whether a number belongs to the account."""
    return Sender.objects.filter(channel=channel, provider="sandbox", address=number).exists()


def cut(number: str) -> JsonResponse | None:
    """The answer where the network to a phone is cut, so that it takes nothing."""
    if Trouble.CUT not in phones.troubles(number):
        return None
    return error(HTTPStatus.SERVICE_UNAVAILABLE, 20503, "Service unavailable")


def _credentials(request: HttpRequest) -> tuple[str, str]:
    scheme, _space, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        name, _colon, token = b64decode(encoded, validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError):
        return "", ""
    return (name, token) if scheme == "Basic" else ("", "")
