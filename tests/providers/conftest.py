"""A Twilio on this machine that answers as it is told."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from consent.providers import accounts, meta_numbers

type Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Scripted:
    """A server, what it was asked, and how it answers."""

    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    behave: Behaviour | None = None
    connections: set[Any] = field(default_factory=set)

    def answers(self, status: int, body: str = "", **headers: str) -> None:
        """Answer everything like this from now on."""

        def behave(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in ({"Content-Length": str(len(body.encode()))} | headers).items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body.encode())

        self.behave = behave

    def hangs_up(self) -> None:
        """Take the request and close the connection without a word."""

        def behave(handler: BaseHTTPRequestHandler) -> None:
            handler.connection.shutdown(socket.SHUT_RDWR)

        self.behave = behave

    def falls_silent(self, seconds: float) -> None:
        """Take the request and say nothing for a while."""
        self.behave = lambda _handler: time.sleep(seconds)


@pytest.fixture
def scripted(settings: Any) -> Iterator[Scripted]:
    """A server that stands where the sandbox's API would be."""
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # cut off in the middle: nobody acts on half a request
                self.close_connection = True
                return
            script.connections.add(self.client_address)
            script.seen.append({"path": self.path, "headers": dict(self.headers), "body": body.decode()})
            if script.behave:
                script.behave(self)

        do_GET = do_POST

        def log_message(self, *_args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_args: Any) -> None:
            pass  # the client hung up, as some tests want

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    script.url = settings.OPTIN_PUBLIC_URL = f"http://127.0.0.1:{server.server_port}"
    yield script
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _read_the_accounts_anew() -> None:
    accounts.forget()
    meta_numbers.forget()
