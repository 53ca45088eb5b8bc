"""Proving what one person agreed to, and erasing them: by permission, written down, in one company only."""

import io
import json
import re
import zipfile
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from consent.models import Erased, LogPending, Opening, SubjectKey
from tests import cast
from tests.staff import Firm, signed_in, user


def prove(firm: Firm) -> str:
    return reverse("admin:consent_person_prove", args=[firm.said.subject])


def erase(firm: Firm) -> str:
    return reverse("admin:consent_person_erase", args=[firm.said.subject])


@pytest.fixture
def eraser(cafe: Firm) -> Client:
    return signed_in(user("eraser", "Staff", "Erases people", company=cafe.company))


def test_one_press_downloads_the_case_file_and_is_written_down_in_the_log(bruno: Client, cafe: Firm) -> None:
    response = bruno.post(prove(cafe))

    names = zipfile.ZipFile(io.BytesIO(response.content)).namelist()
    assert "case/check.py" in names
    opened = Opening.objects.get()
    assert (opened.user.username, opened.subject, opened.act) == ("bruno", cafe.said.subject, None)
    entry = json.loads(bytes(LogPending.objects.get().data))
    assert (entry["type"], entry["entity"]) == ("opened", f"staff:{opened.user.pk}")
    assert cast.ANA.value not in str(entry)


def test_a_link_alone_opens_nothing(bruno: Client, cafe: Firm) -> None:
    assert bruno.get(prove(cafe)).status_code == 302
    assert not Opening.objects.exists()


def test_the_page_of_a_person_offers_what_one_may_do(bruno: Client, eraser: Client, cafe: Firm) -> None:
    page = reverse("admin:consent_person", args=[cafe.said.subject])

    assert prove(cafe) in bruno.get(page).text
    assert erase(cafe) not in bruno.get(page).text
    assert prove(cafe) not in eraser.get(page).text
    assert erase(cafe) in eraser.get(page).text


def test_without_the_permission_nothing_is_proved_or_erased(auditor: Client, cafe: Firm) -> None:
    assert auditor.post(prove(cafe)).status_code == 403
    assert auditor.post(erase(cafe)).status_code == 403
    assert SubjectKey.objects.filter(subject=cafe.said.subject).exists()


def test_the_person_of_another_company_does_not_exist(bruno: Client, eraser: Client, bakery: Firm) -> None:
    assert bruno.post(prove(bakery)).status_code == 404
    assert eraser.post(erase(bakery)).status_code == 404


def test_nobody_is_erased_without_being_asked_once_more(eraser: Client, cafe: Firm) -> None:
    assert "Erase for good" in eraser.get(erase(cafe)).text
    assert not Erased.objects.exists()


def test_erasing_says_what_was_done_and_who_did_it(eraser: Client, cafe: Firm) -> None:
    page = eraser.post(erase(cafe), follow=True).text

    assert "Erased. Give the person the address of the certificate" in page
    [address] = re.findall(r'value="([^"]+/e/[^"]+)"', page)
    assert "No: the person was erased on" in page
    assert "Yes: the person agreed" not in page
    assert eraser.get(urlsplit(address).path).status_code == 200
    assert erase(cafe) not in page
    assert Erased.objects.get().entity.startswith("staff:")
    assert not SubjectKey.objects.filter(subject=cafe.said.subject).exists()
    assert "nothing is held" in eraser.post(erase(cafe), follow=True).text
