"""The operator's virus scanner: what it finds something in is refused, and so is whatever it says nothing of."""

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from consent.errors import BadInput
from consent.providers import scanner
from optin_site import env
from tests import clamd
from tests.clamd import EICAR


@pytest.fixture
def clamav(settings: Any) -> Iterator[None]:
    with clamd.running() as place:
        settings.OPTIN_SCANNER = place
        yield


def said(content: bytes) -> str:
    """The code that bytes are refused with; "" where they are taken."""
    try:
        scanner.check([content[:7], content[7:]])
    except BadInput as problem:
        return problem.code
    return ""


def test_without_a_scanner_everything_is_taken(settings: Any) -> None:
    settings.OPTIN_SCANNER = None

    assert said(EICAR) == ""


def test_what_it_finds_something_in_is_refused(clamav: None) -> None:
    assert said(b"%PDF-1.7 " + EICAR) == "file.malware"
    assert said(b"%PDF-1.7 and nothing else") == ""


def test_what_it_does_not_take_is_refused(clamav: None) -> None:
    assert said(bytes(3 * clamd.LARGEST)) == "scanner.silent"


def answering(content: bytes) -> tuple[str, int]:
    """A listener that says something to the first who connects, without a look, and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        with listener, listener.accept()[0] as line:
            line.sendall(content)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    threading.Thread(target=talk, daemon=True).start()
    return listener.getsockname()


@pytest.mark.parametrize("content", [b"", b"stream: OK", b"stream: not OK\0", bytes(1), b"x" * 9000])
def test_what_answers_nonsense_denies(settings: Any, content: bytes) -> None:
    settings.OPTIN_SCANNER = answering(content)

    assert said(b"%PDF-1.7") == "scanner.silent"


def test_what_does_not_listen_or_does_not_answer_denies(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPTIN_SCANNER = str(tmp_path / "clamd.ctl")
    assert said(b"%PDF-1.7") == "scanner.silent"

    monkeypatch.setattr(scanner, "SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        settings.OPTIN_SCANNER = deaf.getsockname()
        assert said(b"%PDF-1.7") == "scanner.silent"


def test_where_it_listens_is_read_from_the_settings(tmp_path: Path) -> None:
    assert env.scanner("") is None
    assert env.scanner("unix:/run/clamav/clamd.ctl") == "/run/clamav/clamd.ctl"
    assert env.scanner("tcp://127.0.0.1:3310") == ("127.0.0.1", 3310)
    for place in ("clamd", "tcp://host", "http://host:3310", "tcp://host:x", "unix:run"):
        with pytest.raises(ImproperlyConfigured, match="OPTIN_SCANNER"):
            env.scanner(place)


def test_a_socket_in_the_file_system_is_spoken_to(settings: Any, tmp_path: Path) -> None:
    place = str(tmp_path / "c")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(place)
    listener.listen()
    settings.OPTIN_SCANNER = place

    def talk() -> None:
        with listener, listener.accept()[0] as line:
            while not line.recv(4096).endswith(bytes(4)):
                pass
            line.sendall(b"stream: OK\0")

    threading.Thread(target=talk, daemon=True).start()

    assert said(b"%PDF-1.7") == ""
