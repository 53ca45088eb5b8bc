"""The page of the sandbox's app: one key that stays, and words where there is nothing to show."""

from typing import Any

from django.test import Client

from consent.api import keys
from consent.models import ApiKey, CapturePoint
from consent.sample import Sample

PAGE = "/sandbox/app/"


def key_in(page: str) -> str:
    return page.partition('data-key="')[2].partition('"')[0]


def test_the_app_has_one_key_which_stays_the_same_and_opens_the_api(client: Client, aurora: Sample) -> None:
    keys.forget()
    first, second = (client.get(PAGE).content.decode() for _ in range(2))
    key = key_in(first)
    assert key == key_in(second)
    assert ApiKey.objects.get().name == "Sandbox app"
    shown = Client().get("/api/v1/points/novidades", headers={"Authorization": f"Bearer {key}"})
    assert shown.status_code == 200


def test_a_key_that_staff_revoked_is_not_made_again(client: Client, aurora: Sample) -> None:
    keys.forget()
    client.get(PAGE)
    ApiKey.objects.update(revoked_at="2026-01-01T00:00:00Z")
    key = key_in(client.get(PAGE).content.decode())
    shown = Client().get("/api/v1/points/novidades", headers={"Authorization": f"Bearer {key}"})
    assert shown.status_code == 401


def test_where_nothing_is_open_it_says_so(client: Client, aurora: Sample) -> None:
    CapturePoint.objects.update(is_open=False)
    page = client.get(PAGE).content.decode()
    assert "No capture point is open yet." in page
    assert "data-app" not in page
    assert not ApiKey.objects.exists()


def test_where_the_sandbox_is_off_there_is_no_app(client: Client, aurora: Sample, settings: Any) -> None:
    settings.OPTIN_SANDBOX = False
    assert client.get(PAGE).status_code == 404
    assert not ApiKey.objects.exists()
