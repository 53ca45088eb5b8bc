"""What every test shares: its database is named first, and what it left behind is removed last."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import TransactionTestCase

from consent import catalogue, sample
from consent.models import triggers

WORKER = "PYTEST_XDIST_WORKER"


def pytest_report_header() -> str:
    return f"database: {engine()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
            item.add_marker(
                pytest.mark.skip(reason="needs PostgreSQL: python tests/with_postgres.py pytest ...")
            )


def pytest_unconfigure() -> None:
    if WORKER not in os.environ and "optin-tests-" in (folder := os.environ.get("OPTIN_DATA_DIR", "")):
        shutil.rmtree(folder, ignore_errors=True)


def engine() -> str:
    """The database the tests run on, in words."""
    return {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[connection.vendor]


@pytest.fixture(autouse=True)
def _read_the_catalogue_anew() -> None:
    catalogue.forget()


@pytest.fixture
def aurora(db: None) -> sample.Sample:
    """The sample company, as `make run` shows it."""
    return sample.seed()


@pytest.fixture(autouse=True, scope="session")
def _empty_append_only_tables_between_transactional_tests() -> Iterator[None]:
    """A test database must be emptied, which the triggers rightly refuse: drop them, flush puts them back."""
    teardown = TransactionTestCase._fixture_teardown

    def _without_triggers(case: TransactionTestCase) -> None:
        triggers.remove(connection)
        teardown(case)

    TransactionTestCase._fixture_teardown = _without_triggers
    yield
    TransactionTestCase._fixture_teardown = teardown
