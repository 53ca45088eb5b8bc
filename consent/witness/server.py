"""The witness over HTTP, for a few logs and whoever watches them; HTTPS is for the proxy in front of it."""

import re
import socketserver
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from typing import Any

from consent.log import add_checkpoint
from consent.witness.cosigning import Reply, Witness

LONGEST_BODY = 64 * 1024
MOST_CONNECTIONS = 64
SILENCE = 10  # seconds that somebody may say nothing

_LATEST = re.compile(r"/([0-9a-f]{64})/checkpoint")


class Server(ThreadingHTTPServer):
    """Listens, and answers at most so many at once."""

    daemon_threads = True
    request_queue_size = 2 * MOST_CONNECTIONS

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        super().__init__(address, Handler)
        self.witness = witness
        self._places = BoundedSemaphore(MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)  # whoever it is asks again; those who are here are served

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()


class Handler(BaseHTTPRequestHandler):
    """Two addresses: where logs ask, and where everybody may look."""

    protocol_version = "HTTP/1.1"  # which keeps connections open, as tlog-witness wants
    server_version = "optin-witness"
    sys_version = ""
    timeout = SILENCE
    server: socketserver.BaseServer

    def do_POST(self) -> None:
        if self.path != f"/{add_checkpoint.ADDRESS}":
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > LONGEST_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._answer(self._witness.cosign(self.rfile.read(int(length))))

    def do_GET(self) -> None:
        latest = _LATEST.fullmatch(self.path)
        if latest is None:
            self._refuse(HTTPStatus.NOT_FOUND)
        else:
            self._answer(self._witness.latest(latest[1]))

    @property
    def _witness(self) -> Witness:
        assert isinstance(self.server, Server)
        return self.server.witness

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer without having read the body, after which nothing more can be read either."""
        self.close_connection = True
        self._answer(Reply(status, f"{status.phrase}\n"))

    def _answer(self, reply: Reply) -> None:
        body = reply.body.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
