"""Bodies that broke off: the web server takes a request and an answer that did for whole ones, and nobody else may."""

import io
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

log = logging.getLogger(__name__)


class Whole:
    """A WSGI application whose requests arrive as long as they said they are, or fail when they are read."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or ""
        if length.isascii() and length.isdigit():
            body = io.BufferedReader(_Body(environ["wsgi.input"], int(length)))
            environ["wsgi.input"] = cast(InputStream, body)
        return self._application(environ, start_response)


class _Body(io.RawIOBase):
    """What still has to come of a body. Raises OSError, which Django expects, where the sender went away.

    Read in pieces alone: granian's own `readline` loses everything after the first line.
    """

    def __init__(self, source: InputStream, length: int) -> None:
        super().__init__()
        self._source, self._missing = source, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._source.read(min(len(buffer), self._missing))
        if not piece and self._missing:
            raise OSError("The body ended before its Content-Length.")
        buffer[: len(piece)] = piece
        self._missing -= len(piece)
        return len(piece)


class SaidToTheEnd:
    """A middleware: where an answer fails while it is read, its last line says so. Without a length it would end
    like any other, and half an export be taken for all of it. Half a Parquet file opens nowhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self.get_response(request)
        if isinstance(response, StreamingHttpResponse) and "Content-Length" not in response.headers:
            parts = cast(Iterator[bytes], response.streaming_content)
            response.streaming_content = _said(parts, _failure(response.headers["Content-Type"]))
        return response


def _said(parts: Iterable[bytes], failure: bytes) -> Iterator[bytes]:
    try:
        yield from parts
    except Exception:
        log.exception("An answer failed while it was read; its last line says so.")
        yield failure


def _failure(media_type: str) -> bytes:
    words = gettext("This is not whole: it failed here. Please take it out again.")
    match media_type.partition(";")[0]:
        case "text/csv":
            return f'"{words}"\r\n'.encode()
        case "application/x-ndjson":
            return json.dumps({"code": "failed", "detail": words}).encode() + b"\n"
    return b""
