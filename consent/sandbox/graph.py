"""The pretend Meta: takes messages over its Graph API, and lays them on phones."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from consent.contact import Contact
from consent.dialogue import tapping
from consent.errors import BadInput
from consent.models import Sender
from consent.providers import meta_numbers
from consent.providers import sandbox as provider
from consent.sandbox import approved, network, phones, rating, wire
from consent.sandbox.items import Button, Kind, Message, Trouble
from consent.vocabulary import Channel

MOST_BUTTONS = 3
LONGEST_TITLE = 20
LONGEST_BODY = 4096


class Refused(Exception):
    """What Meta would say no to: its status, code and words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@csrf_exempt  # programs call this, with a token
@require_POST
def messages(request: HttpRequest, version: str, number_id: str) -> JsonResponse:
    """Meta's `POST /{version}/{phone number id}/messages`, as far as the product uses it."""
    if not settings.OPTIN_SANDBOX:
        raise Http404("The sandbox is off.")
    try:
        sender = _sender(request, number_id)
        body = _body(request)
        if body.get("status") == "read":
            return _read(request, body)
        return _take(request, sender, body)
    except Refused as refused:
        return _error(refused)


@require_safe
def number(request: HttpRequest, version: str, number_id: str) -> JsonResponse:
    """Meta's `GET /{version}/{phone number id}`: how the number is."""
    if not settings.OPTIN_SANDBOX:
        raise Http404("The sandbox is off.")
    try:
        return JsonResponse(rating.answer(_sender(request, number_id), at=timezone.now()))
    except Refused as refused:
        return _error(refused)


def _take(request: HttpRequest, sender: Sender, body: Mapping[str, Any]) -> JsonResponse:
    number = _number(body)
    if Trouble.CUT in phones.troubles(number):
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, 131016, "Service unavailable")
    text, buttons = _content(sender, body)
    wamid = provider.new_wamid()
    answer = JsonResponse(
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": str(body["to"]), "wa_id": number.removeprefix("+")}],
            "messages": [{"id": wamid, "message_status": "accepted"}],
        }
    )
    network.launch(
        Message(
            sid=wamid, kind=Kind.RECEIVED, channel=Channel.WHATSAPP, number=number, sender=sender.address,
            text=text, buttons=buttons, is_template=body["type"] == "template",
            callback=str(body.get("biz_opaque_callback_data", "")),
            wire=(wire.asked(request, answer, body=request.body.decode()),),
        )
    )  # fmt: skip
    return answer


def _read(request: HttpRequest, body: Mapping[str, Any]) -> JsonResponse:
    """The product has seen what the person wrote."""
    answer = JsonResponse({"success": True})
    seen = phones.find(str(body.get("message_id", "")))
    if not isinstance(seen, Message):
        raise Refused(HTTPStatus.BAD_REQUEST, 100, "(#100) Invalid parameter")
    asked = wire.asked(request, answer, body=request.body.decode())
    phones.change(seen, lambda now: replace(now, state="read", wire=now.wired(asked)))
    return answer


def _sender(request: HttpRequest, number_id: str) -> Sender:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    known = meta_numbers.sandbox().tokens
    if scheme != "Bearer" or not any(hmac.compare_digest(token.encode(), one.encode()) for one in known):
        raise Refused(HTTPStatus.UNAUTHORIZED, 190, "Invalid OAuth access token - Cannot parse access token")
    sender = Sender.objects.filter(channel=Channel.WHATSAPP, provider="sandbox", number_id=number_id).first()
    if sender is None or not number_id:
        raise Refused(
            HTTPStatus.BAD_REQUEST, 100,
            f"Unsupported post request. Object with ID '{number_id}' does not exist, cannot be loaded due to "
            "missing permissions, or does not support this operation.",
        )  # fmt: skip
    return sender


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, 100, "(#100) Invalid parameter")
    if body.get("messaging_product") != "whatsapp":
        raise Refused(HTTPStatus.BAD_REQUEST, 100, "(#100) The parameter messaging_product is required.")
    return body


def _number(body: Mapping[str, Any]) -> str:
    try:
        return Contact.reported(str(body.get("to", ""))).value
    except BadInput:
        raise Refused(HTTPStatus.BAD_REQUEST, 131009, "(#131009) Parameter value is not valid") from None


def _content(sender: Sender, body: Mapping[str, Any]) -> tuple[str, tuple[Button, ...]]:
    """What people see of a message. Raises Refused for what Meta would not take."""
    buttons: tuple[Button, ...] = ()
    try:
        match body.get("type"):
            case "text":
                text = str(body["text"]["body"])
            case "interactive":
                text, buttons = _interactive(sender, body["interactive"])
            case "template":
                return _template(sender, body["template"])
            case _:
                raise KeyError("type")
    except (KeyError, TypeError, IndexError):
        raise Refused(HTTPStatus.BAD_REQUEST, 100, "(#100) Invalid parameter") from None
    if not 0 < len(text) <= LONGEST_BODY:
        raise Refused(HTTPStatus.BAD_REQUEST, 100, "(#100) Invalid parameter")
    return text, buttons


def _interactive(sender: Sender, interactive: Mapping[str, Any]) -> tuple[str, tuple[Button, ...]]:
    if interactive["type"] == "flow":
        return str(interactive["body"]["text"]), _flow(sender, interactive["action"]["parameters"])
    replies = [button["reply"] for button in interactive["action"]["buttons"]]
    titles = {str(reply["title"]) for reply in replies}
    if not 0 < len(replies) <= MOST_BUTTONS or len(titles) != len(replies):
        raise KeyError("buttons")
    if any(not 0 < len(title) <= LONGEST_TITLE for title in titles):
        raise KeyError("title")
    buttons = tuple(Button(title=str(reply["title"]), payload=str(reply["id"])) for reply in replies)
    return str(interactive["body"]["text"]), buttons


def _flow(sender: Sender, parameters: Mapping[str, Any]) -> tuple[Button, ...]:
    """The answers on a Flow's last screen, which stand right under the message here."""
    token = str(parameters["flow_token"])
    titles = tapping.titles(sender.company.language)
    return tuple(
        Button(title=title, payload=f"{answer} {token}", answers_flow=True)
        for answer, title in titles.items()
    )


def _template(sender: Sender, template: Mapping[str, Any]) -> tuple[str, tuple[Button, ...]]:
    values: list[str] = []
    payloads: list[str] = []
    for component in template.get("components", []):
        if component["type"] == "body":
            values += [str(one["text"]) for one in component["parameters"]]
        elif component["type"] == "button":
            payloads += [str(one["payload"]) for one in component["parameters"]]
    shown = approved.message(sender.address, str(template["name"]), values, payloads)
    if shown is None:
        raise Refused(
            HTTPStatus.NOT_FOUND, 132001, "(#132001) Template name does not exist in the translation"
        )
    return shown.text, shown.buttons


def _error(refused: Refused) -> JsonResponse:
    error = {
        "message": refused.message,
        "type": "OAuthException",
        "code": refused.code,
        "fbtrace_id": "Sandbox",
    }
    return JsonResponse({"error": error}, status=refused.status)
