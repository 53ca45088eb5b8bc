"""Finds sheets in a picture: their codes, their corner marks, and how to lay each of them flat."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import zxingcpp

from consent.paper import code, layout, limits
from consent.paper.code import Sheet
from consent.paper.decoding import Picture
from consent.paper.layout import Layout, Rect

type Points = np.ndarray[Any, np.dtype[np.float32]]

SCALE = 8  # pixels a millimetre, of a sheet laid flat
FAR = 0.35  # how far from where the code says a mark may be, as a share of the distance
ENOUGH_POINTS = 12  # four of each mark and of the code
ASTRAY = 0.25  # how far off the marks may put the code, as a share of its diagonal
CODE_LOOK = 1500  # pixels, of the picture in which codes are looked for first
NEAR_HALF = 0.06  # a factor so near to a half is made one
PAD = 16  # pixels of white around a picture in which codes and marks are looked for
_QR: Any = zxingcpp.BarcodeFormat.QRCode


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was read in a picture, and its corners there, clockwise from its upper left."""

    text: str
    sheet: Sheet
    corners: Points


@dataclass(frozen=True, slots=True)
class Found:
    """A sheet in a picture; `flat` takes millimetres on it to pixels, and is None where too few marks were found."""

    text: str
    sheet: Sheet
    place: Layout
    flat: Points | None
    marks: int
    known: Points  # corners of its code and marks on the sheet, and where they were seen
    seen: Points


def find(grey: Picture) -> list[Found]:
    """Every sheet in the picture, at most limits.SHEETS."""
    codes = read_codes(grey)
    if not codes:
        return []
    marks = _marks(grey, len(codes))
    if len(codes) == 1 and (alone := _alone(codes[0], marks)):
        return [alone]
    return [_found(one, marks) for one in codes[: limits.SHEETS]]


def read_codes(grey: Picture) -> list[Code]:
    """The codes of sheets in a picture; harder looks follow only where an easier one found nothing."""
    for look in _looks(grey):
        smaller, factor = look()
        # A code that touches the edge of the picture is found only with paper around it.
        picture = _framed(smaller)
        found: dict[str, Code] = {}
        for barcode in zxingcpp.read_barcodes(picture, formats=_QR, try_invert=False):
            try:
                sheet = code.read(barcode.text)
                layout.of(sheet.paper, len(sheet.rows))
            except (code.NotOurs, layout.TooManyRows):
                continue
            place = barcode.position
            ends = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
            corners = (np.array([(end.x, end.y) for end in ends], np.float32) - PAD) / factor
            found.setdefault(barcode.text, Code(barcode.text, sheet, corners))
        if found:
            return list(found.values())
    return []


def _looks(grey: Picture) -> Any:
    def reduced() -> tuple[Picture, float]:
        return _reduced(grey, CODE_LOOK)

    def whole() -> tuple[Picture, float]:
        return grey, 1.0

    def smoothed() -> tuple[Picture, float]:
        return cv2.medianBlur(grey, 3), 1.0  # type: ignore[return-value]

    def sharpened() -> tuple[Picture, float]:
        soft = cv2.GaussianBlur(grey, (0, 0), 3)
        return cv2.addWeighted(grey, 2.5, soft, -1.5, 0), 1.0  # type: ignore[return-value]

    def enlarged() -> tuple[Picture, float]:
        return _resized(grey, 2.0), 2.0

    return (reduced, whole, smoothed, sharpened, enlarged)


def _reduced(grey: Picture, long: int) -> tuple[Picture, float]:
    """About so many pixels long, and by which factor. Halves are made many times faster than what is near them."""
    factor = min(1.0, long / max(grey.shape))
    factor = 0.5 if abs(factor - 0.5) < NEAR_HALF else factor
    return _resized(grey, factor), factor


def _resized(grey: Picture, factor: float) -> Picture:
    if factor == 1:
        return grey
    how = cv2.INTER_AREA if factor < 0.6 else cv2.INTER_LINEAR
    return cv2.resize(grey, None, fx=factor, fy=factor, interpolation=how)  # type: ignore[return-value]


def _framed(grey: Picture) -> Picture:
    white: Any = cv2.BORDER_CONSTANT
    return cv2.copyMakeBorder(grey, PAD, PAD, PAD, PAD, white, value=255)  # type: ignore[return-value]


def _detector(smallest: float) -> cv2.aruco.ArucoDetector:
    settings = cv2.aruco.DetectorParameters()
    settings.adaptiveThreshWinSizeMin = 15
    settings.adaptiveThreshWinSizeMax = 45
    settings.adaptiveThreshWinSizeStep = 30
    settings.minMarkerPerimeterRate = smallest
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    words = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    return cv2.aruco.ArucoDetector(words, settings)


# How far around a mark is at least, as a share of the picture. On a sheet that fills half of it marks are well above
# the first, and letters, which take time, below.
_LARGE, _SMALL = _detector(0.05), _detector(0.02)
LOOKS = ((1300, False, _LARGE), (1300, False, _SMALL), (1900, True, _SMALL), (2700, False, _SMALL))


def _marks(grey: Picture, sheets: int) -> list[tuple[int, Points]]:
    """(which corner, its four corners) of every mark; looked for harder where some are missing."""
    best: list[tuple[int, Points]] = []
    for long, smooth, detector in LOOKS:
        smaller, factor = _reduced(grey, long)
        small = _framed(smaller)
        corners: Any
        ids: Any
        corners, ids, _rejected = detector.detectMarkers(cv2.medianBlur(small, 3) if smooth else small)
        if ids is None:
            continue
        pairs = zip(ids.ravel(), corners, strict=True)
        found = [(int(which), (one.reshape(4, 2) - PAD) / factor) for which, one in pairs if which < 4]
        best = max(best, found, key=len)
        if all(sum(which == corner for which, _one in best) >= sheets for corner in range(4)):
            break
    return best


