"""Runs the web server and one worker together; when either stops, so does the other."""

import contextlib
import ctypes
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from consent import work
from consent.log.errors import LogRefuses

LOOK_EVERY = 0.1
STOP_SECONDS = 15
THREADS = 16  # what group commit wants: many acts waiting make one transaction


@dataclass(frozen=True)
class Part:
    """One of the two processes."""

    name: str
    process: subprocess.Popen[bytes]


class Command(BaseCommand):
    help = "Run the web server and one worker together, until either of them stops or Ctrl-C is pressed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="the address to listen on; 0.0.0.0 is every one"
        )
        parser.add_argument("--sample", action="store_true", help="put the sample company in place first")
        parser.add_argument(
            "--workers", type=int, help="web server processes; 1 on SQLite, which has one writer, else 2"
        )

    def handle(self, **options: Any) -> None:
        _refuse_taken(options["host"], settings.PORT)
        _refuse_old_backup()
        web = _web(options["host"], options["workers"] or (1 if connection.vendor == "sqlite" else 2))
        sample = io.StringIO()
        if options["sample"]:
            call_command("seed_sample", stdout=sample)
        connection.close()
        with _told_to_stop() as told, contextlib.ExitStack() as parts:
            both = [
                parts.enter_context(_started("web server", web, {"OPTIN_GROUP_COMMIT": "1"})),
                parts.enter_context(_started("worker", [sys.executable, "manage.py", "work"], {})),
            ]
            self._welcome(both, told, sample=sample.getvalue())
            self._watch(both, told)
        self.stdout.write("Stopped.")

    def _welcome(self, both: list[Part], told: list[int], *, sample: str) -> None:
        while not told and not _fallen(both):
            if _answers():
                places = {"Start here": "/", "Sandbox phone": "/sandbox/", "Staff": "/admin/"}
                if not settings.OPTIN_SANDBOX:
                    del places["Sandbox phone"]
                lines = [f"{name:<15} {settings.OPTIN_PUBLIC_URL}{path}" for name, path in places.items()]
                self.stdout.write("\nOptin is running. Ctrl-C stops it.\n\n")
                self.stdout.writelines(f"  {line}\n" for line in [*lines, *sample.splitlines()])
                self.stdout.flush()
                return
            time.sleep(LOOK_EVERY)

    def _watch(self, both: list[Part], told: list[int]) -> None:
        while not told:
            if fallen := _fallen(both):
                other = next(part for part in both if part is not fallen)
                raise CommandError(
                    f"The {fallen.name} stopped by itself ({_ending(fallen.process.returncode)}), "
                    f"so the {other.name} is stopped too. The reason stands above."
                )
            time.sleep(LOOK_EVERY)


def _web(host: str, workers: int) -> list[str]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "optin_site.wsgi:application"]
    command += ["--host", host, "--port", str(settings.PORT), "--no-ws", "--log-level", "error"]
    command += ["--workers", str(workers), "--blocking-threads", str(THREADS), "--workers-kill-timeout", "10"]
    # A web process that dies takes nobody's answer with it but its own, and another takes its place.
    return [*command, "--respawn-failed-workers", "--respawn-interval", "0.5", "--process-name", "optin"]


def _refuse_old_backup() -> None:
    """Before anybody is answered: a restored database knows neither the last stop nor who was erased."""
    try:
        work.check()
    except LogRefuses as error:
        raise CommandError(str(error)) from error


@contextlib.contextmanager
def _started(name: str, command: list[str], variables: dict[str, str]) -> Iterator[Part]:
    # In a session of its own: Ctrl-C is for us alone, and we tell both in order.
    process = subprocess.Popen(
        command,
        env=variables | os.environ,
        cwd=settings.BASE_DIR,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )
    try:
        yield Part(name, process)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # A web server that was killed leaves its processes, and they would keep the port.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _die_with_parent() -> None:
    """On Linux a killed supervisor leaves nobody behind; elsewhere there is no such order to give."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


@contextlib.contextmanager
def _told_to_stop() -> Iterator[list[int]]:
    """The signals that asked us to stop, as they come."""
    told: list[int] = []
    before = {
        number: signal.signal(number, lambda n, _: told.append(n))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the web server binds: a port that only waits for old connections to end is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise CommandError(
                f"Port {port} may not be used by this account. Choose one above 1023: PORT=8000."
            ) from error
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken: something listens there. Choose another: PORT={port + 1} make run"
            ) from error


def _answers() -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("localhost", settings.PORT), timeout=1):
        return True
    return False


def _fallen(both: list[Part]) -> Part | None:
    return next((part for part in both if part.process.poll() is not None), None)


def _ending(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
