"""Receivers of webhooks that listen here: good ones, and ones that refuse, hang, redirect or pour."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.utils import timezone

from consent.models import Subscription
from consent.relay import doors, signing, working
from consent.relay.doors import Door
from consent.sample import Sample

type Answer = Callable[[BaseHTTPRequestHandler], None]


class Receiver:
    """What came, in order, and what is answered next."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.asked: list[str] = []
        self.answer: Answer = status(204)
        self.url = ""


def status(code: int, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def pours(request: BaseHTTPRequestHandler) -> None:
    """An answer without an end."""
    request.send_response(200)
    request.end_headers()
    try:
        while True:
            request.wfile.write(b"x" * 8192)
    except OSError:
        pass


def drips(request: BaseHTTPRequestHandler) -> None:
    """Headers, a byte at a time, for ever."""
    try:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            request.wfile.write(b"a")
            request.wfile.flush()
            time.sleep(0.02)
    except OSError:
        pass


def never_ends_its_headers(request: BaseHTTPRequestHandler) -> None:
    """One header after the other, as fast as they go."""
    try:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            request.wfile.write(b"X-More: " + b"a" * 1000 + b"\r\n")
    except OSError:
        pass


def only_hints(request: BaseHTTPRequestHandler) -> None:
    """An answer that is still to come, and does not."""
    request.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    request.close_connection = True


def drips_its_body(request: BaseHTTPRequestHandler) -> None:
    """A body, a byte at a time, for ever."""
    request.send_response(200)
    request.end_headers()
    try:
        while True:
            request.wfile.write(b"a")
            request.wfile.flush()
            time.sleep(0.02)
    except OSError:
        pass


@contextmanager
def listening(port: int = 0) -> Iterator[Receiver]:
    """A receiver at an address of this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            receiver.got.append((dict(self.headers.items()), body))
            receiver.asked.append(f"{self.command} {self.path}")
            receiver.answer(self)

        do_GET = do_DELETE = do_POST

        def log_message(self, *_arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def subscribed(aurora: Sample, url: str, **values: Any) -> Subscription:
    """A subscriber of the company, told from the first entry on."""
    made = Subscription(company=aurora.company, name="CRM", due_at=timezone.now(), **values)
    doors.close(made, Door(url, signing.new_secret()))
    made.save()
    return made


def told(subscription: Subscription) -> Subscription:
    """The subscriber after it was told once, as far as it let us."""
    working.run(subscription.pk)
    subscription.refresh_from_db()
    return subscription


def due_now(subscription: Subscription) -> None:
    """As if the time to wait were over."""
    Subscription.objects.filter(pk=subscription.pk).update(due_at=timezone.now())
