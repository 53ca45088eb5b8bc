"""Sheets filled in by hand and scanned or photographed badly are read, or left to a person; never read wrong."""

from collections.abc import Iterator
from functools import cache
from io import BytesIO

import cv2
import numpy as np
import pypdfium2
import pytest
from PIL import Image

from bench import pens, scans
from bench.pens import Filled
from consent.capture.paper import sheet
from consent.paper import boxes, code, corners, decoding, layout, page
from consent.paper.code import Sheet
from consent.paper.result import Mark, PageReading, Presence, Reason
from tests import papers

SERIALS = ("0123456789", "ABCDEFGHJK")
SURE = {True: Mark.TICKED, False: Mark.EMPTY}


@pytest.fixture(autouse=True)
def _always_the_same_codes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same pictures in every run, whatever the keys of the run are."""
    monkeypatch.setattr("consent.capture.paper.sealing._seal", lambda body: bytes(range(32)))
    printed.cache_clear()
    yield
    printed.cache_clear()


@cache
def printed(boxes: int, paper: str) -> list[tuple[Sheet, pens.Picture]]:
    asked = papers.ask(boxes)
    document = pypdfium2.PdfDocument(sheet.print_sheets(asked, language="es", serials=SERIALS, paper=paper))
    rows = tuple(code.Row(offer.purpose_id, offer.channel) for offer in asked.offers)
    made = []
    for number, serial in enumerate(SERIALS):
        picture = document[number].render(scale=scans.DPI / 72, rev_byteorder=True).to_numpy()[:, :, :3]
        about = Sheet(serial=serial, point=7, version=3, language="es", paper=paper, rows=rows)
        made.append((about, np.ascontiguousarray(picture)))
    document.close()
    return made


def filled(random: np.random.Generator, *, boxes: int = 4, paper: str = "a4", which: int = 0) -> Filled:
    about, picture = printed(boxes, paper)[which]
    return pens.fill(picture, about, random)


def jpeg(picture: pens.Picture) -> bytes:
    out = BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=70)
    return out.getvalue()


def read(content: bytes) -> tuple[PageReading, ...]:
    return page.read(decoding.opened(content), 0)


def holds(reading: PageReading, one: Filled) -> bool:
    """Whether the reading is of that sheet, and every box is right or left to a person."""
    assert (reading.reason, reading.sheet) == (None, one.sheet)
    for number, meant in enumerate(one.answers):
        marks = [box.mark for box in reading.boxes if box.row == number]
        if meant is None:
            assert Mark.UNSURE in marks
        else:
            assert all(mark in (Mark.UNSURE, SURE[tick]) for mark, tick in zip(marks, meant, strict=True))
    return reading.signature == (Presence.PRESENT if one.is_signed else Presence.ABSENT)


@pytest.mark.parametrize(("boxes", "paper"), [(2, "a4"), (6, "letter"), (14, "a4")])
def test_bad_scans_are_read(boxes: int, paper: str) -> None:
    random = np.random.default_rng(boxes)
    one = filled(random, boxes=boxes, paper=paper)

    (reading,) = read(scans.scanned(one.picture, random).content)

    assert holds(reading, one)
    assert sum(box.mark != Mark.UNSURE for box in reading.boxes) >= len(reading.boxes) * 0.7


def test_two_sheets_in_one_photo_are_two_readings() -> None:
    random = np.random.default_rng(4)
    both = [filled(random, which=which) for which in (0, 1)]

    found = read(scans.photographed([one.picture for one in both], random).content)

    assert {reading.part for reading in found} == {0, 1}
    for one in both:
        assert holds(next(reading for reading in found if reading.sheet == one.sheet), one)


@pytest.mark.parametrize("gone", [(0,), (1, 3), (0, 1, 3)])
def test_a_sheet_whose_corners_are_cut_off_is_read_by_what_is_left(gone: tuple[int, ...]) -> None:
    one = filled(np.random.default_rng(6))
    picture = one.picture.copy()
    place = layout.of("a4", 4)
    for corner in gone:
        mark, scale = place.marks[corner].grown(1), picture.shape[1] / place.width
        top, left = int(mark.y * scale), int(mark.x * scale)
        picture[top : top + int(mark.h * scale), left : left + int(mark.w * scale)] = 255

    assert holds(read(jpeg(picture))[0], one)


def test_a_code_alone_is_a_reason_to_look() -> None:
    one = filled(np.random.default_rng(6))
    place = layout.of("a4", 4)
    scale = one.picture.shape[1] / place.width
    only = np.full_like(one.picture, 255)
    x, y, w, h = (int(value * scale) for value in (place.code.x - 3, place.code.y - 3, 36, 36))
    only[y : y + h, x : x + w] = one.picture[y : y + h, x : x + w]

    (reading,) = read(jpeg(only))

    assert (reading.reason, reading.boxes) == (Reason.NO_CORNERS, ())
    assert reading.sheet == one.sheet
    assert reading.picture


def test_a_row_without_an_answer_but_with_ink_beside_it_is_left_to_a_person() -> None:
    _about, picture = printed(4, "a4")[0]
    place = layout.of("a4", 4)
    hand = pens.pen(picture.copy(), np.random.default_rng(3), picture.shape[1] / place.width)
    yes = place.rows[1].yes
    around = [
        (yes.x - 1.1, yes.y - 1.1),
        (yes.x + 7.1, yes.y - 1.1),
        (yes.x + 7.1, yes.y + 7.1),
        (yes.x - 1.1, yes.y + 7.1),
    ]
    hand.draw([*around, around[0]])
    pens.tick(hand, place.rows[3].no, "cross")

    marks = [box.mark for box in read(jpeg(hand.picture))[0].boxes]

    assert (marks[2], marks[7]) == (Mark.UNSURE, Mark.TICKED)
    assert marks.count(Mark.EMPTY) == 6


@pytest.mark.parametrize("boxes", [1, 4])
def test_a_sheet_without_any_answer_is_left_to_a_person(boxes: int) -> None:
    """What was written may be too pale for the scanner: black and white leaves nothing of a pencil."""
    marks = {box.mark for box in read(jpeg(printed(boxes, "a4")[0][1]))[0].boxes}

    assert marks == {Mark.UNSURE}


@pytest.mark.parametrize("dpi", [300, 150])
@pytest.mark.parametrize("manner", ["check", "cross", "filled", "scribble"])
@pytest.mark.parametrize("grey", [205, 180])
def test_a_mark_of_a_hard_pencil_is_never_taken_for_an_empty_box(grey: int, manner: str, dpi: int) -> None:
    about, paper = printed(4, "a4")[0]
    place = layout.of("a4", 4)
    scale = paper.shape[1] / place.width
    hand = pens.Pen(paper.copy(), np.random.default_rng(grey), scale, (grey,) * 3, 0.4, 1.0)
    pens.tick(hand, place.rows[1].yes, manner)
    hand.draw([(place.signature.x + x * 100, place.signature.y + y * 17) for x, y in _waves()])
    ink = pens.Pen(hand.picture, hand.random, scale, (20, 20, 90), 0.5, 1.0)
    pens.tick(ink, place.rows[3].no, "cross")
    small = cv2.resize(hand.picture, None, fx=dpi / 300, fy=dpi / 300, interpolation=cv2.INTER_AREA)

    (found,) = read(jpeg(small))

    assert found.sheet == about
    marks = {(box.row, box.is_yes): box.mark for box in found.boxes}
    assert marks[1, True] in {Mark.TICKED, Mark.UNSURE}
    assert [marks[row, is_yes] for row in (0, 2) for is_yes in (True, False)] == [Mark.EMPTY] * 4
    assert found.signature != Presence.ABSENT


@pytest.mark.parametrize(("level", "left_open"), [(60, True), (128, False)])
def test_where_a_scan_in_black_and_white_lost_thin_lines_an_empty_row_says_nothing(
    level: int, left_open: bool
) -> None:
    about, picture = printed(4, "a4")[0]
    place = layout.of("a4", 4)
    hand = pens.Pen(picture.copy(), np.random.default_rng(1), scans.DPI / 25.4, pens.INKS["felt"], 0.9, 1.0)
    pens.tick(hand, place.rows[0].yes, "cross")
    out = BytesIO()
    grey = cv2.cvtColor(cv2.GaussianBlur(hand.picture, (0, 0), 0.8), cv2.COLOR_RGB2GRAY)
    Image.fromarray(grey > level).save(out, "TIFF", compression="group4")

    (reading,) = read(out.getvalue())

    assert reading.sheet == about
    assert [box.mark for box in reading.boxes[:2]] == [Mark.TICKED, Mark.EMPTY]
    assert {box.mark for box in reading.boxes[2:]} == {Mark.UNSURE if left_open else Mark.EMPTY}
    assert reading.signature == (Presence.UNSURE if left_open else Presence.ABSENT)


@pytest.mark.parametrize(
    ("ink", "pale", "said"),
    [
        (30.0, 40.0, Presence.PRESENT),
        (2.5, 3.8, Presence.UNSURE),
        (0.0, 3.6, Presence.UNSURE),
        (0.0, 0.6, Presence.ABSENT),
    ],
)
def test_what_is_left_of_a_signature_is_shown_to_a_person(ink: float, pale: float, said: Presence) -> None:
    """Little is left of a thin pen in black and white. A speck is none of it."""
    assert boxes.signed(ink, faint=pale) == said


def test_a_sheet_photographed_steeply_from_the_side_is_laid_flat_by_all_its_marks() -> None:
    """Here no turn and scale of the code says where its farthest mark should be."""
    one = filled(np.random.default_rng(8))
    high, wide = one.picture.shape[:2]
    sheet_ends = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    ends = np.array([(700, 300), (2050, 1300), (1950, 2600), (50, 3400)], np.float32)
    view = cv2.getPerspectiveTransform(sheet_ends, ends)
    photo = np.full((4000, 3000, 3), (60, 140, 80), np.uint8)
    cv2.warpPerspective(
        cv2.GaussianBlur(one.picture, (0, 0), 0.8),
        view,
        (3000, 4000),
        photo,
        borderMode=cv2.BORDER_TRANSPARENT,
    )

    (found,) = read(jpeg(photo))

    assert [sheet.marks for sheet in corners.find(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY))] == [4]
    assert holds(found, one)
    assert [box.mark for box in found.boxes].count(Mark.TICKED) >= 3


def _waves() -> list[tuple[float, float]]:
    return [(0.1 + 0.05 * step, 0.25 if step % 2 else 0.7) for step in range(12)]
