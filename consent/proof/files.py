"""Files that only the person shall have: they leave nothing behind on a shared computer."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent.vocabulary import django_code

PLAIN = "text/plain; charset=utf-8"
RETRY_AFTER = "3"  # seconds: by then the log has grown


def give(content: bytes, name: str, media_type: str) -> HttpResponse:
    """A file to keep."""
    disposition = f'attachment; filename="{name}"'
    return private(
        HttpResponse(content, content_type=media_type, headers={"Content-Disposition": disposition})
    )


def json_file(value: Mapping[str, Any]) -> bytes:
    """A JSON file that people can read as well."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def not_yet(language: str) -> HttpResponse:
    """The answer while a record waits for its place in the log."""
    with override(django_code(language)):
        text = _("This record is kept, but it has no place in the log yet. Try again in a few seconds.")
    response = HttpResponse(f"{text}\n", content_type=PLAIN, status=HTTPStatus.CONFLICT)
    response.headers["Retry-After"] = RETRY_AFTER
    return private(response)


def private(response: HttpResponse) -> HttpResponse:
    """The same answer, which no browser keeps, and whose address nobody else is told."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
