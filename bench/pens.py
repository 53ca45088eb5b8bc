"""People fill in sheets: pens of all kinds, ticks of all kinds, and what else happens to paper on a counter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from consent.paper import layout
from consent.paper.code import Sheet
from consent.paper.layout import BOX, Layout, Rect

type Picture = np.ndarray[Any, np.dtype[np.uint8]]
type Random = np.random.Generator
type Stroke = list[tuple[float, float]]

INKS = {
    "black": (25, 25, 28), "blue": (30, 45, 140), "light blue": (60, 95, 180), "green": (30, 90, 60),
    "red": (170, 35, 40), "violet": (80, 40, 130), "pencil": (92, 92, 96), "felt": (15, 15, 15),
}  # fmt: skip
WIDTHS = {"pencil": (0.4, 0.7), "felt": (0.8, 1.4)}
MANNERS = ["check", "cross", "filled", "slash", "circle", "scribble", "sloppy", "small", "dash", "away"]


@dataclass(frozen=True, slots=True)
class Filled:
    """A sheet as it was filled in: for each row whether yes and no were meant, None where only a person can say."""

    sheet: Sheet
    picture: Picture
    answers: tuple[tuple[bool, bool] | None, ...]
    is_signed: bool


@dataclass(slots=True)
class Pen:
    """A pen over a page; strokes are in millimetres."""

    picture: Picture
    random: Random
    scale: float
    colour: tuple[int, int, int]
    width: float
    press: float

    def draw(self, stroke: Stroke, *, width: float | None = None) -> None:
        """One movement of the hand, with a tremble."""
        points = np.array(stroke, np.float64)
        points = points + self.random.normal(0, 0.06, points.shape)
        wide = (width or self.width) * self.random.uniform(0.85, 1.15)
        # Drawn on a layer of its own at twice the size, so that thin strokes have soft edges and some pressure.
        pad = wide + 1
        low, high = points.min(axis=0) - pad, points.max(axis=0) + pad
        left, top = (max(0, int(value * self.scale)) for value in low)
        right, bottom = (int(value * self.scale) + 1 for value in high)
        part = self.picture[top:bottom, left:right]
        if not part.size:
            return
        layer = np.zeros((part.shape[0] * 2, part.shape[1] * 2), np.uint8)
        pixels = np.round((points * self.scale - (left, top)) * 2 * 16).astype(np.int32)
        thick = max(1, round(wide * self.scale * 2))
        cv2.polylines(layer, [pixels], False, 255, thick, cv2.LINE_AA, 4)
        cover = cv2.resize(layer, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA) / 255
        cover = (cover * self.press)[:, :, None]
        part[:] = (part * (1 - cover) + np.array(self.colour) * cover).astype(np.uint8)


def pen(picture: Picture, random: Random, scale: float) -> Pen:
    """Some pen, as they lie about."""
    name = str(random.choice(list(INKS), p=[0.28, 0.34, 0.1, 0.04, 0.05, 0.04, 0.08, 0.07]))
    width = float(random.uniform(*WIDTHS.get(name, (0.3, 0.7))))
    press = float(random.uniform(0.72, 0.95) if name == "pencil" else random.uniform(0.85, 1.0))
    return Pen(picture, random, scale, INKS[name], width, press)


def fill(printed: Picture, sheet: Sheet, random: Random) -> Filled:
    """A printed sheet, RGB, filled in by somebody; everything follows from the random numbers."""
    picture = printed.copy()
    place = layout.of(sheet.paper, len(sheet.rows))
    hand = pen(picture, random, picture.shape[1] / place.width)
    manner = str(random.choice(MANNERS))
    answers = tuple(_answer(hand, row.yes, row.no, manner) for row in place.rows)
    _number(hand, place)
    _words(hand, place.name)
    _words(hand, place.date, short=True)
    is_signed = bool(random.random() < 0.93)
    if is_signed:
        _signature(hand, place.signature)
    if random.random() < 0.15:
        _stray(hand, place)
    return Filled(sheet, picture, answers, is_signed)


def _answer(hand: Pen, yes: Rect, no: Rect, usual: str) -> tuple[bool, bool] | None:
    chance = hand.random.random()
    manner = usual if hand.random.random() < 0.85 else str(hand.random.choice(MANNERS))
    if chance < 0.06:
        return False, False
    if chance < 0.075:  # changed their mind: struck out one, ticked the other
        first, second = (yes, no) if hand.random.random() < 0.5 else (no, yes)
        tick(hand, first, "check")
        tick(hand, first, "scribble")
        tick(hand, second, "cross")
        return None
    is_yes = bool(hand.random.random() < 0.6)
    tick(hand, yes if is_yes else no, manner)
    return is_yes, not is_yes


def tick(hand: Pen, box: Rect, manner: str) -> None:
    """A mark in a box."""
    MARKS[manner](hand, box)


def _at(hand: Pen, box: Rect, x: float, y: float, loose: float = 0.05) -> tuple[float, float]:
    dx, dy = hand.random.normal(0, loose, 2)
    return box.x + (x + dx) * BOX, box.y + (y + dy) * BOX


def _check(hand: Pen, box: Rect, *, far: float = 0.95, loose: float = 0.06) -> None:
    end = _at(hand, box, far, 0.1 - (far - 0.95) * 0.6, loose)
    hand.draw([_at(hand, box, 0.12, 0.5, loose), _at(hand, box, 0.4, 0.85, loose), end])


def _cross(hand: Pen, box: Rect) -> None:
    over = hand.random.uniform(-0.08, 0.2)
    hand.draw([_at(hand, box, 0 - over, 0 - over), _at(hand, box, 1 + over, 1 + over)])
    hand.draw([_at(hand, box, 1 + over, 0 - over), _at(hand, box, 0 - over, 1 + over)])


def _filled(hand: Pen, box: Rect) -> None:
    steps = int(hand.random.integers(7, 14))
    zigzag = [_at(hand, box, 0.1 if i % 2 else 0.9, 0.1 + 0.8 * i / steps, 0.03) for i in range(steps + 1)]
    hand.draw(zigzag, width=max(hand.width, 0.5))


def _slash(hand: Pen, box: Rect) -> None:
    over = hand.random.uniform(-0.1, 0.25)
    hand.draw([_at(hand, box, 0 - over, 1 + over), _at(hand, box, 1 + over, 0 - over)])


def _circle(hand: Pen, box: Rect) -> None:
    size = hand.random.uniform(0.25, 0.42)
    turns = np.linspace(0, 2.2 * np.pi, 24) + hand.random.uniform(0, 6)
    hand.draw([_at(hand, box, 0.5 + size * np.cos(t), 0.5 + size * np.sin(t), 0.02) for t in turns])


def _scribble(hand: Pen, box: Rect) -> None:
    places = hand.random.uniform(0.05, 0.95, (9, 2))
    hand.draw([_at(hand, box, float(x), float(y), 0.02) for x, y in places])


def _sloppy(hand: Pen, box: Rect) -> None:
    _check(hand, box, far=float(hand.random.uniform(1.1, 1.75)), loose=0.1)


def _small(hand: Pen, box: Rect) -> None:
    x, y = hand.random.uniform(0.25, 0.45, 2)
    end = _at(hand, box, x + 0.45, y - 0.15, 0.03)
    hand.draw([_at(hand, box, x, y + 0.1, 0.03), _at(hand, box, x + 0.15, y + 0.3, 0.03), end])


def _dash(hand: Pen, box: Rect) -> None:
    hand.draw([_at(hand, box, 0.1, 0.5), _at(hand, box, 0.9, 0.5)])


def _away(hand: Pen, box: Rect) -> None:
    """A cross whose middle is not that of the box."""
    dx, dy = hand.random.uniform(-1.5, 1.5, 2)
    _cross(hand, Rect(box.x + dx, box.y + dy, box.w, box.h))


MARKS: dict[str, Callable[[Pen, Rect], None]] = {
    "check": _check, "cross": _cross, "filled": _filled, "slash": _slash, "circle": _circle,
    "scribble": _scribble, "sloppy": _sloppy, "small": _small, "dash": _dash, "away": _away,
}  # fmt: skip


def _number(hand: Pen, place: Layout) -> None:
    for box in place.digits[:11]:
        _glyph(hand, str(hand.random.integers(10)), box.x + 1.4, box.y + 1.2, 4.4, 6.2)


def _words(hand: Pen, field: Rect, *, short: bool = False) -> None:
    text = "12 03 2026" if short else str(hand.random.choice(["Ana Souza", "Bruno Díaz", "Clara O Lima"]))
    for i, letter in enumerate(text):
        if letter != " ":
            _glyph(hand, letter, field.x + 3 + i * 4, field.y + field.h - 7.5, 3.4, 6)


GLYPHS: dict[str, Stroke] = {
    "0": [(0.5, 0), (0, 0.4), (0.4, 1), (1, 0.6), (0.5, 0)],
    "1": [(0.2, 0.2), (0.6, 0), (0.55, 1)],
    "2": [(0, 0.2), (0.5, 0), (0.9, 0.3), (0, 1), (1, 1)],
    "3": [(0, 0), (0.9, 0.1), (0.4, 0.45), (1, 0.75), (0, 1)],
    "4": [(0.5, 0), (0, 0.6), (1, 0.6), (0.7, 0.3), (0.7, 1)],
    "5": [(0.9, 0), (0.1, 0), (0.1, 0.5), (0.9, 0.7), (0, 1)],
    "6": [(0.8, 0), (0.1, 0.6), (0.5, 1), (0.9, 0.7), (0.2, 0.6)],
    "7": [(0, 0), (1, 0), (0.4, 1)],
    "8": [(0.9, 0.1), (0.1, 0.2), (0.9, 0.8), (0.1, 0.9), (0.9, 0.1)],
    "9": [(0.9, 0.3), (0.1, 0.3), (0.8, 0), (0.8, 1)],
}


def _glyph(hand: Pen, letter: str, x: float, y: float, wide: float, high: float) -> None:
    shape = GLYPHS.get(letter) or [tuple(hand.random.uniform(0, 1, 2)) for _ in range(4)]
    hand.draw([(x + px * wide, y + py * high) for px, py in shape])


def _signature(hand: Pen, field: Rect) -> None:
    count = int(hand.random.integers(14, 40))
    along = np.linspace(0.06, hand.random.uniform(0.35, 0.9), count)
    up = np.clip(0.5 + np.cumsum(hand.random.normal(0, 0.22, count)) * 0.6, 0.05, 1.05)
    hand.draw([(field.x + a * field.w, field.y + b * field.h) for a, b in zip(along, up, strict=True)])


def _stray(hand: Pen, place: Layout) -> None:
    """Writing where none belongs: a line under words, a note beside the boxes, a slip of the pen between rows."""
    row = place.rows[int(hand.random.integers(len(place.rows)))]
    kind = int(hand.random.integers(3))
    if kind == 0:
        hand.draw(
            [
                (row.label.x, row.label.y + row.label.h - 1),
                (row.label.x + 60, row.label.y + row.label.h - 1.4),
            ]
        )
    elif kind == 1:
        for i in range(5):
            _glyph(hand, "x", row.yes.x - 24 + 3.4 * i, row.yes.y + 1, 2.8, 4)
    else:
        x = row.yes.x + BOX + 1.5
        hand.draw([(x, row.yes.y), (x + 3.5, row.yes.y + 2), (x + 1, row.yes.y + 5)])
