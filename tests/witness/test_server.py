"""A witness as a log meets it: a program of its own, over HTTP, killed at the worst moments."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from consent.log import checkpoint
from consent.witness import __main__ as command
from consent.witness import folder, server
from tests.witness.growing import ORIGIN, Log

ROOT = Path(__file__).resolve().parents[2]
LOG = Log()
LATEST = f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
PATIENCE = 60


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of a witness that witnesses Ana's log."""
    place = tmp_path / "witness"
    assert command.main(["init", "--data", str(place), "--name", "witness.example"]) == 0
    with (place / folder.LOGS).open("a") as file:
        file.write(f"{LOG.vkeys[0]}\n")
    return place


@pytest.fixture
def running(data: Path) -> Iterator[server.Server]:
    """The witness, listening in this process."""
    with server.Server(("127.0.0.1", 0), folder.read(data, clock=time.time)) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@contextlib.contextmanager
def connected(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        yield connection


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
    with connected(port) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def add(port: int, log: Log, old: int) -> tuple[int, str]:
    return ask(port, "POST", "/add-checkpoint", log.request(old))


# --- over HTTP


def test_a_log_asks_and_everybody_looks(running: server.Server, data: Path) -> None:
    log = LOG.grown(5)

    status, line = add(running.server_port, log, 0)

    assert status == 200
    witness = folder.read_key(data).verifier
    assert checkpoint.verify(log.note + line, log=LOG.vkeys[0], witnesses=[witness]).cosignatures
    assert ask(running.server_port, "GET", LATEST) == (200, log.note + line)


def test_one_connection_serves_many_requests(running: server.Server) -> None:
    with connected(running.server_port) as connection:
        statuses = []
        for old, size in ((0, 3), (0, 5), (3, 5), (5, 8)):
            connection.request("POST", "/add-checkpoint", LOG.grown(size).request(old))
            answer = connection.getresponse()
            statuses.append((answer.status, answer.headers["Content-Type"]))
            answer.read()

    text = "text/plain; charset=utf-8"
    assert statuses == [(200, text), (409, "text/x.tlog.size"), (200, text), (200, text)]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/", None, {}, 404),
        ("GET", "/add-checkpoint", None, {}, 404),
        ("GET", LATEST, None, {}, 404),
        ("GET", LATEST.upper(), None, {}, 404),
        ("GET", f"/x{LATEST}", None, {}, 404),
        ("POST", "/", b"old 0\n", {}, 404),
        ("POST", LATEST, b"old 0\n", {}, 404),
        ("POST", "/add-checkpoint", b"old 0\n", {}, 400),
        ("POST", "/add-checkpoint", b"x" * (server.LONGEST_BODY + 1), {}, 413),
        ("POST", "/add-checkpoint", b"old 0\n", {"Content-Length": "-1"}, 411),
        ("POST", "/add-checkpoint", b"old 0\n", {"Content-Length": "٣"}, 411),
        ("POST", "/add-checkpoint", b"0\r\n\r\n", {"Transfer-Encoding": "chunked"}, 411),
        ("PUT", "/add-checkpoint", b"old 0\n", {}, 501),
    ],
)
def test_what_it_has_no_answer_to_has_a_code(
    running: server.Server,
    method: str,
    path: str,
    body: bytes | None,
    headers: dict[str, str],
    status: int,
) -> None:
    with connected(running.server_port) as connection:
        connection.putrequest(method, path)
        given = {"Content-Length": str(len(body or b""))} | headers
        for name, value in given.items():
            if name != "Content-Length" or "Transfer-Encoding" not in given:
                connection.putheader(name, value.encode())
        connection.endheaders()
        with contextlib.suppress(OSError):  # it may have answered and hung up before we were through
            connection.send(body or b"")
        assert connection.getresponse().status == status


def test_whoever_says_nothing_loses_the_line(running: server.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.Handler, "timeout", 0.2)
    with socket.create_connection(("127.0.0.1", running.server_port), timeout=PATIENCE) as silent:
        silent.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 100\r\n\r\nold")
        assert silent.recv(100) == b""


