"""The worker's part: takes files that have arrived, reads page after page, and keeps each before it reads the next.

A worker that dies leaves the pages it has kept; another goes on with the next one once the lease has run out.
"""

import contextlib
import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from consent import errors
from consent.capture.paper import reading, taking_in, uploading
from consent.capture.paper.reading import Document, FileRefused
from consent.errors import BadInput
from consent.models import PaperFile, PaperPiece
from consent.paper import limits
from consent.paper.result import Reason
from consent.providers import scanner
from consent.vault import SealBroken

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=2 * limits.SECONDS)  # a page is read and kept in far less
SCANNING = timedelta(minutes=10)  # the longest that a scanner looks at a file
SILENCE = timedelta(minutes=1)  # after which a scanner that did not answer is asked again
MOST_ATTEMPTS = 5  # at one page: what ends a worker so often ends every one

State = PaperFile.State


def drain() -> int:
    """Read one file that waits, as far as nobody pauses it. Returns how many pages that gave, at least 1."""
    file = claim(timezone.now())
    return read(file) if file else 0


def claim(now: datetime) -> PaperFile | None:
    """Take the file that has waited longest, under a lease; None where none waits."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    waiting = PaperFile.objects.filter(free, state=State.WAITING, batch__is_paused=False)
    if not waiting.exists():
        return None
    with transaction.atomic():
        locked = waiting.select_for_update(of=("self",), skip_locked=True).select_related("batch")
        file = locked.order_by("created_at", "id").first()
        if file is not None:
            file.lease_until, file.attempts = now + LEASE, file.attempts + 1
            file.save(update_fields=["lease_until", "attempts"])
    return file


def read(file: PaperFile) -> int:
    """Read a claimed file from the first page that nobody has kept yet. Returns how many pages were kept."""
    try:
        if file.pages is None and not _is_clean(file):
            return 1
        with reading.opened(uploading.Pieces(file)) as document:
            if file.pages is None:
                file.pages = document.pages
                PaperFile.objects.filter(pk=file.pk).update(pages=document.pages)
            kept = _read_pages(file, document)
    except FileRefused as refused:
        _end(file, State.FAILED, str(refused.reason))
        return 1
    except SealBroken:
        log.error("A file of paper does not open; it is kept.")
        _end(file, State.FAILED, "seal_broken")
        return 1
    except Exception as error:
        if errors.passes(error):
            raise
        log.exception("A file of paper cannot be read; it is kept.")
        _end(file, State.FAILED, "unexpected")
        return 1
    return kept


def _is_clean(file: PaperFile) -> bool:
    """Whether the operator's scanner, if there is one, lets the file through.

    One that is infected is kept sealed and never read; one of which nothing is known waits.
    """
    if not scanner.is_set():
        return True
    _hold(file, SCANNING)
    try:
        scanner.check(uploading.Pieces(file))
    except BadInput as problem:
        if problem.code == scanner.MALWARE:
            _end(file, State.FAILED, "malware")
            return False
        log.error("The virus scanner does not answer or does not take a file of paper, which waits.")
        now = timezone.now()
        mine = PaperFile.objects.filter(pk=file.pk, lease_until=file.lease_until)
        mine.update(reason="scanner_silent", attempts=0, lease_until=now + SILENCE)
        return False
    return _holds(file)


def _read_pages(file: PaperFile, document: Document) -> int:
    kept = 0
    for number in range(file.done, document.pages):
        if not _holds(file):
            return kept or 1
        is_hopeless = file.attempts > MOST_ATTEMPTS
        parts = (reading.nothing(number, Reason.CRASHED),) if is_hopeless else document.read(number)
        original, media_type = document.original(number)
        try:
            taking_in.store(file, number, parts, original=original, media_type=media_type)
        except DatabaseError:
            _give_back(file)
            raise
        file.attempts = 0
        kept += 1
    _end(file, State.READ)
    return kept or 1


def _holds(file: PaperFile) -> bool:
    """Renew the lease, unless somebody else took the file meanwhile or staff have paused it."""
    if not _hold(file, LEASE):
        PaperFile.objects.filter(pk=file.pk, lease_until=file.lease_until).update(lease_until=None)
        return False
    return True


def _hold(file: PaperFile, lease: timedelta) -> bool:
    until = timezone.now() + lease
    mine = PaperFile.objects.filter(pk=file.pk, lease_until=file.lease_until, batch__is_paused=False)
    if not mine.update(lease_until=until, attempts=file.attempts, reason=""):
        return False
    file.lease_until = until
    return True


def _give_back(file: PaperFile) -> None:
    """Let the next one try at once and as often: it was the database, and no fault of the page."""
    with contextlib.suppress(DatabaseError):
        PaperFile.objects.filter(pk=file.pk, lease_until=file.lease_until).update(
            lease_until=None, attempts=0
        )


def _end(file: PaperFile, state: str, reason: str = "") -> None:
    """Note how it ended. The bytes of a file that was read go, since each page has its own now."""
    with transaction.atomic():
        mine = PaperFile.objects.filter(pk=file.pk, lease_until=file.lease_until)
        if mine.update(state=state, reason=reason, lease_until=None) and state == State.READ:
            PaperPiece.objects.filter(file=file).delete()
