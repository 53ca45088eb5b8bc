"""POST /api/v1/decisions: may a message be sent, and why.

A question is a POST, because its number must not stand in an address: addresses are logged everywhere.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from consent import decision
from consent.api import answers, keys, strict_json
from consent.canonical import moment
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import ApiKey
from consent.vocabulary import Channel

log = logging.getLogger(__name__)

PATH = "/api/v1/decisions"
SCOPE = ApiKey.Scope.DECISIONS.value
LARGEST = 4096  # bytes of a body; a question has about a hundred

FIELDS = ("contact", "channel", "purpose")
CHANNELS = frozenset(Channel.values)
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,40}")


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the front took it in; `read` hands out the body, and is called for no body too large."""

    method: str
    query: str
    authorization: str
    media_type: str
    encoding: str
    length: int | None
    read: Callable[[int], bytes]


def answer(call: Call) -> answers.Answer:
    """Answer one question. Whatever goes wrong is never a yes."""
    try:
        _check_address(call)
        holder = keys.holder(call.authorization, scope=SCOPE)
        contact, channel, purpose = _read_question(_read_body(call))
        decided = decision.may_send(contact, company=holder.company, channel=channel, purpose=purpose)
        return _tell(decided)
    except BadInput as error:
        return answers.problem(error)
    except Exception:
        log.exception("A decision failed; it was answered with 503, which is a no.")
        return answers.problem(BadInput("unavailable", "Do not send now; ask again.", status=503))


def _check_address(call: Call) -> None:
    if call.query:
        keys.refuse_in_address(call.query)
        raise BadInput(
            "parameter.unknown", "Put everything in the body; no parameters are taken.", status=400
        )
    if call.method != "POST":
        raise BadInput("method.not_allowed", "Ask with POST.", status=405)


def _read_body(call: Call) -> bytes:
    media_type, _, parameters = call.media_type.partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise BadInput("body.media_type", "Send application/json.", status=415)
    if call.encoding not in ("", "identity"):
        raise BadInput("body.encoding", "Send the body as it is, not compressed.", status=415)
    if call.length is None:
        raise BadInput("body.length_required", "Send a Content-Length.", status=411)
    if call.length > LARGEST:
        raise BadInput("body.too_large", f"The body may have {LARGEST} bytes.", status=413)
    body = call.read(call.length)
    if len(body) < call.length:
        raise BadInput("body.cut_off", "The body ended before its Content-Length.", status=400)
    return body


def _read_question(body: bytes) -> tuple[Contact, str, str]:
    question = strict_json.read_object(body)
    for name in FIELDS:
        if name not in question:
            raise BadInput(f"{name}.required", f"Say the {name}.", pointer=name)
    if len(question) > len(FIELDS):
        raise BadInput("field.unknown", f"Only {', '.join(FIELDS)} are asked for.")
    contact, channel, purpose = (_text(question, name) for name in FIELDS)
    if channel not in CHANNELS:
        raise BadInput("channel.unknown", f"Choose one of {', '.join(Channel.values)}.", pointer="channel")
    if not _SLUG.fullmatch(purpose):
        raise BadInput("purpose.bad_character", "Send the purpose's short name.", pointer="purpose")
    return _contact(contact), channel, purpose


def _text(question: dict[str, Any], name: str) -> str:
    value = question[name]
    if not isinstance(value, str):
        raise BadInput("phone.type" if name == "contact" else f"{name}.type", "Send a string.", pointer=name)
    return value


def _contact(text: str) -> Contact:
    try:
        return Contact.tel(text)
    except BadInput as error:
        error.pointer = "contact"  # a form calls this field phone
        raise


def _tell(decided: decision.Decision) -> answers.Answer:
    is_broken = decided.reason == decision.Reason.UNAVAILABLE
    return answers.found(
        {
            "allow": decided.allow,
            "reason": decided.reason,
            "at": moment(decided.at),
            "valid_until": moment(decided.valid_until),
            "record": str(decided.record) if decided.record else None,
        },
        status=HTTPStatus.SERVICE_UNAVAILABLE if is_broken else HTTPStatus.OK,
    )
