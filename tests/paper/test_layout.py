"""The layout: nothing stands on anything else, and the corners keep clear of the edge."""

from itertools import combinations

import pytest

from consent.paper import layout
from consent.paper.layout import Layout, Rect


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )


def fields(place: Layout) -> list[Rect]:
    rows = [part for row in place.rows for part in (row.label, row.yes, row.no)]
    return [
        *place.marks,
        place.code,
        place.statement,
        *rows,
        *place.digits,
        *place.country,
        place.name,
        place.date,
        place.signature,
    ]


@pytest.mark.parametrize("paper", ["a4", "letter"])
@pytest.mark.parametrize("rows", range(15))
def test_fields_stand_apart_and_inside_the_page(paper: str, rows: int) -> None:
    place = layout.of(paper, rows)

    for one, other in combinations(fields(place), 2):
        assert not overlap(one, other), (one, other)
    for field in fields(place):
        assert layout.EDGE <= field.x <= place.width - layout.EDGE - field.w
        assert layout.EDGE <= field.y <= place.tear - field.h
    assert place.statement.h >= 40


def test_more_boxes_than_a_sheet_holds_are_refused() -> None:
    with pytest.raises(layout.TooManyRows, match="14"):
        layout.of("a4", 15)
