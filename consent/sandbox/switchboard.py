"""The pretend Twilio's calls: asked for over its REST API, they ring on phones."""

from collections.abc import Mapping
from http import HTTPStatus

from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from consent.providers import accounts
from consent.providers import sandbox as provider
from consent.sandbox import front, phones, wire
from consent.sandbox.items import Call, Kind
from consent.vocabulary import Channel

RINGS = 60  # seconds, where nothing else is asked for
LONGEST_RINGING = 600


@front.authenticated
def calls(request: HttpRequest) -> JsonResponse:
    """Twilio's `POST /2010-04-01/Accounts/{Sid}/Calls.json`, as far as the product uses it."""
    fields = {key: str(value) for key, value in request.POST.items()}
    events = request.POST.getlist("StatusCallbackEvent")
    problem = _problem(fields)
    if problem is not None:
        return front.error(HTTPStatus.BAD_REQUEST, *problem)
    if refusal := front.cut(fields["To"]):
        return refusal
    sid = provider.new_sid("CA")
    answer = JsonResponse(_resource(sid, fields), status=HTTPStatus.CREATED)
    shown = fields | ({"StatusCallbackEvent": " ".join(events)} if events else {})
    call = Call(
        sid=sid,
        kind=Kind.CALL,
        channel=Channel.VOICE,
        number=fields["To"],
        sender=fields["From"],
        direction="outbound-api",
        state="queued",
        url=fields.get("Url", ""),
        script=fields.get("Twiml", ""),
        callback=fields.get("StatusCallback", ""),
        events=tuple(" ".join(events).split()) or ("completed",),
        detects=fields.get("MachineDetection", ""),
        timeout=_seconds(fields),
        wire=(wire.asked(request, answer, fields=shown),),
    )
    phones.keep(call, due_at=timezone.now())
    return answer


def _problem(fields: Mapping[str, str]) -> tuple[int, str] | None:
    if not fields.get("To"):
        return 21201, "No 'To' number is specified"
    if not fields.get("From"):
        return 21213, "No 'From' number is specified"
    if not fields.get("Url") and not fields.get("Twiml"):
        return 21205, "Url parameter is required."
    if front.number_problem(fields["To"]):
        return 21211, "Invalid 'To' Phone Number"
    if not front.is_ours(Channel.VOICE, fields["From"]):
        return 21210, "The source phone number provided is not yet verified for your account."
    return None


def _seconds(fields: Mapping[str, str]) -> int:
    text = fields.get("Timeout", "")
    return min(int(text), LONGEST_RINGING) if text.isascii() and text.isdigit() else RINGS


def _resource(sid: str, fields: Mapping[str, str]) -> dict[str, object]:
    """The Call resource as Twilio answers it."""
    account = accounts.sandbox().sid
    uri = f"/2010-04-01/Accounts/{account}/Calls/{sid}"
    empty = (
        "answered_by", "caller_name", "date_created", "date_updated", "duration", "end_time",
        "forwarded_from", "group_sid", "parent_call_sid", "price", "start_time", "trunk_sid",
    )  # fmt: skip
    return {
        **dict.fromkeys(empty),
        "account_sid": account,
        "api_version": "2010-04-01",
        "direction": "outbound-api",
        "from": fields["From"],
        "from_formatted": fields["From"],
        "phone_number_sid": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": sid,
        "status": "queued",
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
        "to": fields["To"],
        "to_formatted": fields["To"],
        "uri": f"{uri}.json",
    }
