"""Exports on their day, into a folder."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from consent.exports import scheduled, taking_out
from consent.log import tree
from consent.models import ExportSchedule
from consent.sample import Sample
from optin_site import env
from tests import cast


def folder(settings: Any, path: Path) -> None:
    settings.STORAGES = {**settings.STORAGES, "exports": env.storage(str(path))}


def due(aurora: Sample) -> ExportSchedule:
    return ExportSchedule.objects.create(
        company=aurora.company,
        entity="staff:1",
        due_at=timezone.now() - timedelta(days=9),
        with_contacts=True,
    )


@pytest.fixture
def schedule(aurora: Sample, settings: Any, tmp_path: Path) -> ExportSchedule:
    """One that is due, of a company with a record."""
    folder(settings, tmp_path / "out")
    cast.says(aurora)
    tree.sequence()
    return due(aurora)


def test_an_export_is_made_on_its_day_once(schedule: ExportSchedule, tmp_path: Path) -> None:
    before = schedule.due_at

    assert (scheduled.drain(), scheduled.drain()) == (1, 0)

    [file] = (tmp_path / "out").rglob("*.csv")
    assert cast.ANA.value in file.read_text()
    schedule.refresh_from_db()
    assert schedule.due_at == before + timedelta(days=14)
    assert schedule.last_name.endswith(file.name)
    assert any(b'"type":"exported"' in entry for entry in cast.entries())


def test_the_export_of_a_killed_worker_is_made_by_the_next(
    schedule: ExportSchedule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies = iter([KeyboardInterrupt])
    begin = taking_out.begin

    def begins(*given: Any, **named: Any) -> Any:
        for error in dies:
            raise error
        return begin(*given, **named)

    monkeypatch.setattr(taking_out, "begin", begins)
    with pytest.raises(KeyboardInterrupt):
        scheduled.drain()
    schedule.refresh_from_db()
    assert schedule.lease_until is not None
    assert schedule.lease_until < timezone.now() + timedelta(minutes=11), "nobody waits for hours"

    ExportSchedule.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert scheduled.drain() == 1
    assert len(list((tmp_path / "out").rglob("*.csv"))) == 1


def test_whoever_makes_a_long_export_goes_on_holding_it(
    schedule: ExportSchedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduled, "RENEW_EVERY", -1.0)
    held = []
    hold = scheduled._hold

    def holds(one: ExportSchedule, lease: timedelta) -> None:
        hold(one, lease)
        held.append((lease, scheduled.drain()))

    monkeypatch.setattr(scheduled, "_hold", holds)
    assert scheduled.drain() == 1
    assert held[0] == (scheduled.LEASE, 0)
    assert held[-1] == (scheduled.PUTTING, 0)
    schedule.refresh_from_db()
    assert schedule.lease_until is None


def test_a_folder_that_refuses_is_tried_again_and_told(aurora: Sample, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    folder(settings, tmp_path / "taken")
    schedule = due(aurora)

    assert scheduled.drain() == 1
    schedule.refresh_from_db()
    assert (schedule.trouble, schedule.last_at) == (
        "FileExistsError",
        None,
    ) or schedule.trouble == "NotADirectoryError"
    assert schedule.due_at > timezone.now()
    assert scheduled.drain() == 0


def test_a_place_may_be_a_bucket() -> None:
    options = env.storage("s3://archive/optin/")["OPTIONS"]
    assert (options["bucket_name"], options["location"]) == ("archive", "optin")
    with pytest.raises(ImproperlyConfigured):
        env.storage("s3://")
