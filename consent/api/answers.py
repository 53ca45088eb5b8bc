"""What the API sends back: JSON, or a problem document with a stable code (RFC 9457)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

from django.utils import translation

from consent.errors import BadInput

Headers = tuple[tuple[str, str], ...]

# Answers are for the one who asked, now: nobody keeps a copy.
ALWAYS: Headers = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
ALONG: dict[int, Headers] = {
    HTTPStatus.UNAUTHORIZED: (("WWW-Authenticate", "Bearer"),),
    HTTPStatus.METHOD_NOT_ALLOWED: (("Allow", "GET, POST"),),
    HTTPStatus.TOO_MANY_REQUESTS: (("Retry-After", "60"),),
    HTTPStatus.SERVICE_UNAVAILABLE: (("Retry-After", "1"),),
}
JSON = "application/json"
PROBLEM = "application/problem+json"
STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Answer(NamedTuple):
    """A status, a media type and a body."""

    status: HTTPStatus
    media_type: str
    body: bytes

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [
            ("Content-Type", self.media_type),
            ("Content-Length", str(len(self.body))),
            *ALWAYS,
            *ALONG.get(self.status, ()),
        ]

    @property
    def parts(self) -> Iterable[bytes]:
        return [self.body]


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that is made while it is sent, of any length."""

    parts: Iterable[bytes]
    media_type: str = "application/x-ndjson"
    status: HTTPStatus = HTTPStatus.OK

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [("Content-Type", self.media_type), *ALWAYS]


def escaped(name: str) -> str:
    """A name in a pointer that is part of an address (RFC 6901 section 6)."""
    return quote(name.replace("~", "~0").replace("/", "~1"), safe="[]", errors="replace")


def found(value: Mapping[str, Any], *, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """A JSON answer."""
    return Answer(status, JSON, json.dumps(value).encode())


def problem(error: BadInput) -> Answer:
    """What was wrong, in English whatever the thread last spoke; `code` is what programs branch on."""
    status = HTTPStatus(error.status)
    with translation.override("en"):
        document = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "code": error.code,
            "detail": error.message,
        }
    if error.pointer:
        document["pointer"] = f"#/{error.pointer}"
    return Answer(status, PROBLEM, json.dumps(document).encode())
