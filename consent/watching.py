"""Two addresses for programs that watch an installation: whether the web server answers, and whether all is well."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from consent import spool
from consent.log import published
from consent.models import LogPending, LogWitness, OutboundMessage

log = logging.getLogger(__name__)

MERGE_ALARM = timedelta(seconds=60)  # a worker gives entries their places every half second
OUTBOX_ALARM = timedelta(minutes=5)
WITNESS_ALARM = 9  # failures in a row, each put off longer than the one before
NO_WORKER = "Is a worker running (manage.py work)?"


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """200 while the web server answers at all. It asks no database: stops are taken in without one too, and whoever
    took this server out of the way then would block them.
    """
    return _lines(["ok"], status=200)


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200, or 503 and a line for each thing that somebody must see to. Two queries, and one more with witnesses."""
    try:
        troubles = [*_troubles(timezone.now())]
    except (DatabaseError, InterfaceError):
        log.exception("Somebody who watches asked whether all is well: the database refused.")
        troubles = ["The database does not answer."]
    return _lines(troubles, status=503) if troubles else _lines(["ok"], status=200)


def _troubles(now: datetime) -> Iterator[str]:
    if LogPending.objects.filter(arrival__lt=now - MERGE_ALARM).exists():
        yield f"Entries have waited for their place in the log for more than a minute. {NO_WORKER}"
    for witness in _silent() if settings.OPTIN_WITNESSES else ():
        name = witness.vkey.partition("+")[0]
        yield f"Witness {name} has not cosigned for long ({witness.trouble}): ask who runs it."
    if number := spool.stuck(now):
        yield (
            f"{number} kept on disk, in the folder spool, could not be taken in for more than five minutes: the log of"
            f" the worker says why. What ends in {spool.BROKEN} does not open: put its key back into OPTIN_KEYRING,"
            f" then take {spool.BROKEN} off its name. {NO_WORKER}"
        )
    due = OutboundMessage.objects.filter(state=OutboundMessage.State.QUEUED, due_at__lt=now - OUTBOX_ALARM)
    if due.exists():
        yield f"Messages have been due for more than five minutes. {NO_WORKER}"


def _silent() -> Iterator[LogWitness]:
    """The witnesses that failed so often that half an hour or more is over. One query."""
    asked = [witness.partition(" ")[0] for witness in settings.OPTIN_WITNESSES]
    rows = LogWitness.objects.filter(vkey__in=asked, failures__gte=WITNESS_ALARM, origin=published.origin())
    yield from rows.order_by("vkey")


def _lines(lines: list[str], *, status: int) -> HttpResponse:
    return HttpResponse("".join(f"{line}\n" for line in lines), "text/plain; charset=utf-8", status=status)


urlpatterns = [path("healthz", alive), path("readyz", ready, name="ready")]
