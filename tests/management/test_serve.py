"""One command starts the web server and the worker, and never leaves one of them alone."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from consent.log import guard, tree
from consent.management.commands import serve
from consent.models import Checkpoint
from consent.sample import Sample
from tests import cast, migrated, ports

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables of an installation of its own, on the database of the run, ready to be served."""
    folder = tmp_path_factory.mktemp("installation")
    with migrated.database(folder, is_empty=True) as url:
        variables = {
            "DJANGO_SETTINGS_MODULE": "optin_site.settings",
            "OPTIN_DATA_DIR": str(folder),
            "DATABASE_URL": url,
            "OPTIN_SANDBOX": "1",
            "OPTIN_DEBUG": "1",
        }
        run("prepare", variables)
        yield variables


@pytest.fixture
def port() -> int:
    return ports.free()


def run(command: str, variables: dict[str, str]) -> None:
    subprocess.run([sys.executable, "manage.py", command], cwd=ROOT, env=os.environ | variables, check=True)


@contextlib.contextmanager
def serving(variables: dict[str, str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--sample"],
            cwd=ROOT,
            env=os.environ | variables | {"PORT": str(port), "PYTHONUNBUFFERED": "1"},
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(lambda: "Ctrl-C" in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


def wait_for(happened) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def children(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """The processes that `serve` started, by what they are."""
    pids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    found = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in pids}
    names = {pid: "worker" if "\0work\0" in line else "web server" for pid, line in found.items()}
    return {name: int(pid) for pid, name in names.items()}


def is_gone(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def status(port: int, path: str = "/admin/login/") -> int:
    connection = http.client.HTTPConnection("localhost", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")


@pytest.mark.slow
@needs_proc
def test_it_says_where_to_look_and_stops_both_on_ctrl_c(
    installation: dict[str, str], port: int, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with serving(installation, port, log) as process:
        said = log.read_text()
        for place in ("/", "/sandbox/", "/admin/", "/c/aurora/novidades/"):
            assert f"http://localhost:{port}{place}\n" in said
        assert "Staff login" in said
        assert status(port) == 200
        both = children(process)
        assert sorted(both) == ["web server", "worker"]

        process.send_signal(signal.SIGINT)

        assert process.wait(PATIENCE) == 0
    assert "Stopped." in log.read_text()
    assert all(is_gone(pid) for pid in both.values())


@pytest.mark.slow
@needs_proc
@pytest.mark.parametrize(("victim", "other"), [("worker", "web server"), ("web server", "worker")])
def test_when_one_dies_the_other_is_stopped_and_it_is_said(
    installation: dict[str, str], port: int, tmp_path: Path, victim: str, other: str
) -> None:
    log = tmp_path / "log"
    with serving(installation, port, log) as process:
        both = children(process)

        os.kill(both[victim], signal.SIGKILL)

        assert process.wait(PATIENCE) == 1
    assert (
        f"The {victim} stopped by itself (killed by signal 9), so the {other} is stopped too."
        in log.read_text()
    )
    wait_for(lambda: is_gone(both[other]))
    assert not answers(port)


@pytest.mark.slow
@needs_proc
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells children of a parent's death"
)
@pytest.mark.no_cover
def test_a_killed_supervisor_leaves_nobody_behind(
    installation: dict[str, str], port: int, tmp_path: Path
) -> None:
    with serving(installation, port, tmp_path / "log") as process:
        both = children(process)
        assert sorted(both) == ["web server", "worker"]
        assert answers(port)

        process.kill()
        process.wait(PATIENCE)

    wait_for(lambda: all(is_gone(pid) for pid in both.values()))
    assert not answers(port)


@pytest.mark.slow
@needs_proc
@pytest.mark.no_cover
def test_a_killed_web_process_is_replaced(installation: dict[str, str], port: int, tmp_path: Path) -> None:
    with serving(installation, port, tmp_path / "log") as process:
        server = children(process)["web server"]
        before = answering(server)
        assert before
        for pid in before:
            os.kill(pid, signal.SIGKILL)

        wait_for(lambda: len(answering(server) - before) == len(before))
        assert all(is_gone(pid) for pid in before)
        wait_for(lambda: answers(port))
        assert process.poll() is None


def answering(server: int) -> set[int]:
    """The processes of a web server that answer; the one that minds Python's own resources does not."""
    pids = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return {int(pid) for pid in pids if "resource_tracker" not in command_line(pid)}


def command_line(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # it ended between the two
        return ""


def answers(port: int) -> bool:
    try:
        return status(port) == 200
    except OSError:
        return False


def test_a_port_that_is_taken_is_said_with_another_to_try(settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings.PORT = taken.getsockname()[1]

        with pytest.raises(
            CommandError, match=rf"Port {settings.PORT} is taken.*PORT={settings.PORT + 1} make run"
        ):
            call_command("serve", skip_checks=True)


def test_a_port_that_is_not_for_everybody_is_said(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PORT = 80

    def refuse(*_: object) -> None:
        raise PermissionError

    # Root may use every port, so the refusal itself is played.
    monkeypatch.setattr(socket.socket, "bind", refuse)

    with pytest.raises(CommandError, match="Choose one above 1023"):
        call_command("serve", skip_checks=True)


@pytest.mark.django_db
def test_on_a_restored_old_backup_nobody_is_answered(
    aurora: Sample, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the erased nor those who stopped come back."""
    with transaction.atomic():
        cast.says(aurora)
        tree.sequence()
        published = Checkpoint.objects.latest("size").note
        transaction.set_rollback(True)
    guard.remember(published)
    monkeypatch.setattr(serve, "_refuse_taken", lambda *_: None)
    monkeypatch.delattr(serve, "_started")  # nothing is started

    with pytest.raises(CommandError, match=r"old backup was restored.*docs/log-succession\.md"):
        call_command("serve", skip_checks=True)


def test_an_ending_is_told_in_words() -> None:
    assert serve._ending(3) == "exit code 3"
    assert serve._ending(-9) == "killed by signal 9"
