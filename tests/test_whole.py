"""Bodies that broke off, as the web server hands them on: it says of none that it did."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse, UnreadablePostError
from django.test import RequestFactory

from consent.http import DatabaseTrouble
from consent.whole import SaidToTheEnd, Whole


class Granian(io.RawIOBase):
    """What granian reads from: an end that came too soon is an end like any other."""

    def __init__(self, sent: bytes) -> None:
        super().__init__()
        self.sent = io.BytesIO(sent)

    def read(self, size: int = -1) -> bytes:
        return self.sent.read(size)

    def readline(self, size: int | None = -1) -> bytes:
        return self.sent.read().split(b"\n")[0]  # and the rest is lost


def arrived(sent: bytes, length: str | None) -> Any:
    found: list[Any] = []

    def application(environ: Any, _start: Any) -> list[bytes]:
        found.append(environ["wsgi.input"])
        return []

    environ = {"wsgi.input": Granian(sent)} | ({} if length is None else {"CONTENT_LENGTH": length})
    Whole(application)(environ, lambda *_: lambda _data: None)
    return found[0]


def test_a_body_that_arrives_is_read_to_its_length_however_it_is_read() -> None:
    assert arrived(b"one\ntwo\nthree", "13").read() == b"one\ntwo\nthree"
    assert arrived(b"one\ntwo\nthree", "13").readlines() == [b"one\n", b"two\n", b"three"]
    large = b"x" * 300_000
    assert arrived(large, "300000").read(200_000) == large[:200_000]
    assert arrived(b"more than was said", "4").read() == b"more"
    assert arrived(b"", "0").read() == b""


def test_a_body_that_broke_off_cannot_be_read() -> None:
    with pytest.raises(OSError, match="before its Content-Length"):
        arrived(b"phone=1", "20").read()


@pytest.mark.parametrize("length", [None, "", "+1", "²"])
def test_a_body_without_a_length_is_left_as_it_is(length: str | None) -> None:
    assert isinstance(arrived(b"x", length), Granian)


@pytest.mark.django_db  # a request that begins and ends looks after the connections
def test_django_says_of_a_form_that_broke_off_that_it_cannot_be_read(settings: Any) -> None:
    read: list[Any] = []

    class Handler(WSGIHandler):
        def get_response(self, request: HttpRequest) -> HttpResponse:
            with pytest.raises(UnreadablePostError) as caught:
                _ = request.POST
            read.append(caught.value)
            refused = DatabaseTrouble(lambda _request: HttpResponse()).process_exception(
                request, caught.value
            )
            assert refused is not None
            return refused

    environ = RequestFactory().post("/", "phone=1", content_type="application/x-www-form-urlencoded").environ
    statuses: list[str] = []
    environ |= {"wsgi.input": Granian(b"phone=1"), "CONTENT_LENGTH": "20"}
    Whole(Handler())(environ, lambda status, _headers, _info=None: statuses.append(status))  # type: ignore[arg-type,return-value]
    assert statuses == ["400 Bad Request"]
    assert len(read) == 1


def half() -> Iterator[bytes]:
    yield b"a,b\r\n"
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("media_type", "last"),
    [
        ("text/csv; charset=utf-8", b'"This is not whole: it failed here. Please take it out again."\r\n'),
        (
            "application/x-ndjson",
            b'{"code": "failed", "detail": "This is not whole: it failed here. Please take it out again."}\n',
        ),
        ("application/vnd.apache.parquet", b""),
    ],
)
def test_an_answer_that_fails_while_it_is_read_says_so(media_type: str, last: bytes) -> None:
    answer: Any = SaidToTheEnd(lambda _request: StreamingHttpResponse(half(), content_type=media_type))(
        HttpRequest()
    )
    assert b"".join(answer.streaming_content) == b"a,b\r\n" + last


def test_an_answer_with_a_length_is_left_alone_because_that_is_missed() -> None:
    answer = StreamingHttpResponse(half(), headers={"Content-Length": "9", "Content-Type": "text/csv"})
    said: Any = SaidToTheEnd(lambda _request: answer)(HttpRequest())  # type: ignore[arg-type,return-value]
    with pytest.raises(ZeroDivisionError):
        b"".join(said.streaming_content)


@pytest.mark.django_db  # a request that begins and ends looks after the connections
def test_an_answer_that_is_whole_is_as_it_was() -> None:
    closed: list[bool] = []

    def parts() -> Iterator[bytes]:
        try:
            yield b"a\n"
            yield b"b\n"
        finally:
            closed.append(True)

    answer: Any = SaidToTheEnd(lambda _request: StreamingHttpResponse(parts(), content_type="text/csv"))(
        HttpRequest()
    )
    assert next(iter(answer.streaming_content)) == b"a\n"
    answer.close()
    assert closed == [True]
