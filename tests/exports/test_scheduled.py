"""Exports on their day, into a folder."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from consent.exports import scheduled
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


def test_an_export_is_made_on_its_day_once(aurora: Sample, settings: Any, tmp_path: Path) -> None:
    folder(settings, tmp_path / "out")
    cast.says(aurora)
    tree.sequence()
    schedule = due(aurora)
    before = schedule.due_at

    assert (scheduled.drain(), scheduled.drain()) == (1, 0)

    [file] = (tmp_path / "out").rglob("*.csv")
    assert cast.ANA.value in file.read_text()
    schedule.refresh_from_db()
    assert schedule.due_at == before + timedelta(days=14)
    assert schedule.last_name.endswith(file.name)
    assert any(b'"type":"exported"' in entry for entry in cast.entries())


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
