"""The one place that opens a connection: to hosts named here, within time, without proxies or redirects."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter

TWILIO = "https://api.twilio.com"
TWILIO_ACCOUNTS = "https://accounts.twilio.com"
TWILIO_MESSAGING = "https://messaging.twilio.com"
META = "https://graph.facebook.com"

CONNECT_SECONDS = 3.05  # a little over three: the first retransmission of a lost SYN
READ_SECONDS = 10.0
WHOLE_SECONDS = 15.0
LARGEST_ANSWER = 256 * 1024

_NEVER_CONNECTED = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationParseError,
    ssl.SSLCertVerificationError,
)


class Failure(Exception):
    """No whole answer came. `perhaps_done`: the other side may have acted all the same."""

    def __init__(self, code: str, *, perhaps_done: bool) -> None:
        super().__init__(code)
        self.code = code
        self.perhaps_done = perhaps_done


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side answered."""

    status: int
    headers: Mapping[str, str]
    text: str


def post(
    url: str,
    fields: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Answer:
    """Send a form to one of the providers. Raises Failure."""
    return _ask("POST", url, _providers(), data=dict(fields), headers=headers, auth=auth)


def post_json(url: str, content: Mapping[str, Any], *, token: str) -> Answer:
    """Send a JSON object to one of the providers, with a bearer's token. Raises Failure."""
    return _ask("POST", url, _providers(), json=dict(content), headers={"Authorization": f"Bearer {token}"})


def get(
    url: str,
    parameters: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Answer:
    """Read something from one of the providers. Raises Failure."""
    return _ask("GET", url, _providers(), params=dict(parameters), headers=headers, auth=auth)


def post_bytes(url: str, body: bytes, *, headers: Mapping[str, str]) -> Answer:
    """Send bytes as they are to one of the providers. Raises Failure."""
    return _ask("POST", url, _providers(), data=body, headers=headers)


def post_to_witness(url: str, text: str) -> Answer:
    """Send a text to one of the witnesses of the log. Raises Failure."""
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return _ask("POST", url, _witnesses(), data=text.encode(), headers=headers)


def get_from_witness(url: str) -> Answer:
    """Read what one of the witnesses of the log shows. Raises Failure."""
    return _ask("GET", url, _witnesses())


def hang_up() -> None:
    """Close the connections that are kept; the next request opens one."""
    _session.close()


# Whom we speak to: never an address that somebody else chose.


def _providers() -> list[str]:
    sandbox = [settings.OPTIN_PUBLIC_URL] if settings.OPTIN_SANDBOX else []
    return [TWILIO, TWILIO_ACCOUNTS, TWILIO_MESSAGING, META, *sandbox]


def _witnesses() -> list[str]:
    return [witness.split()[-1].rstrip("/") for witness in settings.OPTIN_WITNESSES]


def _ask(method: str, url: str, allowed: list[str], **content: Any) -> Answer:
    origin = next((origin for origin in allowed if url.startswith(f"{origin}/")), None)
    if origin is None:
        raise Failure("egress.refused", perhaps_done=False)
    if method == "POST" and origin in _lost:
        _look(origin)
    deadline = time.monotonic() + WHOLE_SECONDS
    try:
        with _session.request(
            method,
            url,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
            **content,
        ) as response:
            return Answer(response.status_code, response.headers, _read(response, deadline))
    except requests.RequestException as error:
        _lost.add(origin)
        raise Failure(_code(error), perhaps_done=not _never_connected(error)) from None


# Where the connection was lost last time. What is sent into a broken line is perhaps done for ever, so before the
# next one somebody has to answer there; else a cut of a minute would leave every message of it in doubt.
_lost: set[str] = set()


def _look(origin: str) -> None:
    try:
        _session.head(f"{origin}/", timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False).close()
    except requests.RequestException as error:
        raise Failure(_code(error), perhaps_done=False) from None
    _lost.discard(origin)


def _new_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy, no .netrc: what we say goes to whom we name, or nowhere
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # one session, many accounts
    session.mount("https://", HTTPAdapter(pool_maxsize=16, max_retries=0))
    session.mount("http://", HTTPAdapter(pool_maxsize=16, max_retries=0))
    return session


_session = _new_session()


def _read(response: requests.Response, deadline: float) -> str:
    body = b""
    for chunk in response.iter_content(8192):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Failure("egress.answer_too_big", perhaps_done=True)
        if time.monotonic() > deadline:
            raise Failure("egress.timeout", perhaps_done=True)
    return body.decode("utf-8", "replace")


def _code(error: requests.RequestException) -> str:
    return "egress.timeout" if isinstance(error, requests.Timeout) else "egress.connection"


def _never_connected(error: BaseException | None) -> bool:
    """Whether no byte of the request can have left: looked for along the chain of causes."""
    while error is not None:
        reason = getattr(error, "reason", None)
        if isinstance(error, _NEVER_CONNECTED) or isinstance(reason, _NEVER_CONNECTED):
            return True
        error = error.__cause__ or error.__context__
    return False
