"""A million contacts as a stream of questions: how many a second, and in how much memory of the web server."""

from bench import figures, house

house.begin()

import contextlib
import json
import os
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from bench import people
from consent import sample
from consent.api import decisions, keys

CONTACTS = 1_000_000
MEGABYTES = 250
LINES = 1_000  # in one chunk


def main() -> None:
    chosen = figures.arguments(__doc__ or "", records=200_000, contacts=CONTACTS)
    contacts = min(chosen.contacts, 100_000) if chosen.quick else chosen.contacts
    aurora = sample.seed()
    known = people.fill(os.environ["DATABASE_URL"], aurora, records=chosen.records)
    key = keys.issue(aurora.company, name="bench")
    with house.serving() as base:
        before = memory()
        begun = time.perf_counter()
        answers, allowed = stream(base, key, known, contacts)
        spent = time.perf_counter() - begun
        most = memory()
    assert answers == contacts, f"{answers} answers to {contacts} questions"
    assert allowed
    figures.report(
        [
            figures.Promise(
                f"a stream of {contacts:,} contacts, MB of the larger worker", most, f"{most:.0f} MB",
                f"{before:.0f} MB before; {contacts / spent:,.0f} contacts/s, {allowed:,} allowed", MEGABYTES, False,
            )
        ],
        command=f"python -m bench.stream --contacts {contacts}",
        machine=house.machine(),
    )  # fmt: skip


def stream(base: str, key: str, known: list[str], contacts: int) -> tuple[int, int]:
    """Send the questions while the answers come; returns how many came and how many allow."""
    address = urlsplit(base)
    with socket.create_connection((address.hostname, address.port), timeout=600) as connection:
        sender = threading.Thread(target=_send, args=(connection, key, known, contacts), daemon=True)
        sender.start()
        answers = allowed = 0
        rest = b""
        while piece := connection.recv(1 << 16):
            piece = rest + piece
            whole, _, rest = piece.rpartition(b"\n")
            answers += whole.count(b'"allow":')
            allowed += whole.count(b'"allow": true')
            if rest.endswith(b"0\r\n\r\n") or piece.endswith(b"\r\n0\r\n\r\n"):
                break
        sender.join()
    return answers, allowed


def _send(connection: socket.socket, key: str, known: list[str], contacts: int) -> None:
    head = (
        f"POST {decisions.PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {decisions.NDJSON}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    connection.sendall(head.encode())
    _chunk(connection, json.dumps({"channel": "sms", "purpose": "novidades"}).encode() + b"\n")
    for first in range(0, contacts, LINES):
        # Every other one is known, the others are strangers.
        lines = (
            known[number // 2 % len(known)] if number % 2 else f"+55219{70_000_000 + number:08d}"
            for number in range(first, min(first + LINES, contacts))
        )
        _chunk(connection, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    connection.sendall(b"0\r\n\r\n")


def _chunk(connection: socket.socket, content: bytes) -> None:
    connection.sendall(f"{len(content):x}\r\n".encode() + content + b"\r\n")


def memory() -> float:
    """The most memory that any process started from here ever held, in MB (Linux)."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            pid = int(entry.name)
            parents[pid] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    return max((_peak(pid) for pid in parents if _descends(pid, parents)), default=0.0)


def _descends(pid: int, parents: dict[int, int]) -> bool:
    while pid := parents.get(pid, 0):
        if pid == os.getpid():
            return True
    return False


def _peak(pid: int) -> float:
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
