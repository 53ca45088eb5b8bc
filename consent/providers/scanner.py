"""A virus scanner of the operator, where one is set: what it finds something in is refused, and so is its silence.

It speaks clamd's protocol (INSTREAM), over TCP or a socket in the file system.
"""

import socket
import struct
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from consent.errors import BadInput

CONNECT_SECONDS = 3.0
SECONDS = 60.0  # for any one step
CHUNK = 64 * 1024  # bytes
LONGEST_ANSWER = 4096

MALWARE, SILENT = "file.malware", "scanner.silent"
_MALWARE = _("The virus scanner found something in this file. Do not open it; ask whoever it came from.")
_SILENT = _(
    "The virus scanner does not answer or does not take this file, so it was not taken. Try again when it runs"
    " (OPTIN_SCANNER), and allow it files as large as this one (StreamMaxLength of clamd)."
)


def is_set() -> bool:
    """Whether there is a scanner at all."""
    return settings.OPTIN_SCANNER is not None


def check(content: Iterable[bytes], *, pointer: str = "") -> None:
    """Have bytes looked at. Raises BadInput: file.malware, or scanner.silent where nobody knows that they are clean."""
    if not is_set():
        return
    try:
        with closing(_connected()) as line:
            answer = _asked(line, content)
    except OSError as error:
        raise BadInput(SILENT, _SILENT, status=503, pointer=pointer) from error
    if answer.endswith(b" FOUND"):
        raise BadInput(MALWARE, _MALWARE, pointer=pointer)
    if answer != b"stream: OK":
        raise BadInput(SILENT, _SILENT, status=503, pointer=pointer)


def _connected() -> socket.socket:
    place: Any = settings.OPTIN_SCANNER
    if isinstance(place, str):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(CONNECT_SECONDS)
        try:
            line.connect(place)
        except OSError:
            line.close()
            raise
    else:
        line = socket.create_connection(place, CONNECT_SECONDS)
    line.settimeout(SECONDS)
    return line


def _asked(line: socket.socket, content: Iterable[bytes]) -> bytes:
    line.sendall(b"zINSTREAM\0")
    try:
        for part in content:
            for start in range(0, len(part), CHUNK):
                piece = part[start : start + CHUNK]
                line.sendall(struct.pack("!I", len(piece)) + piece)
        line.sendall(struct.pack("!I", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has said what it thinks of the file before its end
    answer = b""
    while not answer.endswith(b"\0"):
        got = line.recv(LONGEST_ANSWER)
        if not got or len(answer) > LONGEST_ANSWER:
            raise ConnectionAbortedError
        answer += got
    return answer.rstrip(b"\0")
