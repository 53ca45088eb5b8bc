"""Which tests are measured: what one of them covers, a hundred others need not be slowed by half for."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import coverage
import pytest

TESTS = Path(__file__).parent
# What asks which database it is on has branches that PostgreSQL alone takes. The rest is measured on SQLite.
ON_POSTGRES = {
    "decision", "exports", "log", "models", "recording", "test_erasure.py", "test_integrity.py", "test_outbox.py",
    "test_prepared.py",
}  # fmt: skip
# Programs that a test starts are measured where this is set.
PROGRAMS = "COVERAGE_PROCESS_CONFIG"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Measure nothing while an unmeasured test and what is set up for it run."""
    plugin = item.config.pluginmanager.getplugin("_cov")
    controller = plugin and plugin.cov_controller
    if not (controller and controller.started) or is_measured(item):
        return (yield)
    programs = os.environ.pop(PROGRAMS, None)
    controller.pause()
    # A process of pytest-xdist is measured from its start, as every program is; that goes on where pytest-cov stops.
    while outer := coverage.Coverage.current():
        outer.stop()
    try:
        return (yield)
    finally:
        controller.resume()
        if programs is not None:
            os.environ[PROGRAMS] = programs


def is_measured(item: pytest.Item) -> bool:
    if item.get_closest_marker("no_cover"):
        return False
    if not item.config.option.beside_a_whole_run or item.get_closest_marker("postgres"):
        return True
    return item.path.relative_to(TESTS).parts[0] in ON_POSTGRES
