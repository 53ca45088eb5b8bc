"""Twilio: whether a webhook is theirs, how a message is handed to them, and how they are answered."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse

from consent.outgoing import Outgoing
from consent.providers import accounts, egress
from consent.providers.accounts import Account
from consent.providers.errors import Refused, SendError

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
# "Attempt to send to unsubscribed recipient": the person stopped at the carrier or at Twilio, unheard by us.
STOPPED = "21610"
# On WhatsApp: "blocked by user action": they blocked this sender or opted out.
STOPS = frozenset({STOPPED, "63014"})
SIGNED_BY = "signed_by"  # no parameter of Twilio's has such a name: see _NAME
MOST_PARAMETERS = 200  # a WhatsApp message with everything has about fifty

_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")  # base64 of the 20 bytes of an HMAC-SHA1
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")

# Refused for what they are, by their code: nothing about them changes by trying again.
_TRY_AGAIN = frozenset({401, 403, 408, 429, 503})  # wrong token (staff mend it), too early, too many, not now
_PERHAPS_DONE = frozenset({500, 502, 504})


def verified(request: HttpRequest, *, ours: str, is_call: bool = False) -> dict[str, str]:
    """The parameters of a request that Twilio signed for an account of ours; every name once. Raises Refused.

    Verified against the configured public address, never the Host header, and before anything is understood.
    `ours` names the parameter that holds our own number: where we know it, for calls or for messages, only its own
    tokens count, of which it has several while one is rotated. Where nobody has the number here, SIGNED_BY says which
    token signed. DatabaseError passes through.
    """
    signature = request.headers.get("X-Twilio-Signature", "")
    if not _SIGNATURE.fullmatch(signature):
        raise Refused("signature.shape")
    url = _address(request)
    body = _body(request)
    if request.content_type == FORM:
        parameters = _form(body)
        tokens = _tokens(parameters, ours=ours, is_call=is_call)
        if is_signed(url, parameters, signature=signature, tokens=tokens):
            return _noted(url, parameters, parameters, signature, tokens, ours=ours, is_call=is_call)
        raise Refused("signature.wrong", trimmed=_trimmed(url, parameters, signature, tokens))
    if request.content_type == JSON:
        # Twilio signs the address alone then, and the body only through the digest in it.
        if len(parse_qs(request.META["QUERY_STRING"]).get("bodySHA256", [])) != 1:
            raise Refused("body.no_digest")
        parameters = _json(body)
        tokens = _tokens(parameters, ours=ours, is_call=is_call)
        if is_signed(url, body, signature=signature, tokens=tokens):
            return _noted(url, body, parameters, signature, tokens, ours=ours, is_call=is_call)
        raise Refused("signature.wrong")
    raise Refused("body.type")


def is_signed(url: str, content: Mapping[str, str] | str, *, signature: str, tokens: tuple[str, ...]) -> bool:
    """Whether one of the tokens signed the address together with the form parameters, or with a JSON body.

    Takes the same time whichever token fits, and whether there is one or none.
    """
    url = url.replace("'", "%27")  # as the WHATWG URL standard writes it, and Twilio signs it
    fits = [
        RequestValidator(token).validate(url, content, signature)
        for token in tokens or (secrets.token_hex(16),)
    ]
    return any(fits)


def sign(url: str, parameters: Mapping[str, str], *, token: str) -> str:
    """The signature Twilio would send with a form."""
    return str(RequestValidator(token).compute_signature(url, dict(parameters)))


def reply(text: str = "") -> bytes:
    """The TwiML that has Twilio send `text` back, or nothing."""
    response = MessagingResponse()
    if text:
        response.message(text)
    return str(response).encode()


def send(account: Account, content: Outgoing, *, from_: str, to: str, status_callback: str) -> str:
    """Hand one message to Twilio; returns its MessageSid. Raises SendError.

    A template is one of Twilio's contents: its variables are the values, then the payloads of its buttons.
    """
    if content.template:
        variables = [*content.template.values, *(button.payload for button in content.buttons)]
        numbered = json.dumps({str(number): value for number, value in enumerate(variables, start=1)})
        what = {"content_sid": content.template.name, "content_variables": numbered}
    else:
        what = {"body": content.text}
    return create(
        account,
        lambda client: client.messages.create(from_=from_, to=to, status_callback=status_callback, **what),
    )


def create(account: Account, make: Callable[[Client], Any]) -> str:
    """Have Twilio make something in an account's name; returns its Sid. Raises SendError."""
    try:
        sid = make(_client(account)).sid
    except egress.Failure as failure:
        raise SendError(failure.code, uncertain=failure.perhaps_done) from None
    except TwilioException as error:
        raise _send_error(error) from None
    except (ValueError, TypeError, AttributeError, KeyError):  # no sense in it, although it was no error
        sid = None
    if not isinstance(sid, str):
        raise SendError("answer.unreadable", uncertain=True)
    return sid


def look(account: Account, ask: Callable[[Client], Any]) -> Any:
    """What Twilio answers to what may be asked twice, such as a question about an account. Raises SendError."""
    try:
        return ask(_client(account))
    except egress.Failure as failure:
        raise SendError(failure.code) from None
    except TwilioException as error:
        raise _send_error(error) from None
    except (ValueError, TypeError, AttributeError, KeyError):
        raise SendError("answer.unreadable") from None


