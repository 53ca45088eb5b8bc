"""A database with the tables and the sample company, made by one migration a run and copied from then on."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
# Nobody asks how much of the product makes a template; to be measured would only slow it.
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}


@contextlib.contextmanager
def database(folder: Path, *, is_empty: bool = False) -> Iterator[str]:
    """The address of a database on the engine that this run tests: of a copy, or `is_empty`; gone afterwards."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        if not is_empty:
            shutil.copy(Path(_template().removeprefix("sqlite:///")), folder / "optin.sqlite3")
        yield f"sqlite:///{folder}/optin.sqlite3"
        return
    name = f"test_{uuid.uuid4().hex}"
    _create(server, name, template="template1" if is_empty else urlsplit(_template()).path[1:])
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        drop(name)


def drop(name: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def forget() -> None:
    """Remove the template of the run from a server that outlives it."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres") and _mark().exists():
        drop(_name())


def _template() -> str:
    """The address of the template; whichever process of pytest-xdist asks first makes it, the others wait."""
    server = os.environ.get("DATABASE_URL", "")
    url = f"sqlite:///{_mark()}.sqlite3"
    if server.startswith("postgres"):
        url = urlsplit(server)._replace(path=f"/{_name()}").geturl()
    with _mark().with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _mark().exists():
            if server.startswith("postgres"):
                _create(server, _name(), template="template1")
            of_the_product = {
                "DJANGO_SETTINGS_MODULE": "optin_site.settings",
                "DATABASE_URL": url,
                "OPTIN_DEBUG": "1",  # static files need not be collected
                "OPTIN_SANDBOX": "1",
            }
            for command in ("prepare", "seed_sample"):
                subprocess.run(
                    [sys.executable, "manage.py", command], cwd=ROOT, check=True, capture_output=True,
                    env=UNMEASURED | of_the_product,
                )  # fmt: skip
            _mark().touch()
    return url


def _name() -> str:
    return f"test_template_{_run()}"


def _mark() -> Path:
    """Is there once the template is; in the folder of the run, which its processes share."""
    return Path(os.environ["OPTIN_DATA_DIR"]) / f"template-{_run()}"


def _run() -> str:
    return os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())


def _create(server: str, name: str, *, template: str) -> None:
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(made)