def _alone(one: Code, marks: list[tuple[int, Points]]) -> Found | None:
    """The only sheet in a picture: its marks are those that are there once, however steeply it was photographed."""
    place = layout.of(one.sheet.paper, len(one.sheet.rows))
    count = [sum(which == corner for which, _seen in marks) for corner in range(4)]
    mine = [(which, seen) for which, seen in marks if count[which] == 1]
    if len(mine) < 3:
        return None
    on_sheet = _corners(place.code)
    known = np.concatenate([on_sheet, *(_corners(place.marks[which]) for which, _seen in mine)])
    seen = np.concatenate([one.corners, *(seen for _which, seen in mine)])
    flat = _flattened(known, seen, len(mine))
    if flat is None:
        return None
    # What was taken for a mark and is none puts the code where it is not.
    off = np.linalg.norm(cv2.perspectiveTransform(on_sheet[None], flat)[0] - one.corners, axis=1).max()
    if off > ASTRAY * np.linalg.norm(one.corners[0] - one.corners[2]):
        return None
    return Found(one.text, one.sheet, place, flat, len(mine), known, seen)


def _found(one: Code, marks: list[tuple[int, Points]]) -> Found:
    place = layout.of(one.sheet.paper, len(one.sheet.rows))
    on_sheet, in_picture = [_corners(place.code)], [one.corners]
    mine = 0
    # From the mark nearest to the code to the farthest: each one found says better where the next should be.
    middle = _corners(place.code).mean(axis=0)
    order = sorted(range(4), key=lambda i: float(np.hypot(*(_corners(place.marks[i]).mean(axis=0) - middle))))
    for which in order:
        known, seen = np.concatenate(on_sheet), np.concatenate(in_picture)
        guess = _guess(known, seen, _corners(place.marks[which]))
        size = float(np.linalg.norm(guess[0] - guess[2]))
        reach = max(1.5 * size, FAR * float(np.linalg.norm(guess.mean(axis=0) - one.corners.mean(axis=0))))
        near = [
            (float(np.linalg.norm(c.mean(axis=0) - guess.mean(axis=0))), c) for i, c in marks if i == which
        ]
        near = [
            (far, c) for far, c in near if far < reach and 0.5 < float(np.linalg.norm(c[0] - c[2])) / size < 2
        ]
        if near:
            on_sheet.append(_corners(place.marks[which]))
            in_picture.append(min(near, key=lambda pair: pair[0])[1])
            mine += 1
    known, seen = np.concatenate(on_sheet), np.concatenate(in_picture)
    return Found(one.text, one.sheet, place, _flattened(known, seen, mine), mine, known, seen)


def _flattened(known: Points, seen: Points, marks: int) -> Any:
    """How the sheet lies in the picture; with a single mark only as far as turn, scale and slant tell."""
    if marks == 0:
        return None
    if marks == 1:
        turn: Any
        turn, _inliers = cv2.estimateAffine2D(known, seen)
        return None if turn is None else np.vstack([turn, (0, 0, 1)])
    # The corners of a code are less exact than those of marks; with three marks it is not needed.
    flat, _inliers = cv2.findHomography(known[4:] if marks > 2 else known, seen[4:] if marks > 2 else seen, 0)
    return flat


def straightened(found: Found, frames: list[tuple[Rect, Rect]]) -> Found:
    """The sheet laid flat anew by the frames of boxes as well: each as it should be on the sheet, and as it was."""
    should = np.concatenate([_corners(place) for place, _was in frames])
    were: Any = np.concatenate([_corners(was) for _place, was in frames])
    known, laid = np.concatenate([found.known, should]), np.asarray(found.flat)
    seen = np.concatenate([found.seen, cv2.perspectiveTransform(were[None], laid)[0]])
    flat: Any
    flat, _inliers = cv2.findHomography(known, seen, 0)
    return replace(found, flat=flat) if flat is not None else found


def _guess(known: Points, seen: Points, wanted: Points) -> Points:
    """Where points of the sheet should be in the picture, by a turn, a scale and a shift; perspective with more."""
    if len(known) >= ENOUGH_POINTS:
        flat, _inliers = cv2.findHomography(known, seen, 0)
        if flat is not None:
            return cv2.perspectiveTransform(wanted[None], flat)[0]  # type: ignore[no-any-return]
    turn: Any
    turn, _inliers = cv2.estimateAffinePartial2D(known, seen)
    if turn is None:
        return np.full_like(wanted, -1e6)
    return cv2.transform(wanted[None], turn)[0]  # type: ignore[no-any-return]


def _corners(rect: Rect) -> Points:
    x, y, w, h = rect.x, rect.y, rect.w, rect.h
    return np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], np.float32)


def laid_flat(picture: Picture, found: Found, *, scale: int = SCALE, enlarged: float = 1.0) -> Picture:
    """The sheet, upright, `scale` pixels a millimetre; what lies outside the picture is white.

    `enlarged` says how much larger `picture` is than the one in which the sheet was found.
    """
    shrunk = np.diag([1 / scale, 1 / scale, 1.0])
    larger = np.diag([enlarged, enlarged, 1.0])
    size = round(found.place.width * scale), round(found.place.height * scale)
    return cv2.warpPerspective(  # type: ignore[return-value]
        picture, larger @ found.flat @ shrunk, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(255, 255, 255),
    )  # fmt: skip
