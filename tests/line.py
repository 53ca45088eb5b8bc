"""A line between a browser and a server that can really be cut: nothing listens at its end then."""

import contextlib
import socket
import threading
from urllib.parse import urlsplit

from tests import ports


class Line:
    """Carries bytes from a port of its own to `server`, until it is cut, and again once it is mended."""

    def __init__(self, server: str) -> None:
        self._server = (urlsplit(server).hostname, urlsplit(server).port)
        self._port = ports.free()
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._serve()

    @property
    def url(self) -> str:
        return f"http://localhost:{self._port}"

    def cut(self) -> None:
        """From now on nobody gets through, and whoever was speaking is cut off."""
        # A thread that waits in accept() holds the port: this wakes it.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def mend(self) -> None:
        """The line carries again, at the same port."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._serve()

    def _serve(self) -> None:
        self._thread = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _address = listener.accept()
                there = socket.create_connection(self._server)
                with self._lock:
                    self._open |= {here, there}
                for source, target in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(65536):
                target.sendall(content)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open -= {source, target}
        source.close()