def _noted(
    url: str, content: Mapping[str, str] | str, parameters: dict[str, str], signature: str, tokens: tuple[str, ...], *,
    ours: str, is_call: bool,
) -> dict[str, str]:  # fmt: skip
    """The parameters; for a number nobody has here with the mark of the token that signed: see providers.belongs."""
    account = parameters.get("AccountSid", "")
    if accounts.is_known(account, number=parameters.get(ours, ""), is_call=is_call):
        return parameters
    by = next(token for token in tokens if is_signed(url, content, signature=signature, tokens=(token,)))
    return {**parameters, SIGNED_BY: accounts.mark(by)}


def _tokens(parameters: Mapping[str, str], *, ours: str, is_call: bool) -> tuple[str, ...]:
    return accounts.tokens(parameters.get("AccountSid", ""), number=parameters.get(ours, ""), is_call=is_call)


def _address(request: HttpRequest) -> str:
    """The address as Twilio called it: ours as configured, whatever the request or a proxy says about it."""
    query = request.META.get("QUERY_STRING", "")
    return f"{settings.OPTIN_PUBLIC_URL}{request.path}{'?' if query else ''}{query}"


def _body(request: HttpRequest) -> str:
    try:
        return request.body.decode("utf-8")
    except RequestDataTooBig as error:
        raise Refused("body.too_big") from error
    except UnreadablePostError as error:
        raise Refused("body.unreadable") from error
    except UnicodeDecodeError as error:
        raise Refused("body.encoding") from error


def _form(body: str) -> dict[str, str]:
    """The parameters of a form whose shape leaves no doubt about what was signed.

    Names and values are signed run together, sorted and without doubles, so `Body=A&Body=A` signs like
    `Body=A`, and `a=bc` like `ab=c`: a name twice is refused, and so is a name Twilio would never use.
    """
    try:
        pairs = parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise Refused("body.encoding") from error
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise Refused("body.duplicate")
    if not all(_NAME.fullmatch(name) for name in parameters):
        raise Refused("body.names")
    return parameters


def _json(body: str) -> dict[str, str]:
    """The members of a JSON object; what is not text stays as JSON."""
    try:
        value = json.loads(body)
        if not isinstance(value, dict):
            raise Refused("body.not_object")
        parameters = {
            name: member if isinstance(member, str) else json.dumps(member) for name, member in value.items()
        }
        json.dumps(parameters, ensure_ascii=False).encode()  # no lone surrogates
    except (ValueError, RecursionError) as error:
        raise Refused("body.json") from error
    return parameters


def _trimmed(
    url: str, parameters: Mapping[str, str], signature: str, tokens: tuple[str, ...]
) -> Mapping[str, str] | None:
    """The parameters as they were before a proxy trimmed the text; None when that is not what happened."""
    for before, after in (("", " "), (" ", "")):
        whole = {**parameters, "Body": before + parameters.get("Body", "") + after}
        if is_signed(url, whole, signature=signature, tokens=tokens):
            return whole
    return None


class _HttpClient(HttpClient):  # type: ignore[misc]
    """Carries the requests of Twilio's library through our own egress. Writes nothing to the log."""

    def __init__(self, api: str) -> None:
        self.api = api

    def request(
        self, method: str, url: str, *, data: Any = None, headers: Any = None, auth: Any = None,
        params: Any = None, **_other: Any,
    ) -> Response:  # fmt: skip
        assert method in {"GET", "POST"}, "we only ever create things, and look at them"
        address = self._address(url)
        if method == "GET":
            answer = egress.get(address, params or {}, headers=headers, auth=auth)
        else:
            answer = egress.post(address, data, headers=headers, auth=auth)
        return Response(answer.status, answer.text, answer.headers)

    def _address(self, url: str) -> str:
        """Where an address of Twilio's is for this account: parts of its API have hosts of their own there."""
        if url.startswith(f"{egress.TWILIO_ACCOUNTS}/"):  # its list of consents
            home = egress.TWILIO_ACCOUNTS if self.api == egress.TWILIO else self.api
            return home + url.removeprefix(egress.TWILIO_ACCOUNTS)
        if url.startswith(f"{egress.TWILIO_MESSAGING}/"):  # its WhatsApp senders
            home = egress.TWILIO_MESSAGING if self.api == egress.TWILIO else f"{self.api}/messaging"
            return home + url.removeprefix(egress.TWILIO_MESSAGING)
        return self.api + url.removeprefix(egress.TWILIO)


@lru_cache(maxsize=64)
def _client(account: Account) -> Client:
    # The library falls back to os.environ where it is given no environment of its own; an edge named there
    # would change whom we speak to.
    return Client(
        account.sid,
        account.tokens[0],
        http_client=_HttpClient(account.api),
        environment={"TWILIO_EDGE": ""},
    )


def _send_error(error: TwilioException) -> SendError:
    status = int(getattr(error, "status", 0))
    code = str(getattr(error, "code", None) or status)
    return SendError(
        code,
        permanent=status not in _TRY_AGAIN | _PERHAPS_DONE and 400 <= status < 500,
        uncertain=status in _PERHAPS_DONE,
        stopped=code in STOPS,
        needs_staff=status in (401, 403),
    )
