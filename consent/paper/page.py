"""One page is read: sheets found, laid flat, boxes measured, fields cut out."""

import hashlib

import cv2
import numpy as np

from consent.paper import boxes, corners, decoding
from consent.paper.boxes import Floats
from consent.paper.corners import SCALE, Found
from consent.paper.decoding import File, Picture
from consent.paper.layout import Layout, Rect
from consent.paper.result import Box, Mark, PageReading, Presence, Reason

SHOWN = 6  # pixels a millimetre, of the picture that staff see
QUALITY = 80
LONG_SHOWN = 1800  # pixels, of a page on which no sheet was found
LEVEL = 0.45  # ink is at least this dark, as a share of how dark print is
FRAMES_SEEN = 0.75  # share of the frames that must be where they should
BLANK_SHARE, BLURRED = 0.0008, 12.0


def read(file: File, page: int) -> tuple[PageReading, ...]:
    """Every sheet on a page, at least one reading. Raises decoding.Unreadable."""
    picture = decoding.picture(file, page)
    grey = _grey(picture)
    fingerprint = hashlib.sha256(repr(grey.shape).encode() + grey.tobytes()).hexdigest()
    found = corners.find(grey)
    if not found:
        return (_not_found(picture, grey, page, fingerprint),)
    return tuple(_sheet(picture, one, page, part, fingerprint) for part, one in enumerate(found))


def _sheet(picture: Picture, found: Found, page: int, part: int, fingerprint: str) -> PageReading:
    flat = corners.laid_flat(picture, found) if found.flat is not None else None
    if flat is not None:
        dark = boxes.even(_grey(flat))
        level = LEVEL * boxes.black_of(dark, found.place)
        read = _boxes(dark, found, level)
        if read is not None:
            signature = boxes.written(dark, _inside(found.place.signature), level=level)
            return PageReading(
                page=page,
                part=part,
                code=found.text,
                sheet=found.sheet,
                boxes=read,
                signature=boxes.signed(signature),
                crops=_crops(flat, found.place),
                picture=_jpeg(_scaled(flat, SHOWN / SCALE)),
                fingerprint=fingerprint,
            )  # fmt: skip
    return PageReading(
        page=page,
        part=part,
        reason=Reason.NO_CORNERS,
        code=found.text,
        sheet=found.sheet,
        signature=Presence.UNSURE,
        crops={},
        picture=_shown(picture),
        fingerprint=fingerprint,
    )


def _not_found(picture: Picture, grey: Picture, page: int, fingerprint: str) -> PageReading:
    return PageReading(
        page=page, reason=_why(grey), crops={}, picture=_shown(picture), fingerprint=fingerprint
    )


def _why(grey: Picture) -> Reason:
    small = _scaled(grey, 0.5)
    dark = boxes.even(small)
    if float((dark > 0.3).mean()) < BLANK_SHARE:
        return Reason.BLANK
    # The sharpest edges of a page in focus are steep, whatever stands on it.
    steep = np.abs(cv2.Laplacian(cv2.GaussianBlur(small, (0, 0), 1), cv2.CV_32F))
    return Reason.TOO_BLURRED if float(np.percentile(steep, 99.5)) < BLURRED else Reason.NO_CODE


def _boxes(dark: Floats, found: Found, level: float) -> tuple[Box, ...] | None:
    """The boxes of every row; None where their frames are not where they should be."""
    read: list[Box] = []
    seen = 0
    for number, (row, place) in enumerate(zip(found.sheet.rows, found.place.rows, strict=True)):
        for is_yes, (frame, clear) in zip((True, False), boxes.frames(dark, place), strict=True):
            is_clear = clear >= boxes.FRAME_SEEN * level / LEVEL
            seen += is_clear
            mark, confidence = boxes.judged(boxes.ink(dark, frame, level=level))
            if not is_clear:
                mark, confidence = Mark.UNSURE, 0.0
            read.append(
                Box(
                    row=number,
                    purpose=row.purpose,
                    channel=row.channel,
                    is_yes=is_yes,
                    mark=mark,
                    confidence=confidence,
                )
            )
    return tuple(_agreed(read)) if seen >= FRAMES_SEEN * len(read) else None


def _agreed(read: list[Box]) -> list[Box]:
    """A yes and a no ticked together say nothing: a person must look at what was meant."""
    out: list[Box] = []
    for yes, no in zip(read[::2], read[1::2], strict=True):
        if yes.mark == no.mark == Mark.TICKED:
            out += [_unsure(yes), _unsure(no)]
        else:
            out += [yes, no]
    return out


def _unsure(box: Box) -> Box:
    return Box(
        row=box.row,
        purpose=box.purpose,
        channel=box.channel,
        is_yes=box.is_yes,
        mark=Mark.UNSURE,
        confidence=0.0,
    )


def _inside(signature: Rect) -> Rect:
    """Without the line to sign on."""
    return Rect(signature.x + 1, signature.y + 0.5, signature.w - 2, signature.h - 1.7)


def _crops(flat: Picture, place: Layout) -> dict[str, bytes]:
    fields = {"number": place.number, "name": place.name, "date": place.date, "signature": place.signature}
    fields |= {f"row-{number}": row.whole for number, row in enumerate(place.rows)}
    return {name: _jpeg(_cut(flat, rect.grown(2))) for name, rect in fields.items()}


def _cut(flat: Picture, rect: Rect) -> Picture:
    left, top = max(0, round(rect.x * SCALE)), max(0, round(rect.y * SCALE))
    return flat[top : round((rect.y + rect.h) * SCALE), left : round((rect.x + rect.w) * SCALE)]


def _shown(picture: Picture) -> bytes:
    factor = min(1.0, LONG_SHOWN / max(picture.shape[:2]))
    return _jpeg(_scaled(picture, factor))


def _scaled(picture: Picture, factor: float) -> Picture:
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _jpeg(picture: Picture) -> bytes:
    """Pixels and nothing else: no place, no device, no thumbnail of what was there before."""
    colours = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    _done, content = cv2.imencode(".jpg", colours, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return content.tobytes()


def _grey(picture: Picture) -> Picture:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture  # type: ignore[return-value]
