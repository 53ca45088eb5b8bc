"""One page is read: sheets found, laid flat, boxes measured, fields cut out."""

import hashlib
from dataclasses import replace

import cv2
import numpy as np

from consent.paper import boxes, corners, decoding
from consent.paper.corners import Found
from consent.paper.decoding import File, Picture
from consent.paper.layout import Layout, Rect
from consent.paper.result import Box, Mark, PageReading, Presence, Reason

SHOWN = 7  # pixels a millimetre, of the picture that staff see
QUALITY = 80
LONG_SHOWN = 1800  # pixels, of a page on which no sheet was found
SURE_MARKS = 3  # with fewer the boxes themselves say how the sheet lies
FRAMES_SEEN = 0.75  # share of the frames that must be where they should
BLANK_SHARE, BLURRED = 0.0008, 12.0


def read(file: File, page: int) -> tuple[PageReading, ...]:
    """Every sheet on a page, at least one reading. Raises decoding.Unreadable."""
    picture = decoding.picture(file, page)
    grey = _grey(picture)
    grey = _scaled(grey, min(1.0, decoding.LONG_SIDE / max(grey.shape)))
    fingerprint = hashlib.sha256(repr(grey.shape).encode() + grey.tobytes()).hexdigest()
    found = corners.find(grey)
    if not found:
        return (_not_found(picture, grey, page, fingerprint),)
    return tuple(_sheet(picture, grey, one, page, part, fingerprint) for part, one in enumerate(found))


def _sheet(
    picture: Picture, grey: Picture, found: Found, page: int, part: int, fingerprint: str
) -> PageReading:
    if found.flat is not None:
        dark = boxes.even(corners.laid_flat(grey, found))
        if found.marks < SURE_MARKS:
            found = _by_boxes(dark, found)
            dark = boxes.even(corners.laid_flat(grey, found))
        black = boxes.black_of(dark, found.place)
        is_lost = boxes.loses_lines(picture, dark, found.place, black=black)
        read = _boxes(dark, found, black, is_lost=is_lost)
        if read is not None:
            shown = corners.laid_flat(
                picture, found, scale=SHOWN, enlarged=max(picture.shape) / max(grey.shape)
            )
            field = _inside(found.place.signature)
            written = boxes.written(dark, field, black=black)
            faint = boxes.faint(dark, [field], black=black)[0]
            return PageReading(
                page=page,
                part=part,
                code=found.text,
                sheet=found.sheet,
                boxes=read,
                signature=boxes.signed(written, faint=faint, is_lost=is_lost),
                crops=_crops(shown, found.place),
                picture=_jpeg(shown),
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


def _by_boxes(dark: Picture, found: Found) -> Found:
    """A sheet of which marks are missing, laid flat anew by those boxes whose frames are clear."""
    black = boxes.black_of(dark, found.place)
    clear: list[tuple[Rect, Rect]] = []
    for row in found.place.rows:
        for place, (frame, shown) in zip((row.yes, row.no), boxes.frames(dark, row), strict=True):
            if shown >= boxes.FRAME_SEEN * black:
                clear.append((place, frame))
    return corners.straightened(found, clear) if clear else found


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


def _boxes(dark: Picture, found: Found, black: float, *, is_lost: bool) -> tuple[Box, ...] | None:
    """The boxes of every row; None where their frames are not where they should be."""
    read: list[Box] = []
    seen = 0
    for number, place in enumerate(found.place.rows):
        frames = boxes.frames(dark, place)
        clear = [shown >= boxes.FRAME_SEEN * black for _frame, shown in frames]
        seen += sum(clear)
        shares = [boxes.ink(dark, frame, black=black) for frame, _shown in frames]
        judged = [
            boxes.judged(share) if sure else (Mark.UNSURE, 0.0)
            for share, sure in zip(shares, clear, strict=True)
        ]
        if {mark for mark, _confidence in judged} == {Mark.TICKED}:
            # A yes and a no ticked together say nothing: a person must see what was meant.
            judged = [(Mark.UNSURE, 0.0)] * 2
        elif {mark for mark, _confidence in judged} == {Mark.EMPTY}:
            pale = boxes.faint(dark, [frame.grown(-boxes.INSET) for frame, _shown in frames], black=black)
            near = [
                is_lost or strokes > 0 or boxes.around(dark, frame, black=black) > boxes.BESIDE
                for (frame, _shown), strokes in zip(frames, pale, strict=True)
            ]
            judged = [(Mark.UNSURE, 0.0) if close else one for one, close in zip(judged, near, strict=True)]
        row = found.sheet.rows[number]
        read += [
            Box(
                row=number,
                purpose=row.purpose,
                channel=row.channel,
                is_yes=is_yes,
                mark=mark,
                confidence=confidence,
            )
            for is_yes, (mark, confidence) in zip((True, False), judged, strict=True)
        ]
    if all(box.mark != Mark.TICKED for box in read):
        # Nobody hands in a sheet without an answer: what was written may be too pale for the scanner.
        read = [replace(box, mark=Mark.UNSURE, confidence=0.0) for box in read]
    return tuple(read) if seen >= FRAMES_SEEN * len(read) else None


def _inside(signature: Rect) -> Rect:
    """Without the line to sign on."""
    return Rect(signature.x + 1, signature.y + 0.5, signature.w - 2, signature.h - 1.7)


def _crops(shown: Picture, place: Layout) -> dict[str, bytes]:
    fields = {"number": place.number, "name": place.name, "date": place.date, "signature": place.signature}
    fields |= {f"row-{number}": row.whole for number, row in enumerate(place.rows)}
    return {name: _jpeg(_cut(shown, rect.grown(2))) for name, rect in fields.items()}


def _cut(shown: Picture, rect: Rect) -> Picture:
    left, top = max(0, round(rect.x * SHOWN)), max(0, round(rect.y * SHOWN))
    return shown[top : round((rect.y + rect.h) * SHOWN), left : round((rect.x + rect.w) * SHOWN)]


def _shown(picture: Picture) -> bytes:
    factor = min(1.0, LONG_SHOWN / max(picture.shape[:2]))
    return _jpeg(_scaled(picture, factor))


def _scaled(picture: Picture, factor: float) -> Picture:
    if factor == 1:
        return picture
    # A little smaller is done by a faster way that looks the same.
    how = cv2.INTER_AREA if factor < 0.6 else cv2.INTER_LINEAR
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=how)  # type: ignore[return-value]


def _jpeg(picture: Picture) -> bytes:
    """Pixels and nothing else: no place, no device, no thumbnail of what was there before."""
    colours = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    _done, content = cv2.imencode(".jpg", colours, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return content.tobytes()


def _grey(picture: Picture) -> Picture:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture  # type: ignore[return-value]
