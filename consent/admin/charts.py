"""Bars drawn on the server: numbers laid out as a picture, which its template also tells as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 360, 190
LEFT, RIGHT, TOP, BOTTOM = 4, 4, 20, 24
GAP = 0.32  # of a column


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of one column."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True, slots=True)
class Column:
    """One day: its bars from the ground up, its total, and where its words stand."""

    day: date
    bars: tuple[Bar, ...]
    numbers: tuple[int, ...]
    total: int
    middle: float
    top: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Stacked columns, one a day, one colour a series."""

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    width: int = WIDTH
    height: int = HEIGHT
    ground: int = HEIGHT - BOTTOM
    right: int = WIDTH - RIGHT

    @property
    def total(self) -> int:
        return sum(column.total for column in self.columns)

    @property
    def totals(self) -> list[int]:
        """The total of each series."""
        return [sum(numbers) for numbers in zip(*(column.numbers for column in self.columns), strict=True)]


def stack(series: Mapping[str, Mapping[date, int]], *, days: Sequence[date]) -> Chart:
    """Lay out `{name: {day: number}}` over the given days."""
    names = tuple(series)
    table = [tuple(series[name].get(day, 0) for name in names) for day in days]
    most = max((sum(numbers) for numbers in table), default=0) or 1
    step = (WIDTH - LEFT - RIGHT) / len(days)
    columns = [
        _column(day, numbers, left=LEFT + step * place, step=step, scale=(HEIGHT - TOP - BOTTOM) / most)
        for place, (day, numbers) in enumerate(zip(days, table, strict=True))
    ]
    return Chart(names, tuple(columns))


def _column(day: date, numbers: tuple[int, ...], *, left: float, step: float, scale: float) -> Column:
    ground = float(HEIGHT - BOTTOM)
    bars = []
    for series, number in enumerate(numbers):
        if number:
            height = number * scale
            ground -= height
            bars.append(_bar(left + step * GAP / 2, ground, step * (1 - GAP), height, series))
    return Column(day, tuple(bars), numbers, sum(numbers), round(left + step / 2, 1), round(ground - 5, 1))


def _bar(x: float, y: float, width: float, height: float, series: int) -> Bar:
    return Bar(round(x, 1), round(y, 1), round(width, 1), round(height, 1), series)
