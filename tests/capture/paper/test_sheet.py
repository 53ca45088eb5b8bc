"""Sheets to sign say all that they must, each with a serial of its own, as an accessible PDF."""

from dataclasses import replace

import cv2
import numpy as np
import pypdfium2
import pytest

from consent.capture.paper import sheet
from consent.models import Localized
from consent.paper import code, layout
from consent.vocabulary import Language
from tests import papers

STOP = {"en": "STOP", "es": "SALIR", "pt-BR": "SAIR"}


def words(pdf: bytes, page: int = 0) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return " ".join(document[page].get_textpage().get_text_bounded().split())
    finally:
        document.close()


@pytest.mark.parametrize("language", Language.values)
@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_it_names_company_channels_and_how_to_stop(language: str, paper: str) -> None:
    pdf = papers.sheets(language=language, paper=paper)
    said = words(pdf)

    for name in ("Café Aurora", "WhatsApp", "SMS", "privacidade@aurora.example", STOP[language], "+55"):
        assert name in said
    assert "/c/aurora/novidades" in said


def test_it_is_an_accessible_document() -> None:
    pdf = papers.sheets()

    for sign in (b"/StructTreeRoot", b"/MarkInfo", b"/Lang", b"pdfuaid"):
        assert sign in pdf


def test_each_sheet_has_a_serial_of_its_own() -> None:
    serials = ["0123456789", "ABCDEFGHJK"]
    pdf = sheet.print_sheets(papers.ask(), language="en", serials=serials)

    assert "01234 56789" in words(pdf, 0)
    assert "ABCDE FGHJK" in words(pdf, 1)


def test_the_same_sheets_are_the_same_bytes() -> None:
    both = [sheet.print_sheets(papers.ask(), language="es", serials=["0123456789"]) for _ in range(2)]

    assert both[0] == both[1]


@pytest.mark.parametrize("paper", ["a4", "letter"])
@pytest.mark.parametrize("language", Language.values)
def test_as_many_boxes_as_a_sheet_holds_fit_with_the_words_we_start_with(language: str, paper: str) -> None:
    for boxes in (1, layout.ONE_COLUMN, layout.ONE_COLUMN + 1, layout.MOST_ROWS):
        assert papers.sheets(boxes=boxes, language=language, paper=paper).startswith(b"%PDF")


def test_more_boxes_are_refused_in_words() -> None:
    with pytest.raises(sheet.Refused) as refused:
        papers.sheets(boxes=layout.MOST_ROWS + 1)

    assert "14" in refused.value.message


def test_more_words_than_fit_are_refused_in_words() -> None:
    asked = papers.ask()
    assert asked.version
    asked.version.wordings["en"]["paper"] = "Please read all of this. " * 400

    with pytest.raises(sheet.Refused) as refused:
        sheet.print_sheets(asked, language="en", serials=[code.new_serial()])

    assert refused.value.code == "sheet.too_long"


def test_a_name_in_letters_that_no_font_has_still_prints() -> None:
    asked = papers.ask()
    asked.point.title = Localized({"en": "お知らせ"})

    assert sheet.print_sheets(asked, language="en", serials=[code.new_serial()]).startswith(b"%PDF")


def test_a_point_without_a_published_notice_is_refused() -> None:
    with pytest.raises(sheet.Refused):
        sheet.print_sheets(replace(papers.ask(), version=None), language="en", serials=["0123456789"])


def test_a_blank_sheet_has_the_fields_and_no_boxes() -> None:
    pdf = sheet.print_sheets(papers.ask(), language="en", serials=["0123456789"], blank=True)
    said = words(pdf)

    assert "Write here" in said
    assert "Signature" in said
    assert "Yes" not in said


def test_the_corner_marks_are_those_that_the_reader_looks_for() -> None:
    ours = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    for number, lines in enumerate(layout.CORNERS):
        marker = cv2.aruco.generateImageMarker(ours, number, 6)

        assert np.array_equal(
            marker[1:5, 1:5] > 0, np.array([[bit == "1" for bit in line] for line in lines])
        )
