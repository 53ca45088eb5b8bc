"""A pen and a feeder: printed sheets are crossed, dated and signed, and come back as one PDF of pictures."""

import io
from collections.abc import Sequence

import pypdfium2
from PIL import Image, ImageDraw, ImageFilter

from consent.paper import layout
from consent.paper.layout import Rect

DPI = 150
INK = (20, 30, 120)


def printed(pdf: bytes) -> list[Image.Image]:
    """The pages of a PDF as paper."""
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.render(scale=DPI / 72).to_pil().convert("RGB") for page in document]
    document.close()
    return pages


def signed(
    page: Image.Image, *, rows: int, yes: Sequence[int], number: str = "", signs: bool = True
) -> Image.Image:
    """A sheet after somebody filled it in: a cross in the yes of some rows and in the no of the others."""
    sheet, place = page.copy(), layout.of("a4", rows)
    pen = ImageDraw.Draw(sheet)
    for row, boxes in enumerate(place.rows):
        _cross(pen, boxes.yes if row in yes else boxes.no)
    for digit, box in zip(number, place.digits, strict=False):
        pen.text(_at(box.x + box.w / 3, box.y + box.h / 4), digit, fill=INK, font_size=26)
    if signs:
        line = place.signature
        points = [
            _at(line.x + 10 + step * 3, line.y + line.h * (0.35 if step % 2 else 0.75)) for step in range(12)
        ]
        pen.line(points, fill=INK, width=3, joint="curve")
        pen.text(_at(place.date.x + 6, place.date.y + 4), "27/11/2026", fill=INK, font_size=26)
    return sheet


def torn(page: Image.Image) -> Image.Image:
    """A page that the feeder has crumpled: nothing on it can be read."""
    return page.filter(ImageFilter.GaussianBlur(30))


def scanned(pages: Sequence[Image.Image]) -> bytes:
    """The pages through a feeder, each a little askew, as one PDF."""
    turned = [
        page.rotate((-1) ** number * 1.5, fillcolor="white", resample=Image.Resampling.BICUBIC)
        for number, page in enumerate(pages)
    ]
    out = io.BytesIO()
    turned[0].save(out, format="PDF", save_all=True, append_images=turned[1:], resolution=DPI, quality=70)
    return out.getvalue()


def _cross(pen: ImageDraw.ImageDraw, box: Rect) -> None:
    left, top = _at(box.x + 0.8, box.y + 0.8)
    right, bottom = _at(box.x + box.w - 0.8, box.y + box.h - 0.8)
    pen.line([(left, top), (right, bottom)], fill=INK, width=4)
    pen.line([(left, bottom), (right, top)], fill=INK, width=4)


def _at(x: float, y: float) -> tuple[float, float]:
    return x / 25.4 * DPI, y / 25.4 * DPI
