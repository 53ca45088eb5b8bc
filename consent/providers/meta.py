"""Meta's Cloud API: whether a webhook is theirs, and how a message is handed to them."""

import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from consent.contact import WHATSAPP_USER_ID
from consent.outgoing import Button, Outgoing, Template
from consent.providers import egress, meta_numbers
from consent.providers.errors import Refused, SendError
from consent.providers.meta_numbers import Number

log = logging.getLogger(__name__)

LARGEST_BODY = 4 * 1024 * 1024  # Meta says 3 MB
# "User has chosen to stop receiving marketing messages on WhatsApp from your business".
STOPPED = "131050"

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_CHALLENGE = re.compile(r"[0-9]{1,64}")
_LARGEST_REWRITTEN = 64 * 1024  # how much of an unsigned body is looked at, to tell a proxy from a stranger

# Meta's error codes that pass by themselves, or when staff have mended a token; all others stay what they are.
_TRY_AGAIN = frozenset(
    ["1", "2", "3", "4", "10", "190", "80007", "130429", "131000", "131005", "131016", "131042", "131045",
     "131048", "131056", "131057", "133004", "133010", *map(str, range(200, 300))]
)  # fmt: skip
_WHOLE_ACCOUNT = frozenset({"368", "131031", "131042", "131048", "190"})  # somebody has to look
_PERHAPS_DONE = frozenset({500, 502, 504})


@dataclass(frozen=True, slots=True)
class Signed:
    """A body that Meta signed, and the ids of our numbers of which its app may speak."""

    body: bytes
    numbers: frozenset[str]


def handshake(request: HttpRequest) -> str:
    """The challenge to give back to Meta, which asks whether an address is ours. Raises Refused."""
    if request.GET.get("hub.mode") != "subscribe" or not meta_numbers.verifies(
        request.GET.get("hub.verify_token", "")
    ):
        raise Refused("token.wrong")
    challenge = request.GET.get("hub.challenge", "")
    if not _CHALLENGE.fullmatch(challenge):
        raise Refused("challenge.shape")
    return challenge


def verified(request: HttpRequest) -> Signed:
    """A request's raw body, if Meta signed it for a number of ours. Raises Refused.

    Verified over the bytes as they came, before anything is understood. DatabaseError passes through.
    """
    signature = request.headers.get("X-Hub-Signature-256", "")
    if not _SIGNATURE.fullmatch(signature):
        raise Refused("signature.shape")
    body = _body(request)
    numbers = meta_numbers.signed(body, signature)
    if numbers:
        return Signed(body, numbers)
    for rewritten in _rewritten(body):
        if numbers := meta_numbers.signed(rewritten, signature):
            raise Refused("signature.rewritten", trimmed={"body": rewritten.decode()})
    raise Refused("signature.wrong")


def send(number: Number, content: Outgoing, *, message: UUID | None) -> str:
    """Hand one message to Meta; returns its wamid. Raises SendError."""
    url = f"{number.api}/{settings.OPTIN_META_VERSION}/{number.id}/messages"
    try:
        answer = egress.post_json(url, request_body(content, message=message), token=number.keys.tokens[0])
    except egress.Failure as failure:
        raise SendError(failure.code, uncertain=failure.perhaps_done) from None
    if answer.status != HTTPStatus.OK:
        raise _send_error(answer)
    try:
        wamid = json.loads(answer.text)["messages"][0]["id"]
    except (ValueError, TypeError, KeyError, IndexError):
        wamid = None
    if not isinstance(wamid, str):
        raise SendError("answer.unreadable", uncertain=True)
    return wamid


def request_body(content: Outgoing, *, message: UUID | None) -> dict[str, Any]:
    """What `POST /{phone number id}/messages` takes for a message."""
    # A person without a number is written to by their user id, in a field of its own.
    field = "recipient" if content.to.scheme == WHATSAPP_USER_ID else "to"
    ours = {"biz_opaque_callback_data": message.hex} if message else {}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        field: content.to.value,
        **ours,
        **_what(content),
    }


def _what(content: Outgoing) -> dict[str, Any]:
    if content.template:
        return {"type": "template", "template": _template(content.template, content.buttons)}
    if content.flow:
        return {"type": "interactive", "interactive": _flow(content)}
    if content.buttons:
        return {"type": "interactive", "interactive": _buttons(content)}
    return {"type": "text", "text": {"preview_url": False, "body": content.text}}


def _buttons(content: Outgoing) -> dict[str, Any]:
    replies = [
        {"type": "reply", "reply": {"id": button.payload, "title": button.title}}
        for button in content.buttons
    ]
    return {"type": "button", "body": {"text": content.text}, "action": {"buttons": replies}}


def _flow(content: Outgoing) -> dict[str, Any]:
    (opener,) = content.buttons
    parameters = {
        "flow_message_version": "3",
        "flow_id": content.flow,
        "flow_cta": opener.title,
        "flow_token": opener.payload,
    }
    return {
        "type": "flow",
        "body": {"text": content.text},
        "action": {"name": "flow", "parameters": parameters},
    }


def _template(template: Template, buttons: Sequence[Button]) -> dict[str, Any]:
    values = [{"type": "text", "text": value} for value in template.values]
    body = [{"type": "body", "parameters": values}] if values else []
    replies = [
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": str(index),
            "parameters": [{"type": "payload", "payload": button.payload}],
        }
        for index, button in enumerate(buttons)
    ]
    return {
        "name": template.name,
        "language": {"policy": "deterministic", "code": template.language},
        "components": [*body, *replies],
    }


def _send_error(answer: egress.Answer) -> SendError:
    """What an error means, by its code; by its status where there is none."""
    try:
        code = str(json.loads(answer.text)["error"]["code"])
    except (ValueError, TypeError, KeyError):
        uncertain = answer.status in _PERHAPS_DONE
        permanent = 400 <= answer.status < 500 and answer.status not in {401, 403, 408, 429}
        return SendError(str(answer.status), permanent=permanent, uncertain=uncertain)
    if code in _WHOLE_ACCOUNT:
        log.error("Meta refuses everything from one of our numbers (%s).", code)
    return SendError(
        code, permanent=code not in _TRY_AGAIN, stopped=code == STOPPED, needs_staff=code in _WHOLE_ACCOUNT
    )


def _body(request: HttpRequest) -> bytes:
    """The raw body. Larger than forms may be, so it is read around Django's limit for those, up to ours."""
    try:
        body = request.read(LARGEST_BODY + 1)
    except UnreadablePostError as error:
        raise Refused("body.unreadable") from error
    if len(body) > LARGEST_BODY:
        raise Refused("body.too_big")
    return body


def _rewritten(body: bytes) -> Iterator[bytes]:
    """A body as Meta may have written it before something on the way read it and wrote it anew."""
    if len(body) > _LARGEST_REWRITTEN:
        return
    try:
        value = json.loads(body)
        for ascii_only in (True, False):
            for separators in ((",", ":"), (", ", ": ")):
                text = json.dumps(value, ensure_ascii=ascii_only, separators=separators)
                yield text.encode()
                yield text.replace("/", "\\/").encode()
    except (ValueError, RecursionError):
        return
