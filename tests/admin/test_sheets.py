"""Sheets to sign are printed from the page of a capture point, or it says why not."""

from typing import Any

import pypdfium2
import pytest
from django.test import Client
from django.urls import reverse

from consent import catalogue
from consent.models import CapturePoint, NoticeVersion
from tests.staff import Firm

WANTED = {"language": "es", "paper": "letter", "count": 3}


def address(point: CapturePoint) -> str:
    return reverse("admin:consent_capturepoint_sheets", args=[point.pk])


def said(client: Client, point: CapturePoint, **wanted: Any) -> str:
    return client.post(address(point), WANTED | wanted, follow=True).content.decode()


def test_as_many_are_printed_as_wanted_in_the_language_wanted(bruno: Client, cafe: Firm) -> None:
    answer = bruno.post(address(cafe.aurora.point), WANTED)

    assert answer["Content-Type"] == "application/pdf"
    assert 'filename="novidades-es-letter.pdf"' in answer["Content-Disposition"]
    document = pypdfium2.PdfDocument(answer.content)
    assert len(document) == 3
    assert document[0].get_size() == pytest.approx((612, 792), abs=0.5)
    assert "Firma" in document[0].get_textpage().get_text_bounded()
    document.close()


def test_blank_sheets_have_no_boxes(bruno: Client, cafe: Firm) -> None:
    answer = bruno.post(address(cafe.aurora.point), WANTED | {"blank": "on", "count": 1})

    document = pypdfium2.PdfDocument(answer.content)
    assert "Novedades y ofertas por" not in document[0].get_textpage().get_text_bounded()
    document.close()


@pytest.mark.parametrize(
    "wrong", [{"count": 0}, {"count": 201}, {"count": "many"}, {"language": "fr"}, {"paper": "a3"}]
)
def test_what_cannot_be_printed_is_said_on_the_page(bruno: Client, cafe: Firm, wrong: dict[str, Any]) -> None:
    page = said(bruno, cafe.aurora.point, **wrong)

    assert "Print sheets" in page
    assert "errornote" in page or 'class="error"' in page


def test_a_notice_that_is_too_long_for_paper_says_so(bruno: Client, cafe: Firm) -> None:
    version = NoticeVersion.objects.get(pk=cafe.aurora.version.pk)
    long = {one: texts | {"paper": "Please read this. " * 500} for one, texts in version.wordings.items()}
    NoticeVersion.objects.create(
        notice=version.notice,
        major=9,
        state="published",
        wordings=long,
        digest="x",
        published_at=version.published_at,
    )
    catalogue.forget()

    assert "do not fit on the sheet" in said(bruno, cafe.aurora.point)


def test_a_language_that_the_notice_lacks_says_so(bruno: Client, cafe: Firm) -> None:
    version = NoticeVersion.objects.get(pk=cafe.aurora.version.pk)
    NoticeVersion.objects.create(
        notice=version.notice, major=9, state="published", wordings={"en": version.wordings["en"]}, digest="x",
        published_at=version.published_at,
    )  # fmt: skip
    catalogue.forget()

    assert "does not speak this language" in said(bruno, cafe.aurora.point)


def test_a_point_that_is_not_ready_offers_no_sheets(bruno: Client, cafe: Firm) -> None:
    CapturePoint.objects.update(is_open=False)
    catalogue.forget()

    page = bruno.get(
        reverse("admin:consent_capturepoint_change", args=[cafe.aurora.point.pk])
    ).content.decode()

    assert "There are sheets as soon as people may see the form." in page


def test_nobody_prints_those_of_another_company(bruno: Client, cafe: Firm, bakery: Firm) -> None:
    other = CapturePoint.objects.filter(company=bakery.company).first()
    assert other

    assert bruno.post(address(other), WANTED).status_code in (403, 404)


def test_nothing_is_printed_by_looking(bruno: Client, cafe: Firm) -> None:
    assert bruno.get(address(cafe.aurora.point)).status_code == 405
