"""Where the paper lies and when it went: noted in the batch, and in the log."""

from datetime import date, datetime

from django.db import transaction

from consent import journal
from consent.models import PaperBatch, PaperFile, PaperPage, PaperPiece

State = PaperPage.State
OVER = (State.COMMITTED, State.ASIDE)


def note(batch: PaperBatch, what: str, *, by: str, at: datetime) -> None:
    """Write into the log that a batch was "made", "changed" or "destroyed"."""
    journal.write("batch", company=batch.company, at=at, batch=str(batch.pk), what=what, entity=by)


def destroy(batch: PaperBatch, *, on: date, by: str, at: datetime) -> bool:
    """Note that the paper of a batch was destroyed; what was set aside goes with it. False while work is left.

    The scans of committed sheets stay with their people, and go when those are erased.
    """
    with transaction.atomic():
        batch = PaperBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        unread = batch.files.filter(state__in=(PaperFile.State.ARRIVING, PaperFile.State.WAITING))
        if unread.exists() or batch.pages.exclude(state__in=OVER).exists():
            return False
        batch.destroyed_on, batch.destroyed_by = on, by
        batch.save(update_fields=["destroyed_on", "destroyed_by"])
        forget(batch)
        note(batch, "destroyed", by=by, at=at)
    return True


def forget(batch: PaperBatch) -> None:
    """Delete what is still kept of sheets that became no record."""
    for page in batch.pages.filter(state=State.ASIDE):
        page.checks.update(answer=b"", lookup=None)
    batch.pages.filter(state=State.ASIDE).update(
        original=b"", copy=b"", reading=b"", agreed=b"", picture=None, person=None
    )
    PaperPiece.objects.filter(file__batch=batch).delete()
