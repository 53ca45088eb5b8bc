"""A scanner that speaks clamd's protocol: it knows one test virus, and how large a file may be."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# In two halves, so that no scanner takes this file for infected (EICAR's standard test file).
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LARGEST = 1_000_000  # bytes; StreamMaxLength


class _Looking(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
            if len(content) > LARGEST:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        found = EICAR in content
        self.wfile.write(b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if found else b"stream: OK\0")


@contextmanager
def running() -> Iterator[tuple[str, int]]:
    """It listens on a port of this machine; where."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Looking) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        address: Any = server.server_address
        try:
            yield address
        finally:
            server.shutdown()
