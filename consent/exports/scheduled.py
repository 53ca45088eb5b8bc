"""Exports on their day: made into a folder or a bucket, as one worker holds the lease."""

import logging
import tempfile
import time
from datetime import datetime, timedelta

from django.core.files import File
from django.core.files.storage import storages
from django.db.models import Q
from django.utils import timezone

from consent.exports import taking_out
from consent.exports.lines import Wanted
from consent.models import ExportSchedule

log = logging.getLogger(__name__)

# Renewed while it is made, so that the export of a killed worker waits no longer.
LEASE = timedelta(minutes=10)
RENEW_EVERY = 60.0  # seconds
PUTTING = timedelta(hours=2)  # the longest that a bucket takes the file
AFTER_TROUBLE = timedelta(hours=1)
PERIODS = {ExportSchedule.Every.DAY: timedelta(days=1), ExportSchedule.Every.WEEK: timedelta(days=7)}


def drain() -> int:
    """Make the export that has been due longest. Returns how many were."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    due = ExportSchedule.objects.filter(free, is_on=True, due_at__lte=now)
    first = due.select_related("company").order_by("due_at").first()
    if first is None or not due.filter(pk=first.pk).update(lease_until=now + LEASE):
        return 0
    _make(first, now)
    return 1


def _make(schedule: ExportSchedule, now: datetime) -> None:
    row = ExportSchedule.objects.filter(pk=schedule.pk)
    try:
        name = _save(schedule, now)
    except Exception as error:  # whatever a folder or somebody's bucket refuses with
        log.exception("Scheduled export %s failed; it is tried again in an hour.", schedule.pk)
        row.update(lease_until=None, due_at=now + AFTER_TROUBLE, trouble=type(error).__name__[:200])
        return
    due_at = schedule.due_at
    while due_at <= now:  # at the hour it always was, however long nobody was at work
        due_at += PERIODS[ExportSchedule.Every(schedule.every)]
    row.update(lease_until=None, due_at=due_at, trouble="", last_at=now, last_name=name[-120:])


def _hold(schedule: ExportSchedule, lease: timedelta) -> None:
    ExportSchedule.objects.filter(pk=schedule.pk).update(lease_until=timezone.now() + lease)


def _save(schedule: ExportSchedule, now: datetime) -> str:
    wanted = Wanted(schedule.company, with_contacts=schedule.with_contacts)
    export = taking_out.begin(wanted, kind=schedule.format, entity=schedule.entity, at=now)
    # Without a name of its own in the file system: a bucket's client wants to read it twice.
    with tempfile.TemporaryFile() as file:
        renewed = time.monotonic()
        for part in export.parts:
            file.write(part)
            if time.monotonic() - renewed > RENEW_EVERY:
                renewed = time.monotonic()
                _hold(schedule, LEASE)
        file.seek(0)
        _hold(schedule, PUTTING)
        return storages["exports"].save(
            f"{schedule.company.slug}/{now:%Y-%m-%d-%H%M%S}-{export.name}", File(file)
        )
