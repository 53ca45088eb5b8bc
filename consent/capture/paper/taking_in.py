"""Pages that were read become drafts: each once, sealed, matched to what its code says, the doubtful ones marked."""

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from consent import vault
from consent.capture.paper import kept
from consent.capture.paper.answers import EMPTY, NO, YES
from consent.models import CapturePoint, NoticeVersion, PaperBatch, PaperFile, PaperPage, Purpose
from consent.paper.code import Sheet
from consent.paper.result import Box, Mark, PageReading, Presence

OTHER_COMPANY = "other_company"


def store(
    file: PaperFile, number: int, parts: Iterable[PageReading], *, original: bytes, media_type: str
) -> None:
    """Keep what was read of one page of a file, and note that this page is done; all of it or nothing.

    `original` is the page as it came; empty where several sheets lie in one picture, because it would show each person
    the others.
    """
    drafts = [_draft(file, number, reading) for reading in parts]
    alone = original if len(drafts) == 1 else b""
    with transaction.atomic():
        for draft in drafts:
            draft.original = kept.seal("original", draft.pk, alone) if alone else b""
            draft.media_type = media_type
        PaperPage.objects.bulk_create(drafts, ignore_conflicts=True)
        PaperFile.objects.filter(pk=file.pk, done__lte=number).update(done=number + 1)


def _draft(file: PaperFile, number: int, read: PageReading) -> PaperPage:
    pk = vault.new_id()
    point, version = _places(file.batch, read.sheet)
    reason = str(read.reason or "")
    if read.sheet and point is None:
        reason = reason or OTHER_COMPANY
    return PaperPage(
        id=pk, batch=file.batch, file=file, number=number, part=read.part, reason=reason, doubt=_doubt(read),
        copy=kept.seal("copy", pk, read.picture) if read.picture else b"",
        reading=kept.seal_values("reading", pk, _values(file.batch, read)),
        picture=vault.digest("paper picture", read.fingerprint) if read.fingerprint else None,
        serial=read.sheet.serial if read.sheet and point else "",
        point=point, version=version, language=read.sheet.language if read.sheet and point else "",
    )  # fmt: skip


def _places(batch: PaperBatch, sheet: Sheet | None) -> tuple[CapturePoint | None, NoticeVersion | None]:
    """The capture point and notice version that a sheet's code names, if they are of the batch's company."""
    if sheet is None:
        return None, None
    point = CapturePoint.objects.filter(pk=sheet.point, company=batch.company_id).first()
    version = NoticeVersion.objects.filter(pk=sheet.version, notice__company=batch.company_id).first()
    return (point, version) if point and version else (None, None)


def _values(batch: PaperBatch, read: PageReading) -> dict[str, Any]:
    rows = read.sheet.rows if read.sheet else ()
    names = {
        purpose.pk: purpose.slug
        for purpose in Purpose.objects.filter(company=batch.company_id, pk__in=[row.purpose for row in rows])
    }
    marks: dict[str, list[Box]] = {}
    for box in read.boxes:
        if box.purpose in names:
            marks.setdefault(f"{names[box.purpose]}.{box.channel}", []).append(box)
    said = {key: _said(boxes) for key, boxes in marks.items()}
    return {
        "rows": [[row.purpose, row.channel] for row in rows],
        "boxes": {key: value for key, value in said.items() if value},
        "unsure": sorted(key for key, value in said.items() if not value),
        "signature": str(read.signature),
        "digits": read.digits,
        "crops": {name: b64encode(crop).decode() for name, crop in read.crops.items()},
    }


def _said(boxes: Iterable[Box]) -> str:
    """What the two boxes of a row say; "" where a person must decide."""
    marks = {box.is_yes: box.mark for box in boxes}
    yes, no = marks.get(True), marks.get(False)
    if (yes, no) == (Mark.TICKED, Mark.EMPTY):
        return YES
    if (yes, no) == (Mark.EMPTY, Mark.TICKED):
        return NO
    return EMPTY if (yes, no) == (Mark.EMPTY, Mark.EMPTY) else ""


def _doubt(read: PageReading) -> float:
    """How unsure the machine is of a page: of the worst of what it read."""
    if read.reason or not read.boxes or read.signature == Presence.UNSURE:
        return 1.0
    return round(1 - min(box.confidence if box.mark != Mark.UNSURE else 0.0 for box in read.boxes), 4)
