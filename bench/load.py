"""Load over HTTP with wrk: a closed loop from the same machine, and what it did to the processors."""

import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("post.lua")
CONNECTIONS = 32
TICKS = os.sysconf("SC_CLK_TCK")


class LoadFailed(RuntimeError):
    """Answers were not what they should be, so their number means nothing."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: how many answers a second, how long they took, and the processor time of everything for each."""

    requests: int
    rate: float
    p50: float  # milliseconds
    p99: float
    cpu: float  # microseconds, of server, database and load generator together


@dataclass(frozen=True, slots=True)
class Post:
    """Requests to send, each once: the path they go to, their headers and bodies.

    Where `signed` names a header, each body begins with its own value of it and a tab.
    """

    path: str
    headers: dict[str, str]
    bodies: Sequence[bytes]
    signed: str = ""


def get(url: str, *, seconds: float, connections: int = CONNECTIONS) -> Ran:
    """Ask for one address again and again."""
    return _run(["-s", str(SCRIPT), url], {}, seconds=seconds, connections=connections)


def post(
    base: str, posts: Post, *, seconds: float, connections: int = CONNECTIONS, again: bool = False
) -> Ran:
    """Send the bodies in turn; running out of them is an error unless they may be sent `again`."""
    with tempfile.NamedTemporaryFile("wb", suffix=".txt") as file:
        lines = [posts.path.encode(), *(f"{name}: {value}".encode() for name, value in posts.headers.items())]
        file.write(b"\n".join([*lines, b"", *posts.bodies]) + b"\n")
        file.flush()
        told = {
            "BENCH_BODIES": file.name,
            "BENCH_AGAIN": "1" if again else "",
            "BENCH_SIGNED": posts.signed,
        }
        return _run(["-s", str(SCRIPT), base], told, seconds=seconds, connections=connections)


def _run(arguments: list[str], variables: dict[str, str], *, seconds: float, connections: int) -> Ran:
    command = [
        "wrk",
        "--timeout",
        "30s",
        "-t",
        "1",
        "-c",
        str(connections),
        "-d",
        f"{max(1, round(seconds))}s",
        *arguments,
    ]
    busy = our_seconds()
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    busy = our_seconds() - busy
    if done.returncode or "BENCH " not in done.stdout:
        raise LoadFailed(done.stdout + done.stderr)
    said = json.loads(done.stdout.rpartition("BENCH ")[2])
    if said["bad"] or said["lost"] or said["wrapped"]:
        raise LoadFailed(f"{said}")
    return Ran(
        requests=said["requests"],
        rate=said["requests"] / said["seconds"],
        p50=said["p50"] / 1000,
        p99=said["p99"] / 1000,
        cpu=1e6 * busy / max(1, said["requests"]),
    )


def busy_seconds() -> float:
    """Processor seconds this machine has spent on anything since it started."""
    user, nice, system, _idle, _wait, irq, soft, *_ = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    )
    return (user + nice + system + irq + soft) / TICKS


def our_seconds() -> float:
    """Processor seconds of this measure: of the program that began it and all it started, ended ones included."""
    time.sleep(0.1)  # what has just ended is counted with its parent in a moment
    parents: dict[int, int] = {}
    spent: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended while we looked
            fields = status.read_text().rpartition(")")[2].split()
            parents[int(status.parent.name)] = int(fields[1])
            spent[int(status.parent.name)] = sum(map(int, fields[11:15]))
    root = os.getppid() if os.environ.get("BENCH_SERVER") == "started" else os.getpid()
    return sum(ticks for process, ticks in spent.items() if _descends(process, root, parents)) / TICKS


def _descends(process: int, root: int, parents: dict[int, int]) -> bool:
    while process not in (root, 0):
        process = parents.get(process, 0)
    return process == root


def foreign_load(seconds: float = 0.5) -> float:
    """The share of the processors that somebody else uses right now, while we do nothing."""
    before = busy_seconds()
    time.sleep(seconds)
    return (busy_seconds() - before) / seconds / (os.cpu_count() or 1)
