"""What every test shares: its database is named first, and what it left behind is removed last."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import pytest_django
from django.core.cache import cache
from django.db import connection
from django.urls import get_resolver
from django.utils import translation

from consent import catalogue, sample
from consent.decision import counting
from consent.management.commands import compilemessages
from consent.models import triggers
from consent.providers import egress
from tests import chromium, emptied, migrated, seeded
from tests.measuring import pytest_runtest_protocol

__all__ = ["pytest_runtest_protocol"]

# What a test must ask for to be let near a database, and what is tried on one of them only.
DATABASE = {
    "db",
    "transactional_db",
    "live_server",
    "django_db_reset_sequences",
    "django_db_serialized_rollback",
}
ONCE = ("browser", "foreign", "house", "once")

LEFT = pytest.StashKey[int]()
WORKER = "PYTEST_XDIST_WORKER"
NO_POSTGRES = "needs PostgreSQL: python tests/with_postgres.py pytest ..."


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--beside-a-whole-run",
        action="store_true",
        help="leave out what asks no database, and what one database suffices for: another run has it",
    )


def pytest_configure() -> None:
    # How long an example takes says how busy the machine is, not whether the code is right.
    slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=slow)
    hypothesis.settings.load_profile("house")
    compilemessages.compile_catalogues(compilemessages.LOCALE)


def pytest_report_header() -> str:
    return f"database: {engine()}; browser: {chromium.find() or chromium.WHY_NOT}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.beside_a_whole_run:
        left = [item for item in items if not _depends_on_the_database(item)]
        config.hook.pytest_deselected(items=left)
        config.stash[LEFT] = len(left)
        items[:] = [item for item in items if _depends_on_the_database(item)]
    # The longest first, so that no process of pytest-xdist waits at the end for what another has begun last.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    absent = []
    if connection.vendor != "postgresql":
        absent.append(("postgres", NO_POSTGRES))
    if chromium.find() is None:
        if os.environ.get("CI"):
            raise pytest.UsageError(f"In CI browser tests are never skipped, and {chromium.WHY_NOT}")
        absent.append(("browser", chromium.WHY_NOT))
    for item in items:
        for marker, reason in absent:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def _depends_on_the_database(item: pytest.Item) -> bool:
    """Whether the other database may give another answer; without a fixture of it pytest-django allows none."""
    if any(item.get_closest_marker(once) for once in ONCE):
        return False
    asked = DATABASE.intersection(getattr(item, "fixturenames", ()))
    return bool(asked or item.get_closest_marker("django_db") or item.get_closest_marker("engine"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if WORKER in os.environ:
        session.config.workeroutput["left"] = session.config.stash.get(LEFT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Each of pytest-xdist's processes leaves out the same."""
    node.config.stash[LEFT] = getattr(node, "workeroutput", {}).get("left", 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was left out or skipped, so that nobody takes a green line for all of it."""
    if left := config.stash.get(LEFT, 0):
        terminalreporter.write_line(
            f"LEFT TO THE WHOLE RUN ({left}): what asks no database, and {', '.join(ONCE)} tests"
        )
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if chromium.WHY_NOT in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(
            f"BROWSER TESTS SKIPPED ({len(skipped)}): {chromium.WHY_NOT}", yellow=True
        )


def pytest_unconfigure() -> None:
    if WORKER not in os.environ:
        migrated.forget()
    if WORKER not in os.environ and "optin-tests-" in (folder := os.environ.get("OPTIN_DATA_DIR", "")):
        shutil.rmtree(folder, ignore_errors=True)


def engine() -> str:
    """The database the tests run on, in words."""
    return {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[connection.vendor]


@pytest.fixture(autouse=True)
def _emptying_is_allowed(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test that really committed, the guards step aside so that its tables can be emptied.

    They are back before the next test: emptying ends with what a database begins with (tests/emptied.py).
    """
    committing = {"db", "transactional_db", "live_server", "django_db_reset_sequences"}
    touches = request.node.get_closest_marker("django_db") or committing.intersection(request.fixturenames)
    if touches:
        # pytest-django empties when this fixture ends; asked for here, it ends after ours.
        request.getfixturevalue("_django_db_helper")
    yield
    if touches and not connection.in_atomic_block:
        cache.clear()
        triggers.remove(connection)


_ANYBODY_ELSE = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[None]:
    """A database somebody is connected to cannot be dropped, and a thread that is ending may still be."""
    emptied.quickly()
    yield
    if connection.vendor != "postgresql":
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for _ in range(20):
            cursor.execute(f"SELECT count(*) {_ANYBODY_ELSE}")
            if cursor.fetchone() == (0,):
                break
            time.sleep(0.1)
        cursor.execute(f"SELECT pg_terminate_backend(pid) {_ANYBODY_ELSE}")


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    """One test's spool and memory of the log are not another's, nor those of the suite's other process."""
    settings.OPTIN_DATA_DIR = tmp_path


@pytest.fixture(autouse=True, scope="session")
def _addresses_are_read_before_a_test_turns_something_off() -> None:
    """There is no address of the sandbox where it is off, and the addresses are read once a process."""
    get_resolver().url_patterns  # noqa: B018


@pytest.fixture(autouse=True)
def _no_connection_outlives_its_server(request: pytest.FixtureRequest) -> Iterator[None]:
    """A kept connection keeps the server's thread, and that one its connection to the test database."""
    yield
    if "live_server" in request.fixturenames:
        egress.hang_up()


@pytest.fixture(autouse=True)
def _begin_in_the_default_language() -> None:
    """A page leaves its language behind in the thread: the next request chooses its own, a test does not."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _read_the_catalogue_anew() -> Iterator[None]:
    catalogue.forget()
    counting.forget()
    yield
    counting.forget()  # else the end of the run would write it down, where there is no database any more


@pytest.fixture
def aurora(db: None) -> sample.Sample:
    """The sample company, as `make run` shows it."""
    return seeded.aurora()
