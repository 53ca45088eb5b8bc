"""Staff set up who is told of changes, try it, replace its secret, have it told again, and stop it."""

import html
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from consent.admin.subscribers import TROUBLES
from consent.log import tree
from consent.models import Subscription
from consent.relay import doors
from tests import cast
from tests.relay.receivers import listening, status, subscribed, told
from tests.staff import Firm


@pytest.fixture(autouse=True)
def _this_machine_may_be_asked(settings: Any) -> None:
    settings.OPTIN_INSIDE_HOSTS = ["127.0.0.1"]


def set_up(client: Client, firm: Firm, **said: Any) -> Any:
    usual = {
        "company": firm.company.pk, "name": "CRM", "kind": "webhook", "url": "http://127.0.0.1:9/hook",
        "events": ["given", "withdrawn"], "from_now": "now",
    }  # fmt: skip
    return client.post(reverse("admin:consent_subscription_add"), usual | said)


def press(client: Client, name: str, subscription: Subscription, **said: Any) -> str:
    answer = client.post(
        reverse(f"admin:consent_subscription_{name}", args=[subscription.pk]), said, follow=True
    )
    return answer.content.decode()


def page(client: Client, subscription: Subscription) -> str:
    return client.get(reverse("admin:consent_subscription_change", args=[subscription.pk])).content.decode()  # type: ignore[no-any-return]


def test_a_secret_is_shown_once_and_again_only_when_replaced(bruno: Client, cafe: Firm) -> None:
    shown = set_up(bruno, cafe).content.decode()
    made = Subscription.objects.get()
    first = doors.open_(made).secret
    assert first in shown.replace("&#x2B;", "+")
    assert first not in page(bruno, made)
    assert made.position > 0, "it is told from now on"

    assert first not in press(bruno, "rotate", made)
    made.refresh_from_db()
    assert doors.open_(made).old == first


def test_addresses_inside_are_refused_in_words(bruno: Client, cafe: Firm) -> None:
    for said, words in (
        ({"url": "https://169.254.169.254/latest"}, "This address leads into our own network."),
        ({"url": "http://93.184.216.34/"}, "The address must begin with https://."),
        ({"url": ""}, "Write an address such as"),
        ({"kind": "rapidpro"}, "Write the token of the workspace."),
        ({"kind": "twilio"}, "sender at Twilio"),
    ):
        assert words in set_up(bruno, cafe, **said).content.decode()
    assert not Subscription.objects.exists()


def test_it_can_be_tried_stopped_and_told_again(bruno: Client, clara: Client, cafe: Firm) -> None:
    cast.stops(cafe.aurora)
    tree.sequence()
    with listening() as receiver:
        made = told(subscribed(cafe.aurora, receiver.url))
        assert "It answered 204: that works." in press(bruno, "test", made)
        receiver.answer = status(500)
        assert "It answered with an error. (500)" in press(bruno, "test", made)
        receiver.answer = status(204)
        told_before = len(receiver.got)
        assert "It is told again from entry 0 on." in press(bruno, "replay", made, position="0")
        told(made)
        assert len(receiver.got) == told_before + 1
        assert receiver.got[-1][0]["webhook-id"] == receiver.got[0][0]["webhook-id"]
        assert "Write the number of an entry" in press(bruno, "replay", made, position="-1")
        assert "Write the number of an entry" in press(bruno, "replay", made, position="9999999")
        assert "Go on where it was" in press(bruno, "switch", made)
        Subscription.objects.update(position=0)
        told(made)
        assert len(receiver.got) == told_before + 1, "whoever is stopped is told nothing"
        assert "Stop telling it" in press(bruno, "switch", made)
    assert re.search(r"0–[0-9]+", page(bruno, made))
    for name in ("test", "rotate", "switch", "replay"):
        assert clara.post(reverse(f"admin:consent_subscription_{name}", args=[made.pk])).status_code == 404


def test_a_workspace_has_no_secret_to_replace(bruno: Client, auditor: Client, cafe: Firm) -> None:
    set_up(bruno, cafe, kind="rapidpro", token="abc", url="http://127.0.0.1:9")
    made = Subscription.objects.get()
    for name in ("test", "rotate"):
        assert bruno.post(reverse(f"admin:consent_subscription_{name}", args=[made.pk])).status_code == 404
    assert auditor.post(reverse("admin:consent_subscription_switch", args=[made.pk])).status_code == 403
    bruno.post(
        reverse("admin:consent_subscription_change", args=[made.pk]),
        {"name": "Weni", "url": "http://127.0.0.1:9/", "token": "", "events": ["given"]},
    )
    made.refresh_from_db()
    assert (made.name, doors.open_(made).url, doors.open_(made).secret) == (
        "Weni",
        "http://127.0.0.1:9/",
        "abc",
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:8", "https://127.0.0.1:9"])
def test_the_token_of_a_workspace_goes_to_no_other_host(bruno: Client, cafe: Firm, url: str) -> None:
    set_up(bruno, cafe, kind="rapidpro", token="abc", url="http://127.0.0.1:9")
    made = Subscription.objects.get()
    change = reverse("admin:consent_subscription_change", args=[made.pk])
    said = {"name": "Weni", "url": url, "events": ["given"]}

    assert "Write the token of the workspace." in bruno.post(change, said | {"token": ""}).content.decode()
    made.refresh_from_db()
    assert doors.open_(made).url == "http://127.0.0.1:9"

    bruno.post(change, said | {"token": "theirs"})
    made.refresh_from_db()
    assert (doors.open_(made).url, doors.open_(made).secret) == (url, "theirs")


@pytest.mark.parametrize("number", ["²", "9" * 30, "x"])
def test_an_address_of_none_is_none(bruno: Client, cafe: Firm, number: str) -> None:
    assert bruno.get(f"/admin/consent/subscription/{number}/change/").status_code == 404


@pytest.mark.parametrize("code", sorted(TROUBLES))
def test_its_page_says_what_is_wrong_and_when_it_is_tried_again(bruno: Client, cafe: Firm, code: str) -> None:
    made = told(subscribed(cafe.aurora, "http://127.0.0.1:9/"))
    Subscription.objects.update(trouble=code, failures=2)
    shown = page(bruno, made)
    assert str(TROUBLES[code]) in html.unescape(shown)
    assert "It went wrong 2 times since" in shown
    assert "It is tried again by itself" in shown

    Subscription.objects.update(state="failed")
    assert "press “Go on where it was”" in page(bruno, made)


def test_whoever_may_only_read_sees_no_empty_rows(auditor: Client, cafe: Firm) -> None:
    shown = page(auditor, subscribed(cafe.aurora, "http://127.0.0.1:9/"))
    assert ">None<" not in shown


def test_its_history_speaks_the_readers_language(bruno: Client, cafe: Firm) -> None:
    made = subscribed(cafe.aurora, "http://127.0.0.1:9/")
    press(bruno, "switch", made)
    press(bruno, "switch", made)
    press(bruno, "replay", made, position="0")
    press(bruno, "rotate", made)
    bruno.cookies["django_language"] = "pt-br"
    shown = bruno.get(reverse("admin:consent_subscription_history", args=[made.pk])).content.decode()
    for words in (
        "Parado.",
        "Continuou.",
        "Contado de novo a partir da entrada 0.",
        "Substituição do segredo.",
    ):
        assert words in shown
    LogEntry.objects.update(change_message="Somebody else's 7 words.")
    shown = bruno.get(reverse("admin:consent_subscription_history", args=[made.pk])).content.decode()
    assert "Somebody else&#x27;s 7 words." in shown
