"""A house to measure in: a durable PostgreSQL of its own, the product's tables, its web server and the peers'."""

import atexit
import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import django
import psycopg
from django.apps import apps

from optin_site import env

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = "optin_site.wsgi:application"
READY_SECONDS = 90
PORT = int(os.environ.get("BENCH_PORT", "8765"))


def begin(*, sqlite: bool = False) -> None:
    """Set up Django on a fresh database; without a server, start one and run this program again under it.

    The server keeps what makes a commit a commit: fsync, full_page_writes and synchronous_commit are on.
    """
    if apps.ready:  # one measure uses another's pieces
        return
    if not sqlite and "BENCH_SERVER" not in os.environ:
        url = os.environ.pop("TEST_DATABASE_URL", None)
        inside = [sys.executable, "-m", _module(), *sys.argv[1:]]
        if url is None:
            starter = [sys.executable, str(ROOT / "tests/with_postgres.py"), "--require", "--durable"]
            os.execve(sys.executable, [*starter, *inside], os.environ | {"BENCH_SERVER": "started"})
        os.environ |= {"BENCH_SERVER": "given", "DATABASE_URL": url}
    os.chdir(ROOT)
    for name, value in env.new_secrets().items():
        os.environ.setdefault(name, value)
    folder = os.environ["OPTIN_DATA_DIR"] = tempfile.mkdtemp(prefix="optin-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # Every request comes from one machine and most from one address: the challenge against that stays out of it.
    os.environ |= {
        "PORT": str(PORT),
        "OPTIN_CHALLENGE_AFTER": "0",
        "DJANGO_SETTINGS_MODULE": "optin_site.settings",
    }
    if sqlite:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
    else:
        os.environ.setdefault("BENCH_URL", os.environ["DATABASE_URL"])
        os.environ["DATABASE_URL"] = new_database("product")
    for command in ("prepare", "seed_sample"):
        manage(command)
    django.setup()


def _module() -> str:
    spec = sys.modules["__main__"].__spec__
    if spec is None:
        sys.exit(f"Run it as a module: python -m bench.{Path(sys.argv[0]).stem}")
    return spec.name.removesuffix(".__main__")


def server(statement: str) -> list[tuple[object, ...]]:
    """Run one statement on the server's own database."""
    with psycopg.connect(os.environ["BENCH_URL"], autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def new_database(name: str, *, like: str = "") -> str:
    """The address of a fresh database, empty or a copy of `like`."""
    name = f"bench_{name}"
    server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    server(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "bench_{like}" STRATEGY file_copy' if like else ""))
    base, _, options = os.environ["BENCH_URL"].partition("?")
    return f"{base.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")


def manage(*arguments: str, database: str = "") -> None:
    """Run one of the product's commands."""
    variables = os.environ | ({"DATABASE_URL": database} if database else {})
    subprocess.run(
        [sys.executable, "manage.py", *arguments], check=True, env=variables, stdout=subprocess.DEVNULL
    )


@contextlib.contextmanager
def serving(
    application: str = PRODUCT, *, database: str = "", variables: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The address of a web server, started with the very command and settings of `manage.py serve`."""
    from consent.management.commands import serve

    workers = 1 if (database or os.environ["DATABASE_URL"]).startswith("sqlite") else 2
    command = [application if word == PRODUCT else word for word in serve._web("127.0.0.1", workers)]
    environment = os.environ | {"OPTIN_GROUP_COMMIT": "1"} | dict(variables or {})
    if database:
        environment["DATABASE_URL"] = database
    serve._refuse_taken("127.0.0.1", PORT)  # another server's answers must not be counted
    with _running(command, environment) as process:
        _wait(process)
        yield f"http://127.0.0.1:{PORT}"


def _wait(process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), timeout=5) as asked:
            asked.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            if asked.recv(1):
                return
        time.sleep(0.05)
    raise RuntimeError("The web server did not start; what it said stands above.")


@contextlib.contextmanager
def working() -> Iterator[None]:
    """The product's worker, as `manage.py serve` starts it."""
    with _running([sys.executable, "manage.py", "work"], os.environ):
        yield


@contextlib.contextmanager
def _running(command: list[str], environment: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that ends with what is measured, and on Linux with this program, however that ends."""
    from consent.management.commands import serve

    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, preexec_fn=serve._die_with_parent
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def machine() -> str:
    """What all this ran on, in one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2].strip() for line in lines if "model name" in line), "unknown")
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{os.cpu_count()} x {model}, Python {python}, {_database()}"


def _database() -> str:
    if os.environ["DATABASE_URL"].startswith("sqlite"):
        return f"SQLite {sqlite3.sqlite_version}"
    [[version]] = server("SHOW server_version")
    durable = [
        f"{name} {server(f'SHOW {name}')[0][0]}"
        for name in ("fsync", "synchronous_commit", "full_page_writes")
    ]
    return f"PostgreSQL {version} ({', '.join(durable)})"
