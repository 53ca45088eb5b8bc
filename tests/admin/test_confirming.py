"""Numbers leave only after the password was shown lately: whoever finds a screen open takes nothing out."""

from datetime import timedelta
from urllib.parse import unquote, urlencode

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.staff import PASSWORD, Firm

AGAIN = reverse("admin:consent_password_again")


def later(minutes: int) -> "time_machine.travel":
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True)


@pytest.mark.parametrize("name", ["consent_export", "consent_exportschedule_add"])
def test_an_export_asks_for_the_password_once_in_ten_minutes(bruno: Client, cafe: Firm, name: str) -> None:
    page = reverse(f"admin:{name}")
    with later(9):
        assert bruno.get(page).status_code == 200
    with later(11):
        for answer in (bruno.get(page), bruno.post(page, {"company": cafe.company.pk, "format": "csv"})):
            assert answer.status_code == 302
            assert unquote(answer["Location"]) == f"{AGAIN}?next={page}"
        wrong = bruno.post(f"{AGAIN}?next={page}", {"password": "guessed"})
        assert "This is not your password." in wrong.content.decode()
        assert bruno.get(page).status_code == 302
        right = bruno.post(f"{AGAIN}?next={page}", {"password": PASSWORD})
        assert (right.status_code, right["Location"]) == (302, page)
        assert bruno.get(page).status_code == 200


def test_the_sign_in_counts_and_a_session_from_before_does_not(bruno: Client, cafe: Firm) -> None:
    client = Client()
    client.post(reverse("admin:login"), {"username": "bruno", "password": PASSWORD})
    assert client.get(reverse("admin:consent_export")).status_code == 200
    client = Client()
    client.force_login(User.objects.get(username="bruno"))
    assert client.get(reverse("admin:consent_export")).status_code == 302


def test_a_case_file_is_packed_after_the_password(bruno: Client, cafe: Firm) -> None:
    prove = reverse("admin:consent_person_prove", args=[cafe.said.subject])
    with later(11):
        assert bruno.post(prove)["Location"].startswith(AGAIN)
    answer = bruno.post(prove)
    assert answer["Content-Type"] == "application/zip"


def test_who_has_no_right_is_refused_and_not_asked(nobody: Client, cafe: Firm) -> None:
    with later(11):
        assert nobody.get(reverse("admin:consent_export")).status_code == 403


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example", "/r/x/", "/admin/\r\nX: y"])
def test_the_way_back_leads_into_the_admin(bruno: Client, next_page: str) -> None:
    answer = bruno.post(f"{AGAIN}?{urlencode({'next': next_page})}", {"password": PASSWORD})
    assert answer["Location"] == reverse("admin:index")


def test_guesses_are_held_off_like_those_at_the_sign_in(bruno: Client, cafe: Firm) -> None:
    for _ in range(8):
        answer = bruno.post(AGAIN, {"password": "guessed"})
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    assert bruno.post(AGAIN, {"password": PASSWORD}).status_code == 429
