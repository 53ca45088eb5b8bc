"""How much ink stands in a box or a field of a sheet that was laid flat, and what that means."""

from typing import Any

import cv2
import numpy as np

from consent.paper.corners import SCALE
from consent.paper.decoding import Picture
from consent.paper.layout import BOX, STROKE, Layout, Rect, RowPlace
from consent.paper.result import Mark, Presence

type Floats = np.ndarray[Any, np.dtype[np.float32]]

SEARCH = 3.5  # millimetres that a frame may have moved on paper that is not flat
INSET = 0.85  # millimetres from the frame's middle line to where ink of the frame has ended
FRAME_SEEN = 0.25  # how dark a frame must stand out, from 0 to 1
PALEST = 0.3  # how dark the rim of a mark is at least; where it is not, the mark is cut off or hidden
LEVEL = 0.3  # ink is at least this dark, as a share of how dark print is
FLOOR, SPREAD = 0.1, 2.2  # for ink that is paler: less than the floor is paper, and how it compares
EMPTY, TICKED = 0.025, 0.055  # share of the inside that is ink
BESIDE = 1.5  # square millimetres of ink around a box that is empty
FAINT, GRAIN = 0.08, 4.0  # a hard pencil is darker than paper by so much of print, and than its grain
FAINT_STROKE = 0.5  # square millimetres of one such stroke
SPECK = 0.10  # square millimetres that are dirt
THIN, ASTRAY = 0.15, 1.2  # a thin line is darker than so much of print, and so many millimetres off at most
THIN_SEEN = 0.85  # share of the thin lines that a scan in black and white must have kept
SIGNED, UNSIGNED = 6.0, 0.5  # square millimetres of ink
TRACES = 1.0  # square millimetres of what may be the rest of a signature


