"""What every test shares: which database it runs on is said first, and what it left behind is removed last."""

import os
import shutil

import pytest
from django.db import connection

WORKER = "PYTEST_XDIST_WORKER"


def pytest_report_header() -> str:
    return f"database: {engine()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: python tests/with_postgres.py pytest ..."))


def pytest_unconfigure() -> None:
    if WORKER not in os.environ and "optin-tests-" in (folder := os.environ.get("OPTIN_DATA_DIR", "")):
        shutil.rmtree(folder, ignore_errors=True)


def engine() -> str:
    """The database the tests run on, in words."""
    return {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[connection.vendor]
