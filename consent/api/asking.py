"""The decision in the API's document, and for a server that runs without the front; `decisions` answers both."""

import io
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import Header, Query, Router, Schema
from pydantic import Field

from consent import preflight
from consent.api import bodies, decisions, moments, permits, questions, v1
from consent.api.answers import Stream
from consent.decision import Reason
from consent.errors import BadInput
from consent.models import ApiKey, Company
from consent.vocabulary import Category, Channel

router = Router(auth=v1.Key(ApiKey.Scope.DECISIONS.value), tags=["Decision"])

CSV = "text/csv"
ZIP = "application/zip"

Phone = Annotated[str, Field(description="The phone number, with +.")]


class Topic(Schema):
    """What is asked about: a purpose, or any purpose of a category, on a channel."""

    channel: Channel
    purpose: Annotated[str, Field(description="The purpose's short name.")] = ""
    category: Annotated[Category | None, Field(description="In place of the purpose.")] = None
    sender: Annotated[
        str | None, Field(description="From which number of the company's, with +; any of them.")
    ] = None
    reply: Annotated[Literal["yes", "no"], Field(description="Whether it answers what the person wrote.")] = (
        "no"
    )
    at: Annotated[str | None, Field(description="As of a moment of the past (RFC 3339); now.")] = None
    permit: Annotated[
        Literal["yes", "no"], Field(description="A signed permit with an allowed decision about one contact.")
    ] = "no"


class Question(Topic):
    """May a message be sent to somebody?"""

    contact: Phone


class Questions(Topic):
    """May it be sent to each of these?"""

    contacts: Annotated[list[Phone], Field(max_length=questions.MOST)]


class Decided(Schema):
    """Whether, and why; to be relied on until `valid_until`, a minute at most."""

    allow: bool
    reason: Reason
    words: Annotated[str, Field(description="The reason in English, for people.")]
    at: str
    valid_until: str
    record: Annotated[str | None, Field(description="The record it rests on.")]
    window_until: Annotated[
        str | None, Field(description="When WhatsApp's service window closes, where it is open.")
    ]
    log_size: Annotated[int | None, Field(description="How many entries the log had when it was asked.")]
    permit: Annotated[str | None, Field(description="Where it was asked for, and the decision allows.")] = (
        None
    )


class DecidedForEach(Schema):
    """One decision for each contact, in their order, all of one snapshot."""

    decisions: list[Decided]


def _bodies(*schemas: type[Schema]) -> dict[str, Any]:
    """The bodies a POST takes and answers with, as the document shows them."""
    shapes = [schema.model_json_schema(ref_template="#/components/schemas/{model}") for schema in schemas]
    for shape in shapes:
        shape.pop("$defs", None)
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": shapes}},
                decisions.NDJSON: {"schema": {"type": "string"}},
            },
        },
        "responses": {200: {"content": {decisions.NDJSON: {"schema": {"type": "string"}}}}},
    }


@router.get("/decisions", response=Decided, summary="May I send this to somebody?")
@v1.parameters(*questions.FIELDS)
def decide_one(
    request: HttpRequest,
    topic: Annotated[Topic, Query()],
    contact: Annotated[str, Header(alias="Optin-Contact")],
) -> HttpResponseBase:
    """One question. The number stands in the header, because addresses are logged everywhere."""
    return _respond(request)


@router.post(
    "/decisions",
    response=Decided | DecidedForEach,
    summary="May I send this to one, many, or a stream of people?",
    openapi_extra=_bodies(Question, Questions),
)
def decide(request: HttpRequest) -> HttpResponseBase:
    """Ask before every message. Whatever is not a clear yes is a no: an answer that does not come is one, too.

    With `contact` one decision is answered, with `contacts` one for each. As `application/x-ndjson` the first
    line is the topic, each further line a contact; a decision a line comes back, in constant memory.
    """
    return _respond(request)


@router.post(
    "/preflight",
    summary="Take an audience apart",
    openapi_extra={
        "requestBody": {"required": True, "content": {CSV: {"schema": {"type": "string"}}}},
        "responses": {
            200: {"description": "OK", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}
        },
    },
)
@v1.parameters("channel", "purpose", "at")
def take_apart(
    request: HttpRequest,
    channel: Annotated[Channel, Query()],
    purpose: Annotated[str, Query(pattern=r"^[-a-zA-Z0-9_]{1,40}$")],
    at: Annotated[
        str | None, Query(description="When it will be sent (RFC 3339), up to 31 days ahead; now.")
    ] = None,
) -> HttpResponse:
    """Send a CSV file, get a zip: `allowed.csv`, `denied.csv` with reasons, `unread.csv` (no number, or one seen
    before) and the counts in `summary.json`. Every row stands in exactly one of the three.

    What is judged is a message that leaves at the moment `at`: offers are denied to whom it is night then.
    """
    if request.content_type != CSV:
        raise BadInput("body.media_type", f"Send {CSV}.", status=415)
    too_large = BadInput("body.too_large", "Send the file in parts of at most 20 MB.", status=413)
    file = io.BytesIO(b"".join(bodies.pieces(request, most=preflight.LARGEST, too_large=too_large)))
    holder = v1.holder(request)
    into, now = io.BytesIO(), timezone.now()
    sending_at = moments.read_planned(at, pointer="at", now=now) if at is not None else None
    try:
        preflight.run(
            io.TextIOWrapper(file, encoding="utf-8", newline=""),
            into,
            company=Company.objects.get(pk=holder.company),
            channel=channel,
            purpose=purpose,
            at=now,
            sending_at=sending_at,
        )
    except UnicodeDecodeError as error:
        raise BadInput("file.encoding", "Send the file in UTF-8.") from error
    return HttpResponse(into.getvalue(), content_type=ZIP)


@router.get("/permit-keys", auth=None, summary="What permits are verified with", response=dict[str, Any])
@v1.parameters()
def permit_keys(request: HttpRequest) -> dict[str, Any]:
    """The public keys of permits, as a JWK set. Anybody may fetch them, and verify offline from then on."""
    return permits.public_keys()


def _respond(request: HttpRequest) -> HttpResponseBase:
    answer = decisions.answer(_call(request))
    headers = dict(answer.headers)
    if isinstance(answer, Stream):
        return StreamingHttpResponse(answer.parts, headers=headers)
    return HttpResponse(answer.body, status=answer.status, headers=headers)


def _call(request: HttpRequest) -> decisions.Call:
    return decisions.Call(
        method=request.method or "",
        query=request.META.get("QUERY_STRING", ""),
        authorization=request.headers.get("Authorization", ""),
        contact=request.headers.get("Optin-Contact", ""),
        media_type=request.META.get("CONTENT_TYPE", ""),
        encoding=request.headers.get("Content-Encoding", ""),
        length=bodies.length(request.headers.get("Content-Length", "")),
        read=request.read,
    )
