"""Whatever goes wrong at an address of the API is said as a problem document, also what Django says by itself."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from consent.api import answers, bodies
from consent.errors import BadInput

UNDER = "/api/"
SAID = {
    HTTPStatus.NOT_FOUND: ("not_found", "There is no such thing here."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method.not_allowed", "Ask with one of the methods that Allow names."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("body.too_large", "This is too much for one request."),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("failed", "This failed. Send it again with the same Idempotency-Key."),
    HTTPStatus.SERVICE_UNAVAILABLE: ("unavailable", "Nothing was recorded; send it again."),
    HTTPStatus.INSUFFICIENT_STORAGE: ("storage.full", "The disk is full; nothing was recorded."),
}
REFUSED = ("request.refused", "This was refused; nothing was recorded.")
KEPT = ("Allow", "Retry-After")  # headers of the answer that is said anew


class Problems:
    """A middleware: a page for people is no answer to a program, and a body of no said length none to Django, which
    takes it for an empty one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(UNDER):
            return self.get_response(request)
        if "Transfer-Encoding" in request.headers:
            return respond(bodies.length_required())
        response = self.get_response(request)
        for name, value in answers.ALWAYS:
            response.headers.setdefault(name, value)
        if (
            response.status_code < HTTPStatus.BAD_REQUEST
            or response.headers["Content-Type"] == answers.PROBLEM
        ):
            return response
        status = HTTPStatus(response.status_code)
        code, words = SAID.get(status, REFUSED)
        said = respond(BadInput(code, words, status=status))
        for name in KEPT:
            if name in response.headers:
                said.headers[name] = response.headers[name]
        return said


def respond(error: BadInput) -> HttpResponse:
    """A problem as Django's answer."""
    answer = answers.problem(error)
    return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))
