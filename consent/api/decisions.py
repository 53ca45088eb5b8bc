"""/api/v1/decisions: may a message be sent, and why; to one person, a list, or a stream.

The number stands in the body, or for a GET in a header, never in the address: addresses are logged everywhere.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from django.utils import timezone

from consent import decision, http
from consent.api import answers, bodies, breaker, keys, many, permits, questions
from consent.api.questions import Topic
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import ApiKey

log = logging.getLogger(__name__)

PATH = "/api/v1/decisions"
SCOPE = ApiKey.Scope.DECISIONS.value
LARGEST = 512 * 1024  # bytes of a body: the longest list with some spaces in it
NDJSON = "application/x-ndjson"


class Call(NamedTuple):
    """A request as the front took it in; `read` hands out the body, and is called for no body too large."""

    method: str
    query: str
    authorization: str
    contact: str
    media_type: str
    encoding: str
    length: int | None
    read: Callable[[int], bytes]


def answer(call: Call) -> answers.Answer | answers.Stream:
    """Answer a question, a list or a stream of them. Whatever goes wrong is never a yes."""
    try:
        return _answer(call)
    except BadInput as error:
        return answers.problem(error)
    except Exception:
        log.exception("A decision failed; it was answered with 503, which is a no.")
        return answers.problem(BadInput("unavailable", "Do not send now; ask again.", status=503))


def _answer(call: Call) -> answers.Answer | answers.Stream:
    keys.refuse_in_address(call.query)
    if call.method == "GET":
        holder = keys.holder(call.authorization, scope=SCOPE)
        topic, contact = questions.read_address(call.query, call.contact, now=timezone.now())
        return _decide(contact, topic, holder)
    if call.query:
        raise BadInput(
            "parameter.unknown", "Put everything in the body; no parameters are taken.", status=400
        )
    if call.method != "POST":
        raise BadInput("method.not_allowed", "Ask with GET or POST.", status=405)
    holder = keys.holder(call.authorization, scope=SCOPE)
    if not http.names_utf8_or_nothing(call.media_type):
        raise bodies.other_charset()
    if _media_type(call) == NDJSON:
        bodies.refuse_packed(call.encoding)
        return many.of_stream(call.read, holder)
    topic, asked = questions.read(_read_body(call), now=timezone.now())
    if isinstance(asked, list):
        return many.of_list(asked, topic, holder)
    return _decide(asked, topic, holder)


def _decide(contact: Contact, topic: Topic, holder: keys.Holder) -> answers.Answer:
    decided = decision.may_send(contact, company=holder.company, **topic.keywords)
    if decided.is_stranger:
        breaker.check([contact], holder)
    is_broken = decided.reason == decision.Reason.UNAVAILABLE
    permit = {"permit": permits.issue(decided, contact, topic, holder)} if topic.wants_permit else {}
    status = HTTPStatus.SERVICE_UNAVAILABLE if is_broken else HTTPStatus.OK
    return answers.Answer(status, answers.JSON, many.told(decided, **permit).encode())


def _media_type(call: Call) -> str:
    return call.media_type.partition(";")[0].strip().lower()


def _read_body(call: Call) -> bytes:
    if _media_type(call) != "application/json":
        raise BadInput("body.media_type", f"Send application/json, or {NDJSON}.", status=415)
    bodies.refuse_packed(call.encoding)
    if call.length is None:
        raise bodies.length_required()
    if call.length > LARGEST:
        raise BadInput("body.too_large", f"The body may have {LARGEST} bytes.", status=413)
    body = call.read(call.length)
    if len(body) < call.length:
        raise bodies.cut_off()
    return body
