"""Plumbing of requests: whose address it is, and errors that say what to do."""

import errno
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import parse_header_parameters
from django.utils.module_loading import import_string

from consent.vault import SealBroken

log = logging.getLogger(__name__)

TOO_BIG = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
DISK_FULL = "53100"  # PostgreSQL's disk_full
RETRY_AFTER = "5"  # seconds
STAFF = "/admin/"  # where the pages of staff begin
HOP = "Optin-Hop"  # the header in which a delivery names the installation it is from
LONGEST_HEADER = 200  # characters kept of a header that a stranger wrote


def client_address(request: HttpRequest) -> str:
    """The address a request came from: what our own proxies say (OPTIN_PROXY_HOPS, from the right), else the peer."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    hops = settings.OPTIN_PROXY_HOPS
    said = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if not hops or len(said) < hops:
        return peer
    try:
        return str(ip_address(said[-hops]))
    except ValueError:
        return peer


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """The part of an address that one household shares: all of IPv4, the /64 of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    return str(parsed) if parsed.version == 4 else ":".join(parsed.exploded.split(":")[:4])


def header(request: HttpRequest, name: str) -> str:
    """A header as evidence keeps it: printable, and not longer than anybody needs."""
    text = str(request.headers.get(name, ""))[:LONGEST_HEADER]
    return text if text.isprintable() else "".join(filter(str.isprintable, text))


def address(name: str, *given: str, token: str) -> str:
    """The path of a page whose address ends with a token. Asking Django for each token anew takes ten times as long."""
    return f"{_before_token(name, given)}{token}/"


@lru_cache(maxsize=1024)
def _before_token(name: str, given: tuple[str, ...]) -> str:
    return reverse(name, args=[*given, "-"]).removesuffix("-/")


class OneCharset:
    """A WSGI application that refuses what names another charset than UTF-8, before Django believes it.

    Django 6.1 breaks on "charset=base64" while it makes the request, where no handler of errors is yet.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if names_utf8_or_nothing(environ.get("CONTENT_TYPE", "")):
            return self._application(environ, start_response)
        body = b"Only UTF-8 is read here. Nothing was recorded.\n"
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("400 Bad Request", headers)
        return [body]


def names_utf8_or_nothing(content_type: str) -> bool:
    """Whether a Content-Type leaves it at UTF-8."""
    if ";" not in content_type:
        return True
    try:
        charset = parse_header_parameters(content_type)[1].get("charset", "")
    except (ValueError, LookupError):
        return False
    return charset.lower() in {"", "utf-8", "utf8"}


class NoRoom(BadRequest):
    """A file that comes in does not fit on the disk."""


class TemporaryUploads(TemporaryFileUploadHandler):
    """Django's temporary files, whose full disk is an answer and no failure of ours. Raises NoRoom."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        with room():
            return super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> Any:
        with room():  # what was buffered is written here
            return super().file_complete(file_size)


@contextmanager
def room() -> Iterator[None]:
    """Around what writes a file. Raises NoRoom where the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise NoRoom from error


def is_full(error: Exception) -> bool:
    """Whether an error of the database says that its disk is full."""
    cause = error.__cause__
    is_sqlite = (
        isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
    )
    return is_sqlite or getattr(cause, "sqlstate", "") == DISK_FULL


class NoLoops:
    """Refuses what we sent ourselves and somebody led back to us: each delivery names the installation it is from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_OPTIN_HOP") == settings.OPTIN_LOG_ORIGIN:
            return HttpResponse(status=HTTPStatus.LOOP_DETECTED)
        return self.get_response(request)


class DatabaseTrouble:
    """Answers 503 with Retry-After where the database refuses, so that nobody takes it for a yes or a no.

    Where its disk is full it is 507, because trying again soon does not help; where no database takes what was asked,
    such as a NUL in an address, it is 400, and so it is where a body broke off. What is sealed and does not open is
    503 too, and staff are told what to do.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DataError | UnreadablePostError):
            return bad_request(request, exception)
        if isinstance(exception, SealBroken):
            # Without the address, which may hold a token.
            log.error("Something sealed does not open.", exc_info=exception)
            is_staff = request.path_info.startswith(STAFF)
            return _not_now(request, "503_sealed.html" if is_staff else "503.html")
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        if is_full(exception):
            return render(request, "507.html", status=HTTPStatus.INSUFFICIENT_STORAGE)
        return _not_now(request, "503.html")


def _not_now(request: HttpRequest, template: str) -> HttpResponse:
    response = render(request, template, status=HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = RETRY_AFTER
    return response


class ForStaff:
    """Wraps the pages of staff, and no others, in OPTIN_STAFF_MIDDLEWARE."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = self._for_staff = get_response
        for name in reversed(settings.OPTIN_STAFF_MIDDLEWARE):
            self._for_staff = import_string(name)(self._for_staff)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_staff = request.path_info.startswith(STAFF)
        return self._for_staff(request) if is_staff else self._get_response(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for input that cannot be read at all (400), is too much (413), or finds no room (507)."""
    if isinstance(exception, NoRoom):
        return render(request, "507.html", status=HTTPStatus.INSUFFICIENT_STORAGE)
    if isinstance(exception, TOO_BIG):
        return render(request, "413.html", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return render(request, "400.html", status=HTTPStatus.BAD_REQUEST)
