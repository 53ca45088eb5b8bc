"""A witness that answers as it is told, and not as it should."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Scripted:
    """What it was asked, and what it says to whoever asks (`says`) and whoever looks (`shows`)."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.says: list[tuple[int, str]] = []
        self.shows: tuple[int, str] = (404, "")
        self.address = ""

    def answer(self, body: str) -> tuple[int, str]:
        self.asked.append(body)
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]


@contextmanager
def listening() -> Iterator[Scripted]:
    """Run it."""
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._write(*script.answer(self.rfile.read(int(self.headers["Content-Length"])).decode()))

        def do_GET(self) -> None:
            self._write(*script.shows)

        def _write(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        script.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
