"""Asking addresses that others chose: only outside of our own network, as looked up for this very connection.

No redirects, no proxies, an end to the answer's size, and an end to everything after WHOLE_SECONDS, whoever drips.
"""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from consent.providers import addresses
from consent.providers.egress import Answer, Failure

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
WHOLE_SECONDS = 15.0
LARGEST_ANSWER = 64 * 1024


class Inside(urllib3.exceptions.NewConnectionError):
    """A name leads into our own network now."""


def ask(
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    largest: int = LARGEST_ANSWER,
    is_status_enough: bool = False,
) -> Answer:
    """Ask an address that somebody else chose. Raises Failure, with the code `egress.inside` where it lies inside.

    Where `is_status_enough`, an answer that is too long, or does not come to its end, is cut off and counts.
    """
    watch = _Watch()
    with _session(watch) as session:
        try:
            with session.request(
                method, url, data=body, headers=dict(headers or {}), params=parameters, stream=True,
                timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False,
            ) as response:  # fmt: skip
                _refuse_late(watch)
                read = _begun if is_status_enough else _read
                answer = Answer(response.status_code, response.headers, read(response, largest))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise Failure(_code(error, watch), perhaps_done=True) from None
        finally:
            watch.end()
    if not is_status_enough:
        _refuse_late(watch)
    return answer


def _refuse_late(watch: "_Watch") -> None:
    # What was cut off in the middle of its headers, or of its body, looks like a short answer.
    if watch.is_over:
        raise Failure("egress.timeout", perhaps_done=True)


def _begun(response: requests.Response, largest: int) -> str:
    """As much of an answer as came, and no more than is read of any."""
    body = b""
    with suppress(requests.RequestException, urllib3.exceptions.HTTPError, OSError):
        for chunk in response.iter_content(8192):
            body += chunk
            if len(body) > largest:
                break
    return body[:largest].decode("utf-8", "replace")


def _read(response: requests.Response, largest: int) -> str:
    body = b""
    for chunk in response.iter_content(8192):
        body += chunk
        if len(body) > largest:
            raise Failure("egress.answer_too_big", perhaps_done=True)
    return body.decode("utf-8", "replace")


def _code(error: BaseException, watch: "_Watch") -> str:
    if watch.is_over or isinstance(error, requests.Timeout):
        return "egress.timeout"
    if isinstance(error, requests.exceptions.SSLError):
        return "egress.certificate"
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return "egress.refused"
    cause: Any = error
    while cause is not None:
        if isinstance(cause, Inside) or isinstance(getattr(cause, "reason", None), Inside):
            return "egress.inside"
        cause = cause.__cause__ or cause.__context__ or (cause.args[0] if _wraps(cause) else None)
    return "egress.connection"


def _wraps(error: BaseException) -> bool:
    return bool(error.args) and isinstance(error.args[0], BaseException)


class _Watch:
    """Cuts a request's connection off when its time is over, even while headers drip in or TLS is shaken out."""

    def __init__(self) -> None:
        self.is_over = False
        self._handle: socket.socket | None = None
        self._timer: threading.Timer | None = None

    def begin(self, connection: socket.socket) -> None:
        """Watch a connection from now on, through a handle of our own: TLS takes the other one away."""
        self._handle = connection.dup()
        self._timer = threading.Timer(WHOLE_SECONDS, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def _cut(self) -> None:
        self.is_over = True
        if self._handle is not None:
            with suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
        if self._handle is not None:
            self._handle.close()


def _connect(connection: HTTPConnection, watch: _Watch) -> socket.socket:
    """A connection to an address that was looked up now and lies outside; no second look-up comes after it."""
    host, port = connection._dns_host.rstrip("."), connection.port
    is_allowed = addresses.is_allowed_inside(host, port)
    if addresses.is_inside_name(host) and not is_allowed:
        raise Inside(connection, "leads into our own network")
    found = addresses.resolved(host, port)
    if not is_allowed and not all(map(addresses.is_outside, found)):
        raise Inside(connection, "leads into our own network")
    for address in found:
        with suppress(OSError):
            made = socket.create_connection((address, port), timeout=CONNECT_SECONDS)
            watch.begin(made)
            return made
    raise urllib3.exceptions.NewConnectionError(connection, "cannot be reached")


def _session(watch: _Watch) -> requests.Session:
    class Http(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, watch)

    class Https(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, watch)

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
            super().init_poolmanager(*arguments, **named)
            self.poolmanager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}

    session = requests.Session()
    session.trust_env = False  # no proxy and no .netrc: what we say goes where it was to go
    for scheme in ("https://", "http://"):
        session.mount(scheme, Adapter(max_retries=0))
    return session
