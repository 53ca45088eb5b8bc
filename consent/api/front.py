"""The short way in: a decision is answered before Django's handler, which would take most of its time."""

from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.db import DEFAULT_DB_ALIAS, connections

from consent import http
from consent.api import answers, bodies, decisions, problems
from consent.api.answers import Answer, Stream


class Front:
    """A WSGI application that answers decisions itself and passes everything else on."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        answer: Answer | Stream
        if path == decisions.PATH:
            answer = decisions.answer(_call(environ))
        elif path.startswith(problems.UNDER) and not http.names_utf8_or_nothing(
            environ.get("CONTENT_TYPE", "")
        ):
            answer = answers.problem(bodies.other_charset())
        else:
            return self._application(environ, start_response)
        start_response(answers.STATUS_LINES[answer.status], answer.headers)
        if isinstance(answer, Stream):
            return _then_close(answer.parts)
        _let_go()
        return answer.parts


def _then_close(parts: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from parts
    finally:
        _let_go()


def _let_go() -> None:
    """As Django does by a signal after its own requests: a broken connection must not meet the next one."""
    connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()


def _call(environ: WSGIEnvironment) -> decisions.Call:
    return decisions.Call(
        method=environ["REQUEST_METHOD"],
        query=environ.get("QUERY_STRING", ""),
        authorization=environ.get("HTTP_AUTHORIZATION", ""),
        media_type=environ.get("CONTENT_TYPE", ""),
        contact=environ.get("HTTP_OPTIN_CONTACT", ""),
        encoding=environ.get("HTTP_CONTENT_ENCODING", ""),
        length=bodies.length(environ.get("CONTENT_LENGTH") or ""),
        read=environ["wsgi.input"].read,
    )