def even(grey: Picture) -> Picture:
    """Darkness from 0 (paper) to 255 (black), with shadows taken out: each pixel beside the paper around it."""
    small = cv2.resize(grey, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((5, 5), np.uint8)), 9)
    paper = cv2.GaussianBlur(paper, (0, 0), 3)
    full = cv2.resize(paper, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    return cv2.bitwise_not(cv2.divide(grey, full, scale=255))  # type: ignore[return-value]


def frames(dark: Picture, row: RowPlace) -> tuple[tuple[Rect, float], tuple[Rect, float]]:
    """Where the frames of a row's yes and no really are, each with how clearly it is seen from 0 to 1."""
    maps = [_ring_map(dark, box) for box in (row.yes, row.no)]
    # Both moved by almost the same, so each helps the other where ink hides it.
    both = maps[0] + maps[1]
    _least, _most, _where, (x, y) = cv2.minMaxLoc(both)
    return _near(maps[0], row.yes, x, y), _near(maps[1], row.no, x, y)


def _ring_map(dark: Picture, box: Rect) -> Floats:
    area = _cut(dark, box.grown(SEARCH + 1))
    return cv2.matchTemplate(area, _RING, cv2.TM_CCORR)  # type: ignore[return-value]


def _near(scores: Floats, box: Rect, x: int, y: int) -> tuple[Rect, float]:
    reach = SCALE  # a millimetre around where both agree
    top, left = max(0, y - reach), max(0, x - reach)
    part = scores[top : y + reach + 1, left : x + reach + 1]
    _least, most, _where, (dx, dy) = cv2.minMaxLoc(part)
    middle = SEARCH * SCALE
    moved_x, moved_y = (left + dx - middle) / SCALE, (top + dy - middle) / SCALE
    # What fits best at the edge of where it is looked for is something else.
    is_frame = max(abs(moved_x), abs(moved_y)) < SEARCH - 1 / SCALE
    return Rect(box.x + moved_x, box.y + moved_y, box.w, box.h), float(np.clip(most, 0, 1)) * is_frame


def _ring() -> Floats:
    """Dark on the frame, light just outside of it; what is written inside does not matter."""
    side = round((BOX + 2) * SCALE)
    line = round(STROKE * SCALE)
    edge = SCALE - line // 2
    ring = np.zeros((side, side), np.float32)
    cv2.rectangle(ring, (edge, edge), (side - edge - 1, side - edge - 1), 1.0, -1)
    cv2.rectangle(ring, (edge + line, edge + line), (side - edge - line - 1, side - edge - line - 1), 0.0, -1)
    beside = np.zeros_like(ring)
    far = edge - line
    cv2.rectangle(beside, (far, far), (side - far - 1, side - far - 1), 1.0, -1)
    cv2.rectangle(beside, (edge - 1, edge - 1), (side - edge, side - edge), 0.0, -1)
    return (ring / ring.sum() - 0.7 * beside / beside.sum()).astype(np.float32)


_RING = _ring()
_ASIDE = np.ones((3, 1), np.uint8)


def black_of(dark: Picture, place: Layout) -> float:
    """How dark print is on this page: the level of the corner marks' rims; blur and pale toner make it less."""
    levels = []
    for mark in place.marks:
        rim = _cut(dark, Rect(mark.x + 0.4, mark.y + 0.4, mark.w - 0.8, 0.7))
        levels.append(float(np.median(rim)) if rim.size else 0.0)
    seen = [level for level in levels if level > PALEST]
    return float(np.median(seen)) if seen else PALEST


def ink(dark: Picture, box: Rect, *, black: float) -> float:
    """The share of a box's inside that is ink, without specks.

    Counted in two ways, of which the larger holds: pixels that are dark enough, and darkness added up, which blur
    spreads but does not lessen. Dirt that darkens the whole inside alike counts in neither.
    """
    inside = _cut(dark, box.grown(-INSET))
    paper = min(float(np.median(inside)), 0.5 * black)
    summed = np.clip(cv2.GaussianBlur(inside, (0, 0), 0.8) - paper - FLOOR * black, 0, None).mean() / black
    return max(_area(inside, LEVEL * black) / inside.size, SPREAD * float(summed))


def around(dark: Picture, box: Rect, *, black: float) -> float:
    """Square millimetres of ink just outside a box: somebody may have circled it, or missed it."""
    outer, inner = box.grown(1.5), box.grown(0.6)
    both = [_area(_cut(dark, rect), LEVEL * black) / SCALE**2 for rect in (outer, inner)]
    return both[0] - both[1]


def written(dark: Picture, field: Rect, *, black: float) -> float:
    """Square millimetres of ink in a field."""
    return _area(_cut(dark, field), LEVEL * black) / SCALE**2


def faint(dark: Picture, rects: list[Rect], *, black: float) -> list[float]:
    """Square millimetres of strokes that may be paler than ink: a hard pencil, which nobody means to overlook.

    What paper is like is seen where the least is written: strokes make it look darker and coarser than it is.
    """
    parts: Any = [cv2.GaussianBlur(_cut(dark, rect), (0, 0), 1.2) for rect in rects]
    paper = min(float(np.median(part)) for part in parts)
    grain = min(1.48 * float(np.median(np.abs(part - np.median(part)))) for part in parts)
    level = paper + max(FAINT * black, GRAIN * grain)
    return [_area(part, level, speck=FAINT_STROKE) / SCALE**2 for part in parts]


def loses_lines(picture: Picture, dark: Picture, place: Layout, *, black: float) -> bool:
    """Whether a scan in black and white has lost thin lines that were printed: so it may have lost what was written.

    In grey and in colour what is pale is pale. Here it left no trace, and an empty box says nothing.
    """
    return _is_black_and_white(picture) and _thin_lines(dark, place, black=black) < THIN_SEEN


def _is_black_and_white(picture: Picture) -> bool:
    sample = picture[::4, ::4] if picture.ndim == 2 else picture[::4, ::4, 1]
    blacks, greys = int((sample < 64).sum()), int(((sample >= 64) & (sample < 192)).sum())
    return greys < blacks


def _thin_lines(dark: Picture, place: Layout, *, black: float) -> float:
    """The share that is seen of the lines around the digits, which are as thin and as pale as a pen writes."""
    seen = []
    for box in (*place.digits, *place.country):
        for line, is_upright in _lines(box):
            part = _cut(dark, line)
            dots = (part > THIN * black).astype(np.uint8)
            mask = cv2.dilate(dots.T if is_upright else dots, _ASIDE)
            seen.append(float(mask.mean(axis=1).max(initial=0.0)))
    return float(np.mean(seen))


def _lines(box: Rect) -> tuple[tuple[Rect, bool], ...]:
    """Where the four lines of a frame are, without its corners, and which are upright."""
    wide, high = box.w - 2, box.h - 2
    return (
        (Rect(box.x + 1, box.y - ASTRAY, wide, 2 * ASTRAY), False),
        (Rect(box.x + 1, box.y + box.h - ASTRAY, wide, 2 * ASTRAY), False),
        (Rect(box.x - ASTRAY, box.y + 1, 2 * ASTRAY, high), True),
        (Rect(box.x + box.w - ASTRAY, box.y + 1, 2 * ASTRAY, high), True),
    )


def _area(part: Floats, level: float, *, speck: float = SPECK) -> float:
    mask = (part > level).astype(np.uint8)
    count, _labels, stats, _centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    sizes = stats[1:count, cv2.CC_STAT_AREA]
    return float(sizes[sizes >= speck * SCALE**2].sum())


def _cut(dark: Picture, rect: Rect) -> Floats:
    x, y = round(rect.x * SCALE), round(rect.y * SCALE)
    part = dark[max(0, y) : y + round(rect.h * SCALE), max(0, x) : x + round(rect.w * SCALE)]
    return np.multiply(part, 1 / 255, dtype=np.float32)


def judged(share: float) -> tuple[Mark, float]:
    """What a share of ink means, and how sure that is."""
    if share <= EMPTY:
        return Mark.EMPTY, round(1 - 0.5 * share / EMPTY, 3)
    if share >= TICKED:
        return Mark.TICKED, round(min(1.0, 0.5 + 0.5 * (share - TICKED) / TICKED), 3)
    return Mark.UNSURE, 0.0


def signed(area: float, *, faint: float, is_lost: bool = False) -> Presence:
    """Whether ink in the field of the signature is one; `faint` is the area of whatever may be written there, and
    `is_lost` says that ink may have left no trace.
    """
    if area >= SIGNED:
        return Presence.PRESENT
    return Presence.ABSENT if area <= UNSIGNED and faint < TRACES and not is_lost else Presence.UNSURE
