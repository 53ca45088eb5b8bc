"""An installation of its own that is started, killed and started again: the real web server and worker."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.test import override_settings

from consent.management.commands import serve
from tests import migrated, ports
from tests.migrated import UNMEASURED

ROOT = Path(__file__).resolve().parents[2]


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
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=UNMEASURED | self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stderr[-2000:]}"
        return done.stdout

    @contextlib.contextmanager
    def looking(self) -> Iterator[Callable[[], Any]]:
        """Sequences what waits, and reads everything that can be compared with a journal, as often as it is called."""
        with subprocess.Popen(
            [sys.executable, "-m", "tests.faults.look"],
            cwd=ROOT,
            env=UNMEASURED | self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as watcher:
            assert watcher.stdin
            assert watcher.stdout

            def look() -> Any:
                watcher.stdin.write("look\n")
                watcher.stdin.flush()
                return json.loads(watcher.stdout.readline())

            yield look
            watcher.stdin.close()


@contextlib.contextmanager
def installed(folder: Path, **more: str) -> Iterator[Installation]:
    """An installation with the sample company, on the engine that this run tests; gone afterwards."""
    # Whoever has keys of their own makes the sample with them.
    with migrated.database(folder, is_empty=bool(more)) as url:
        port = ports.free()
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
        if more:
            made.manage("prepare")
            made.manage("seed_sample")
        try:
            yield made
        finally:
            made.kill_everything()
