"""An installation of its own that is started, killed and started again: the real web server and worker."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.test import override_settings

from consent.management.commands import serve

ROOT = Path(__file__).resolve().parents[2]
# Who is killed writes no coverage down; to be measured would only slow it.
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


@dataclass
class Installation:
    """Where it lives, and the processes of it that now run; only they are ever killed."""

    port: int
    variables: Mapping[str, str]
    log: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)

    def start(self, part: str) -> None:
        """Start "web" or "worker", as `manage.py serve` does."""
        command, extra = [sys.executable, "manage.py", "work"], {}
        if part == "web":
            workers = 2 if self.variables["DATABASE_URL"].startswith("postgres") else 1
            with override_settings(PORT=self.port):
                command, extra = serve._web("127.0.0.1", workers), {"OPTIN_GROUP_COMMIT": "1"}
        self.started[part] = time.monotonic()
        with self.log.open("ab") as output:
            self.running[part] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=UNMEASURED | self.variables | extra,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a group of its own, so that a kill takes the server's workers along
            )

    def wait_for_web(self, *, seconds: float = 120) -> None:
        """Until somebody takes connections; a busy machine takes long to start a server."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, "the web server does not start"
                time.sleep(0.1)
            else:
                return

    def age(self, part: str) -> float:
        """For how many seconds a part has been running."""
        return time.monotonic() - self.started[part]

    def kill(self, part: str) -> None:
        """End a part and everything it started, without a word: as a power cut would."""
        process = self.running.pop(part)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)

    def kill_everything(self) -> None:
        for part in list(self.running):
            self.kill(part)

    def manage(self, *words: str) -> str:
        """What a management command says."""
        return self._output([sys.executable, "manage.py", *words])

    def look(self) -> Any:
        """Sequence what waits, and read everything that can be compared with a journal."""
        return json.loads(self._output([sys.executable, "-m", "tests.faults.look"]))

    def _output(self, command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | self.variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"
        return done.stdout


@contextlib.contextmanager
def installed(folder: Path, **more: str) -> Iterator[Installation]:
    """An installation with the sample company, on the engine that this run tests; gone afterwards."""
    with _database(folder) as url, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        variables = {
            "DJANGO_SETTINGS_MODULE": "optin_site.settings",
            "DATABASE_URL": url,
            "OPTIN_CHALLENGE_AFTER": "0",  # one address sends everything
            "OPTIN_DATA_DIR": str(folder),
            "OPTIN_DEBUG": "1",  # static files need not be collected
            "OPTIN_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "OPTIN_SANDBOX": "1",
            "PORT": str(port),
            **more,
        }
        made = Installation(port, variables, folder / "log")
        made.manage("prepare")
        made.manage("seed_sample")
        try:
            yield made
        finally:
            made.kill_everything()


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[str]:
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{folder}/optin.sqlite3"
        return
    name = f"kill_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
