"""The decision in the API's document, and for a server that runs without the front; `decisions` answers both."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from consent.api import decisions, v1
from consent.api.answers import Answer
from consent.decision import Reason
from consent.models import ApiKey
from consent.vocabulary import Channel

router = Router(auth=v1.Key(ApiKey.Scope.DECISIONS.value), tags=["Decision"])


class Question(Schema):
    """May a message be sent?"""

    contact: Annotated[str, Field(description="The phone number, with +.")]
    channel: Channel
    purpose: Annotated[str, Field(description="The purpose's short name.")]


class Decided(Schema):
    """Whether, and why; to be relied on until `valid_until`, a minute at most."""

    allow: bool
    reason: Reason
    at: str
    valid_until: str
    record: str | None


@router.post(
    "/decisions",
    response=Decided,
    summary="May I send this?",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": Question.model_json_schema()}},
        }
    },
)
def decide(request: HttpRequest) -> HttpResponse:
    """Ask before every message. Whatever is not a clear yes is a no: an answer that does not come is one, too."""
    return _respond(decisions.answer(_call(request)))


def _call(request: HttpRequest) -> decisions.Call:
    return decisions.Call(
        method=request.method or "",
        query=request.META.get("QUERY_STRING", ""),
        authorization=request.headers.get("Authorization", ""),
        media_type=request.META.get("CONTENT_TYPE", ""),
        encoding=request.headers.get("Content-Encoding", "").lower(),
        length=int(request.headers.get("Content-Length") or 0),
        read=request.read,
    )


def _respond(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))
