"""Who would have to be asked again: the page and the file, for those who may see records, without numbers."""

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from consent.admin import again
from consent.models import ContactPoint, NoticeVersion, Opening, Purpose
from tests import cast
from tests.staff import Firm


def page(version: NoticeVersion, name: str = "again") -> str:
    return reverse(f"admin:consent_noticeversion_{name}", args=[version.pk])


def lines(client: Client, version: NoticeVersion) -> list[list[str]]:
    answer = client.get(page(version, "again_csv"))
    assert answer["Content-Type"].startswith("text/csv")
    assert "no-store" in answer["Cache-Control"]
    assert "attachment" in answer["Content-Disposition"]
    assert answer.streaming
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def test_the_page_counts_lists_and_says_why(bruno: Client, cafe: Firm) -> None:
    cast.says(cafe.aurora, cast.BRUNO)
    text = bruno.get(page(cafe.draft)).content.decode()
    assert "<strong>2</strong> people would have to be asked again" in text
    assert "Agreed to version 1.0; version 2.0 means something else." in text
    assert cast.BRUNO.masked in text
    assert cast.BRUNO.value not in text
    assert reverse("admin:consent_person", args=[cafe.said.subject]) in text


def test_a_contact_that_does_not_open_hides_nobody_elses(bruno: Client, cafe: Firm) -> None:
    broken = cast.says(cafe.aurora, cast.stranger(7)).subject
    cast.says(cafe.aurora, cast.BRUNO)
    ContactPoint.objects.filter(subject=broken).update(sealed=b"broken")
    text = bruno.get(page(cafe.draft)).content.decode()
    assert "<strong>3</strong> people would have to be asked again" in text
    assert cast.BRUNO.masked in text
    assert reverse("admin:consent_person", args=[broken]) in text


def test_the_question_before_publishing_tells_the_count(bruno: Client, cafe: Firm) -> None:
    cafe.draft.wordings = cafe.aurora.version.wordings
    cafe.draft.save()
    text = bruno.get(reverse("admin:consent_noticeversion_publish", args=[cafe.draft.pk])).content.decode()
    assert "<strong>1</strong> person would have to be asked again" in text
    assert page(cafe.draft) in text


def test_nobody_is_asked_again_by_a_first_or_minor_version(bruno: Client, cafe: Firm) -> None:
    first = bruno.get(page(cafe.aurora.version)).content.decode()
    assert "It is the first version of this notice: nobody has to be asked again." in first
    assert "the versions before it" not in first
    minor = NoticeVersion.objects.create(notice=cafe.aurora.version.notice, major=1, minor=1)
    assert "A minor version only changes words." in bruno.get(page(minor)).content.decode()
    cast.stops(cafe.aurora)
    assert "no consent stands on an older meaning" in bruno.get(page(cafe.draft)).content.decode()


def test_more_people_than_one_counts_are_told_as_at_least(
    bruno: Client, cafe: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "MOST_COUNTED", 1)
    monkeypatch.setattr(again, "LISTED", 1)
    cast.says(cafe.aurora, cast.BRUNO)
    text = bruno.get(page(cafe.draft)).content.decode()
    assert "At least <strong>1</strong> people" in text


def test_the_file_names_people_by_id_and_mask(bruno: Client, cafe: Firm) -> None:
    cast.says(cafe.aurora, cast.BRUNO)
    titles, *rows = lines(bruno, cafe.draft)
    assert titles[0] == "person"
    assert len(rows) == 2
    ana = next(row for row in rows if row[0] == str(cafe.said.subject))
    assert ana[1] == f"'{cast.ANA.masked}"  # it begins with a plus
    assert ana[4:7:2] == ["pt-BR", "1.0"]
    assert cast.ANA.value not in str(rows)
    assert not Opening.objects.exists()


def test_the_file_speaks_the_language_of_whoever_asks(bruno: Client, cafe: Firm) -> None:
    bruno.cookies["django_language"] = "pt-br"
    titles, row = lines(bruno, cafe.draft)
    assert titles[0] == "pessoa"
    assert row[2] == "Novidades e ofertas"


def test_a_name_that_is_a_formula_stays_text(bruno: Client, cafe: Firm) -> None:
    for purpose in Purpose.objects.filter(company=cafe.company):
        purpose.name["en"] = '=HYPERLINK("http://evil.example";"a")'
        purpose.save()
    assert lines(bruno, cafe.draft)[1][2] == '\'=HYPERLINK("http://evil.example";"a")'


@pytest.mark.parametrize("name", ["again", "again_csv"])
def test_other_companies_are_not_told(clara: Client, cafe: Firm, name: str) -> None:
    assert clara.get(page(cafe.draft, name)).status_code == 404


@pytest.mark.parametrize("name", ["again", "again_csv"])
def test_who_may_not_see_records_sees_nobody(nobody: Client, cafe: Firm, name: str) -> None:
    assert nobody.get(page(cafe.draft, name)).status_code == 403
