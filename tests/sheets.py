"""Signed sheets of Café Aurora: batches, pages as the reader hands them over, and staff who check them."""

import io
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from PIL import Image, ImageDraw

from consent.capture.paper import answers, asked, checking, taking_in, uploading
from consent.capture.paper.answers import Answer
from consent.models import PaperBatch, PaperFile, PaperPage
from consent.paper.code import Row, Sheet, new_serial
from consent.paper.result import Box, Mark, PageReading, Presence
from consent.sample import Sample

ANA = "staff:1"
BRUNO = "staff:2"
CLARA = "staff:3"


def batch(aurora: Sample, **changes: Any) -> PaperBatch:
    """A pile of sheets from the shop, which nobody checks twice unless `policy` says so."""
    values = {
        "company": aurora.company, "point": aurora.point, "version": aurora.version, "language": "pt-BR",
        "place": "Loja da Rua Augusta", "policy": "none", "seed": "seed", "box": "7", "shelf": "B2", "made_by": ANA,
        "made_at": timezone.now(),
    }  # fmt: skip
    return PaperBatch.objects.create(**(values | changes))


def picture(text: str = "", *, size: tuple[int, int] = (300, 420), **save: Any) -> bytes:
    """A JPEG with something on it."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((20, 20), text, fill="black")
    out = io.BytesIO()
    image.save(out, **({"format": "JPEG"} | save))
    return out.getvalue()


def file(of: PaperBatch, content: bytes = b"", *, name: str = "scan.jpg", by: str = ANA) -> PaperFile:
    """A file that has arrived."""
    content = content or picture()
    return uploading.take(of, name=name, size=len(content), pieces=[content], by=by)


def code(aurora: Sample, *, serial: str = "") -> Sheet:
    """What the code of a sheet of the sample point says."""
    rows = tuple(Row(offer.purpose_id, offer.channel) for offer in aurora.point.offers.all())
    return Sheet(
        serial=serial or new_serial(), point=aurora.point.pk, version=aurora.version.pk, language="pt-BR",
        paper="a4", rows=rows,
    )  # fmt: skip


def read(
    sheet: Sheet | None = None, *, page: int = 0, ticked: tuple[int, ...] = (0,), **changes: Any
) -> PageReading:
    """One page as the reader hands it over, with a yes in some rows."""
    rows = sheet.rows if sheet else ()
    boxes = tuple(
        Box(row=number, purpose=row.purpose, channel=row.channel, is_yes=is_yes, confidence=0.99,
            mark=Mark.TICKED if is_yes and number in ticked else Mark.EMPTY)
        for number, row in enumerate(rows)
        for is_yes in (True, False)
    )  # fmt: skip
    shown = picture(sheet.serial if sheet else "a form of our own")
    crops = {"number": picture("11", size=(900, 70))}
    values: dict[str, Any] = {
        "page": page, "sheet": sheet, "boxes": boxes, "signature": Presence.PRESENT, "crops": crops,
        "picture": shown, "fingerprint": new_serial(),
    }  # fmt: skip
    return PageReading(**(values | changes))


def draft(
    of: PaperBatch, reading: PageReading | None = None, *, original: bytes = b"the page as it came"
) -> PaperPage:
    """A page that was read and waits to be checked."""
    came = file(of)
    taking_in.store(came, 0, [reading or read()], original=original, media_type="image/jpeg")
    PaperFile.objects.filter(pk=came.pk).update(state="read")
    return page(PaperPage.objects.get(file=came))


def page(found: PaperPage) -> PaperPage:
    """The same page as it is now."""
    return PaperPage.objects.select_related("batch__company", "batch__point", "file", "point").get(
        pk=found.pk
    )


def filled(
    of: PaperPage, *, number: str = "(11) 98765-4321", signed_on: str = "", yes: tuple[str, ...] = ("novidades.sms",),
    no: tuple[str, ...] = (), **more: str,
) -> Answer:  # fmt: skip
    """What a member of staff types of a sheet; signed yesterday where no day is given."""
    words = asked.asked(of)
    assert words is not None
    boxes = {f"box.{key}": "yes" for key in yes} | {f"box.{key}": "no" for key in no}
    day = signed_on or yesterday(of.batch)
    fields = {"verdict": "filled", "number": number, "signed_on": day, "name": "Ana Lima", **boxes, **more}
    return answers.read(fields, words, now=timezone.now())


def yesterday(of: PaperBatch) -> str:
    """The day before today where the company is."""
    return (timezone.localdate(timezone=ZoneInfo(of.company.time_zone)) - timedelta(days=1)).isoformat()


def checked(of: PaperPage, answer: Answer | None = None, *, by: str = ANA, look: int = 1) -> PaperPage:
    """A page after somebody looked at it."""
    checking.check(of, answer or filled(of), by=by, look=look, at=timezone.now())
    return page(of)
