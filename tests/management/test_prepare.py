"""Preparing does everything that is needed before a start, and nothing twice."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection


@pytest.fixture
def site(settings: Any, tmp_path: Path) -> Path:
    """One static file of a small site, and where it is collected."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "site.css").write_text("body { color: black }")
    settings.STATICFILES_DIRS = [tmp_path / "source"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    return tmp_path


def test_static_files_are_collected_when_they_changed_and_only_then(
    site: Path, db: None, capsys: Any
) -> None:
    call_command("prepare")
    assert (site / "collected" / "site.css").exists()
    (site / "collected" / "site.css").unlink()

    call_command("prepare")
    assert not (site / "collected" / "site.css").exists()

    os.utime(site / "source" / "site.css", (1, 1))
    call_command("prepare")
    assert (site / "collected" / "site.css").exists()
    assert capsys.readouterr().out.count("Collecting") == 2


def test_nothing_is_collected_where_files_are_served_as_they_are(site: Path, settings: Any, db: None) -> None:
    settings.DEBUG = True

    call_command("prepare")

    assert not (site / "collected").exists()


def test_a_database_that_does_not_open_is_said_with_its_setting(
    site: Path, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused")

    # Afterwards the test's own database must open again.
    with monkeypatch.context() as patched:
        patched.setattr(connection, "ensure_connection", refuse)
        with pytest.raises(CommandError, match=r"does not open: connection refused Is DATABASE_URL right\?"):
            call_command("prepare")
