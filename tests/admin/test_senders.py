"""Senders: their tokens go in and never come out."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consent.models import Sender
from consent.providers import accounts
from tests.staff import Firm

SID = "AC" + "0123456789abcdef" * 2
OTHER_SID = "AC" + "f" * 32
TOKEN = "a-token-nobody-may-read"


def typed(firm: Firm, **changes: str) -> dict[str, Any]:
    """What the browser posts for a sender at Twilio."""
    return {
        "company": firm.company.pk, "channel": "sms", "provider": "twilio", "address": "+55 11 4002-8999",
        "account": SID, "token": TOKEN, **changes,
    }  # fmt: skip


@pytest.fixture
def sender(bruno: Client, cafe: Firm) -> Sender:
    answer = bruno.post(reverse("admin:consent_sender_add"), typed(cafe))
    assert answer.status_code == 302
    return Sender.objects.get(address="+551140028999")


def change(client: Client, sender: Sender, firm: Firm, **changes: str) -> Any:
    return client.post(
        reverse("admin:consent_sender_change", args=[sender.pk]), typed(firm, token="", **changes)
    )


def test_a_token_is_sealed_with_its_account(sender: Sender) -> None:
    assert TOKEN.encode() not in bytes(sender.secret)
    assert accounts.of(sender).tokens == (TOKEN,)


def test_a_token_is_shown_nowhere(sender: Sender, bruno: Client, cafe: Firm) -> None:
    for name in ("change", "history"):
        page = bruno.get(reverse(f"admin:consent_sender_{name}", args=[sender.pk])).content.decode()
        assert TOKEN not in page
    again = bruno.post(reverse("admin:consent_sender_add"), typed(cafe, address="wrong")).content.decode()
    assert TOKEN not in again


def test_an_empty_token_keeps_the_one_there_is(sender: Sender, bruno: Client, cafe: Firm) -> None:
    assert change(bruno, sender, cafe, address="+551140028998").status_code == 302
    sender.refresh_from_db()
    assert sender.address == "+551140028998"
    assert accounts.of(sender).tokens == (TOKEN,)


def test_a_new_account_needs_its_token(sender: Sender, bruno: Client, cafe: Firm) -> None:
    assert (
        "Write the token of this account." in change(bruno, sender, cafe, account=OTHER_SID).content.decode()
    )
    sender.refresh_from_db()
    assert sender.account == SID


@pytest.mark.parametrize(("keep", "believed"), [({}, ("new",)), ({"keep_former": "on"}, ("new", TOKEN))])
def test_a_token_is_changed_with_or_without_believing_the_former(
    sender: Sender, bruno: Client, cafe: Firm, keep: dict[str, str], believed: tuple[str, ...]
) -> None:
    bruno.post(reverse("admin:consent_sender_change", args=[sender.pk]), typed(cafe, token="new") | keep)
    sender.refresh_from_db()
    assert accounts.of(sender).tokens == believed


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"address": "11 4002-8999"}, "Write the number with + and country code"),
        ({"account": "me"}, "written AC and 32 letters or digits"),
        ({"token": ""}, "Write the token of this account."),
    ],
)
def test_what_cannot_be_is_said(bruno: Client, cafe: Firm, changes: dict[str, str], says: str) -> None:
    answer = bruno.post(reverse("admin:consent_sender_add"), typed(cafe, **changes))
    assert says in answer.content.decode()
    assert Sender.objects.filter(provider="twilio").count() == 0


def test_a_sandbox_sender_needs_no_account(bruno: Client, cafe: Firm) -> None:
    form = typed(cafe, provider="sandbox", account="", token="")
    assert bruno.post(reverse("admin:consent_sender_add"), form).status_code == 302
    page = bruno.get(reverse("admin:consent_sender_changelist")).content.decode()
    assert page.count('alt="True"') == 4


def test_a_number_belongs_to_one_sender(bruno: Client, cafe: Firm) -> None:
    form = typed(cafe, address=cafe.aurora.sender.address)
    assert "already exists" in bruno.post(reverse("admin:consent_sender_add"), form).content.decode()
