"""The API for programs, version 1: who asks, how bodies are read, and how mistakes are answered."""

import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Annotated, Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override
from ninja import NinjaAPI, Schema, Swagger
from ninja.decorators import decorate_view
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.security import HttpBearer
from pydantic import BeforeValidator

from consent import http
from consent.api import answers, bodies, examples, keys, strict_json
from consent.api.problems import respond
from consent.errors import BadInput

DESCRIPTION = """\
Ask whether a message may be sent, hand in what people answered in an app, and read what is on record.

Send your key as `Authorization: Bearer optin_…`, never in an address. Every write needs an `Idempotency-Key`: the same
key with the same body gets the first answer, byte for byte. Errors are problem documents (RFC 9457) whose `code` never
changes its meaning, with a `pointer` to the field. No number ever stands in an address.
"""

# Swagger UI writes styles into the page; this page has nothing of anybody in it.
_DOCS_CSP: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}


_DIGITS = re.compile(r"[0-9]{1,19}")


class Body(Parser):
    """Reads a JSON body strictly: what another program could read differently is refused."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json":
            raise BadInput("body.media_type", "Send application/json.", status=415)
        bodies.refuse_packed(request.headers.get("Content-Encoding", ""))
        if len(request.body) < (bodies.length(request.headers.get("Content-Length", "")) or 0):
            raise bodies.cut_off()
        return strict_json.read_object(request.body)


class Key(HttpBearer):
    """A key of a company, with a scope."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> keys.Holder:
        keys.refuse_in_address(request.META.get("QUERY_STRING", ""))
        return keys.holder(request.headers.get("Authorization", ""), scope=self.scope)

    def authenticate(self, request: HttpRequest, token: str) -> keys.Holder:
        raise AssertionError("the whole header is read at once")


def holder(request: HttpRequest) -> keys.Holder:
    """Whose key opened a door that asks for one."""
    found: keys.Holder = request.auth  # type: ignore[attr-defined]  # set by ninja
    return found


def parameters(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Refuse every query parameter but these, before anything else: a misspelt one would ask something else."""

    def decorate(run: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(run)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                keys.refuse_in_address(request.META.get("QUERY_STRING", ""))
                _refuse_others(request, names)
            except BadInput as error:
                return respond(error)
            return run(request, *args, **kwargs)

        return checked

    return decorate_view(decorate)


def _digits_alone(text: object) -> object:
    if isinstance(text, str) and not _DIGITS.fullmatch(text):  # Python's int takes 1_0, too
        raise ValueError("Send digits alone.")
    return text


# A number in an address.
type Count = Annotated[int, BeforeValidator(_digits_alone)]


def _refuse_others(request: HttpRequest, names: tuple[str, ...]) -> None:
    for name, values in request.GET.lists():
        if name not in names:
            raise BadInput("parameter.unknown", "There is no such parameter here.", status=400)
        if len(values) > 1:
            raise BadInput("parameter.twice", "Send each parameter once.", status=400)


class Problem(Schema):
    """What was wrong (RFC 9457). `code` never changes its meaning; `pointer` names the field."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    pointer: str | None = None


# What any operation may answer instead.
_PROBLEMS = (400, 401, 403, 404, 405, 409, 410, 411, 413, 415, 422, 429, 503, 507)


class Api(NinjaAPI):
    """Ninja's API, whose document also says how mistakes are answered."""

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        document = super().get_openapi_schema(**kwargs)
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        examples.put_into(document["paths"])
        for operation in (one for path in document["paths"].values() for one in path.values()):
            for status in _PROBLEMS:
                shown = {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": examples.problem(status),
                }
                operation["responses"][status] = {
                    "description": HTTPStatus(status).phrase,
                    "content": {answers.PROBLEM: shown},
                }
        return document


api = Api(
    title="Optin",
    version="1",
    urls_namespace="api-v1",
    description=DESCRIPTION,
    parser=Body(),
    docs=Swagger(settings={"persistAuthorization": False, "tryItOutEnabled": True}),
    docs_decorator=csp_override(_DOCS_CSP),
)


@api.exception_handler(BadInput)
def _bad_input(_request: HttpRequest, error: BadInput) -> HttpResponse:
    return respond(error)


# By pydantic's own names. Every pattern of ours is about characters.
_CODES = {
    "missing": "field.required",
    "extra_forbidden": "field.unknown",
    "string_unicode": "field.bad_character",
    "string_pattern_mismatch": "field.bad_character",
}
# The same about the number, which is called the same wherever it stands.
_PHONE_CODES = {
    "field.invalid": "phone.type",
    "field.bad_character": "phone.bad_character",
    "string_too_long": "phone.not_possible",
}


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The first field that is wrong; the input itself is never repeated."""
    first = error.errors[0]
    source, *path = first["loc"]
    pointer = "/".join(answers.escaped(str(part)) for part in path if part not in ("payload", "[key]"))
    kind = str(first["type"])
    if source == "header":  # the only one that is asked for
        return respond(BadInput("idempotency.required", "Send an Idempotency-Key of your own.", status=400))
    if source == "body" and kind == "missing" and not pointer:  # ninja reads no body that is empty
        return respond(strict_json.no_json())
    code = _CODES.get(kind, "field.invalid")
    if pointer == "contact":
        code = _PHONE_CODES.get(kind) or _PHONE_CODES.get(code, code)
    is_meant = source == "body" or (source == "query" and kind != "missing")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_meant else HTTPStatus.BAD_REQUEST
    return respond(BadInput(code, str(first["msg"]), status=status, pointer=pointer))


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What our own parser said, which ninja wraps; else what ninja refused by itself."""
    if error.__cause__ is not None:
        return api.on_exception(request, error.__cause__)  # type: ignore[arg-type]
    return respond(BadInput("request.refused", str(error), status=error.status_code))


@api.exception_handler(Http404)
def _not_found(_request: HttpRequest, _error: Http404) -> HttpResponse:
    return respond(BadInput("not_found", "There is no such thing here.", status=404))


@api.exception_handler(RequestDataTooBig)
def _too_big(_request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
    return respond(BadInput("body.too_large", "The body is too large.", status=413))


@api.exception_handler(UnreadablePostError)
def _cut_off(_request: HttpRequest, _error: UnreadablePostError) -> HttpResponse:
    return respond(bodies.cut_off())


@api.exception_handler(http.NoRoom)
def _no_room(_request: HttpRequest, _error: Exception) -> HttpResponse:
    return respond(BadInput("storage.full", "The disk is full; nothing was recorded.", status=507))


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def _unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    if http.is_full(error):
        return _no_room(request, error)
    return respond(BadInput("unavailable", "Nothing was recorded; send it again.", status=503))
