"""Where everything stands on a sheet, in millimetres from its upper left corner: one truth for printer and reader.

It follows from the paper and the number of rows alone, both of which the code tells. Rows and fields are counted from
below, so that the statement gets what is left.
"""

from dataclasses import dataclass
from functools import cache

SIZES = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
EDGE = 13.0  # marks nearer to the edge are cut off by a skewed feeder
MARK = 9.0
SIDE = 15.0  # margin of text
CODE = 30.0
INWARD = 5.0  # the code from the margin: what a skewed feeder cuts off must not be of the code
BOX = 6.0
STROKE = 0.5  # of the frame of a box
BETWEEN = 14.0  # from the yes to the no of a row
TEAR = 48.0  # height of the part that the person keeps
ONE_COLUMN = 6
MOST_ROWS = 14
DIGITS = 12
COUNTRY_DIGITS = 3
# What stands in the marks, clockwise from the upper left: the first four of OpenCV's 4 by 4 markers, 1 is white.
CORNERS = (
    ("1011", "0101", "0011", "0010"),
    ("0000", "1111", "1001", "1010"),
    ("0011", "0011", "0010", "1101"),
    ("1001", "1001", "0100", "0110"),
)


class TooManyRows(ValueError):
    """More boxes than a sheet holds."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in millimetres: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    def grown(self, by: float) -> "Rect":
        return Rect(self.x - by, self.y - by, self.w + 2 * by, self.h + 2 * by)


@dataclass(frozen=True, slots=True)
class RowPlace:
    """One row: its words, and the frames of its yes and its no."""

    whole: Rect
    label: Rect
    yes: Rect
    no: Rect


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Where each field of a sheet is. `marks` are those of the corners, clockwise from the upper left."""

    width: float
    height: float
    marks: tuple[Rect, Rect, Rect, Rect]
    code: Rect
    statement: Rect
    rows: tuple[RowPlace, ...]
    number: Rect
    digits: tuple[Rect, ...]
    country: tuple[Rect, ...]
    name: Rect
    date: Rect
    signature: Rect
    tear: float


@cache
def of(paper: str, rows: int) -> Layout:
    """The layout of a sheet with this many rows. Raises TooManyRows."""
    if rows > MOST_ROWS:
        raise TooManyRows(f"A sheet holds {MOST_ROWS} rows.")
    width, height = SIZES[paper]
    bottom = height - TEAR - 3  # lower edge of the lower marks
    base = bottom - MARK - 3  # lower edge of the fields
    right = width - SIDE
    places = _rows(rows, width=width, end=base - 56)
    top = places[0].whole.y - 8 if places else base - 56
    return Layout(
        width=width,
        height=height,
        marks=(
            Rect(EDGE, EDGE, MARK, MARK),
            Rect(width - EDGE - MARK, EDGE, MARK, MARK),
            Rect(width - EDGE - MARK, bottom - MARK, MARK, MARK),
            Rect(EDGE, bottom - MARK, MARK, MARK),
        ),
        code=Rect(right - CODE - INWARD, EDGE + MARK + 4, CODE, CODE),
        statement=Rect(SIDE, EDGE + MARK + 4, width - 2 * SIDE - CODE - INWARD - 6, top - EDGE - MARK - 4),
        rows=places,
        number=Rect(SIDE, base - 52, right - SIDE, 13.5),
        digits=tuple(Rect(SIDE + 17 + 8.4 * i, base - 47.5, 7.2, 8.6) for i in range(DIGITS)),
        country=tuple(Rect(right - 24 + 8.4 * i, base - 47.5, 7.2, 8.6) for i in range(COUNTRY_DIGITS)),
        name=Rect(SIDE, base - 38, right - SIDE, 10.5),
        date=Rect(right - 58, base - 22, 58, 17),
        signature=Rect(SIDE, base - 22, right - SIDE - 64, 17),
        tear=height - TEAR,
    )


def _rows(count: int, *, width: float, end: float) -> tuple[RowPlace, ...]:
    if not count:
        return ()
    columns = 1 if count <= ONE_COLUMN else 2
    high = -(-count // columns)
    pitch = min(12.0, max(9.5, 66 / high))
    gap = 6.0
    wide = (width - 2 * SIDE - gap * (columns - 1)) / columns
    top = end - pitch * high
    return tuple(
        _row(Rect(SIDE + (wide + gap) * (i // high), top + pitch * (i % high), wide, pitch))
        for i in range(count)
    )


def _row(whole: Rect) -> RowPlace:
    y = whole.y + (whole.h - BOX) / 2
    no = Rect(
        whole.x + whole.w - (BETWEEN + BOX) / 2, y, BOX, BOX
    )  # in the middle of a column as wide as BETWEEN
    yes = Rect(no.x - BETWEEN, y, BOX, BOX)
    return RowPlace(whole, Rect(whole.x, whole.y, yes.x - whole.x - (BETWEEN - BOX) / 2, whole.h), yes, no)
