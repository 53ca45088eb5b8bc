"""A restored old backup is told from the log that was published, and nothing is appended to it."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as current
from django.core.management import CommandError, call_command
from django.db import connection

from consent.log import guard, published, tree
from consent.models import LogEra, LogPending, LogTile, triggers
from consent.sample import Sample
from tests import cast

pytestmark = pytest.mark.django_db

ORIGIN = current.OPTIN_LOG_ORIGIN


def publish(aurora: Sample) -> None:
    """Record and publish, and remember it as after a real commit."""
    cast.says(aurora, cast.stranger(LogPending.objects.count() + tree.sequence()))
    tree.sequence()
    latest = published.latest()
    assert latest is not None
    guard.remember(latest.note)


def restore_yesterday() -> None:
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consent_loghead SET size = 0")
        cursor.execute("DELETE FROM consent_logtile")
        cursor.execute("DELETE FROM consent_checkpoint")
        cursor.execute("DELETE FROM consent_logentry")


def test_a_log_that_was_never_published_may_grow(aurora: Sample) -> None:
    guard.check()


def test_a_log_goes_on_from_what_was_published(aurora: Sample) -> None:
    publish(aurora)
    cast.says(aurora, cast.BRUNO)

    assert tree.sequence() == 1


def test_a_restored_backup_refuses_to_append_and_names_the_way_out(aurora: Sample) -> None:
    publish(aurora)
    restore_yesterday()
    cast.says(aurora, cast.BRUNO)

    with pytest.raises(guard.LogBehind, match=r"docs/log-succession\.md") as caught:
        tree.sequence()

    assert "0 entries" in str(caught.value)
    assert Path(current.BASE_DIR, "docs/log-succession.md").is_file()


def test_another_database_of_the_same_size_is_told_by_its_root(aurora: Sample) -> None:
    publish(aurora)
    restore_yesterday()
    guard_file = Path(current.OPTIN_DATA_DIR, guard.FILE).read_text()
    guard.forget()
    cast.says(aurora, cast.BRUNO)
    tree.sequence()
    guard.remember(guard_file)

    with pytest.raises(guard.LogBehind):
        guard.check()


def test_the_worker_does_not_start_on_a_restored_backup(aurora: Sample) -> None:
    publish(aurora)
    restore_yesterday()

    with pytest.raises(CommandError, match="old backup"):
        call_command("work")


def test_a_log_keeps_its_name_when_the_address_changes(aurora: Sample, settings: Any) -> None:
    publish(aurora)
    settings.OPTIN_LOG_ORIGIN = "elsewhere.example/log"

    publish(aurora)

    assert published.origin() == ORIGIN


def test_a_database_whose_log_has_another_name_than_was_published_is_refused(
    aurora: Sample, settings: Any
) -> None:
    publish(aurora)
    restore_yesterday()
    LogEra.objects.all()._raw_delete("default")
    settings.OPTIN_LOG_ORIGIN = "elsewhere.example/log"

    with pytest.raises(guard.LogBehind, match=f"1 entries of {re.escape(ORIGIN)}"):
        guard.check()

    guard.forget()  # on purpose: another log may begin
    guard.check()


def test_a_log_without_its_tiles_is_refused(aurora: Sample) -> None:
    publish(aurora)
    triggers.remove(connection)
    LogTile.objects.all().delete()

    with pytest.raises(guard.LogBehind):
        guard.check()