def test_a_crowd_is_turned_away_and_the_next_one_is_served(running: server.Server) -> None:
    with contextlib.ExitStack() as crowd:
        for _number in range(server.MOST_CONNECTIONS):
            crowd.enter_context(socket.create_connection(("127.0.0.1", running.server_port)))
        late = crowd.enter_context(
            socket.create_connection(("127.0.0.1", running.server_port), timeout=PATIENCE)
        )
        assert late.recv(1) == b""
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            assert add(running.server_port, LOG.grown(3), 0)[0] == 200
            break
        assert time.monotonic() < deadline


# --- as a program


def start(data: Path, *, port: int = 0) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "consent.witness", "serve", "--data", str(data), "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    _vkey, said = process.stdout.readline(), process.stdout.readline()
    assert ORIGIN in said
    return process, int(said.rpartition(":")[2])


def test_it_runs_by_itself_and_ends_when_told(data: Path) -> None:
    process, port = start(data)
    with process:
        assert add(port, LOG.grown(5), 0)[0] == 200
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_it_needs_no_django(tmp_path: Path) -> None:
    """A partner has Python and `cryptography`, and nothing else of ours."""
    (tmp_path / "django.py").write_text("raise ImportError('there is no Django here')\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "consent.witness",
            "init",
            "--data",
            str(tmp_path / "w"),
            "--name",
            "w.example",
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "w.example+" in done.stdout


def test_a_folder_that_cannot_be_used_is_an_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["serve", "--data", str(tmp_path)]) == 1
    assert "init" in capsys.readouterr().err


@pytest.mark.slow
def test_killed_at_any_moment_it_never_goes_back(data: Path) -> None:
    """Whatever was answered is remembered, and the log goes on from there."""
    leaves = tuple(b"entry %d" % number for number in range(400))
    log = replace(LOG, leaves=leaves)
    known, granted = 0, 0
    for round_ in range(6):
        process, port = start(data)
        with process:
            threading.Timer(0.15 + round_ * 0.05, process.send_signal, [signal.SIGKILL]).start()
            with contextlib.suppress(OSError, http.client.HTTPException), connected(port) as connection:
                while known < len(leaves):
                    connection.request("POST", "/add-checkpoint", log.grown(known + 1).request(known))
                    answer = connection.getresponse()
                    body = answer.read().decode()
                    if answer.status == 409:
                        assert int(body) >= granted, "it forgot what it had cosigned"
                        known = int(body)
                    else:
                        assert answer.status == 200, body
                        known = granted = known + 1
            process.wait(PATIENCE)
    assert granted > 0
    witness = folder.read(data, clock=time.time)
    size = int(witness.latest(LATEST[1:65]).body.split("\n")[1])
    assert size >= granted
    # A rewritten log is refused by what came out of all that.
    assert witness.cosign(log.rewritten(0).grown(size + 1).request(size)).status == 422


def test_killed_between_the_check_and_keeping_it_kept_nothing_and_signed_nothing(data: Path) -> None:
    """The clock is read between the two: here it is the hand that kills."""
    assert folder.read(data, clock=time.time).cosign(LOG.grown(5).request(0)).status == 200
    child = (
        "import os, signal, sys; from pathlib import Path; from consent.witness import folder;"
        "witness = folder.read(Path(sys.argv[1]), clock=lambda: os.kill(os.getpid(), signal.SIGKILL));"
        "print(witness.cosign(sys.stdin.buffer.read()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", child, str(data)], cwd=ROOT, input=LOG.grown(8).request(5), capture_output=True
    )

    assert done.returncode == -signal.SIGKILL
    assert done.stdout == b""
    witness = folder.read(data, clock=time.time)
    assert witness.latest(LATEST[1:65]).body.split("\n")[1] == "5"
    assert witness.cosign(LOG.grown(8).request(5)).status == 200


def test_two_processes_of_one_folder_decide_one_after_the_other(data: Path) -> None:
    both = [start(data) for _ in range(2)]
    with both[0][0] as one, both[1][0] as other:
        answers: list[tuple[int, str]] = []
        threads = [
            threading.Thread(
                target=lambda port=port, size=size: answers.append(add(port, LOG.grown(size), 0))
            )
            for (_process, port), size in zip(both, (5, 8), strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one.terminate()
        other.terminate()

    assert sorted(status for status, _body in answers) == [200, 409]
