"""Senders: their tokens go in and never come out."""

import socket
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consent.admin import connections
from consent.models import InboundMessage, OutboundMessage, Sender
from consent.providers import accounts, meta_numbers
from consent.providers.meta_numbers import Keys
from tests import cast, webhooks
from tests.staff import Firm

SID = "AC" + "0123456789abcdef" * 2
OTHER_SID = "AC" + "f" * 32
TOKEN = "a-token-nobody-may-read"


def typed(firm: Firm, **changes: str) -> dict[str, Any]:
    """What the browser posts for a sender at Twilio."""
    return {
        "company": firm.company.pk, "channel": "sms", "provider": "twilio", "address": "+55 11 4002-8999",
        "account": SID, "token": TOKEN, "price": "0", "rule_book": "current", **changes,
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


def test_a_number_is_asked_what_its_channel_has_and_a_new_one_nothing_of_before(
    sender: Sender, bruno: Client
) -> None:
    new = bruno.get(reverse("admin:consent_sender_add")).content.decode()
    known = bruno.get(reverse("admin:consent_sender_change", args=[sender.pk])).content.decode()

    assert ('name="rule_book"' in new, 'name="keep_former"' in new) == (True, False)
    assert ('name="rule_book"' in known, 'name="keep_former"' in known) == (
        False,
        True,
    )  # it is an SMS number


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


def test_the_page_tells_the_end_of_each_token_and_when_it_was_set(
    sender: Sender, bruno: Client, cafe: Firm
) -> None:
    page = reverse("admin:consent_sender_change", args=[sender.pk])
    bruno.post(page, typed(cafe, token="0123newtoken") | {"keep_former": "on"})
    sender.refresh_from_db()
    shown = bruno.get(page)
    assert shown.context_data["tokens"] == ["oken", "read"]
    assert sender.secret_set_at is not None
    assert "/hooks/twilio/messages/" in shown.text

    bruno.post(page, typed(cafe, token="") | {"forget_former": "on"})
    sender.refresh_from_db()
    assert accounts.of(sender).tokens == ("0123newtoken",)

    Sender.objects.filter(pk=sender.pk).update(secret=b"broken")
    assert "does not open: write it again" in bruno.get(page).text


def test_a_connection_is_checked_and_what_to_do_is_said(
    bruno: Client, auditor: Client, cafe: Firm, settings: Any
) -> None:
    path = reverse("admin:consent_sender_check", args=[cafe.aurora.sender.pk])
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        settings.OPTIN_PUBLIC_URL = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        answer = bruno.post(path).text
    assert "The provider did not answer in time." in answer
    assert "HTTPS connections" in answer
    assert auditor.post(path).status_code == 403


@pytest.mark.parametrize(
    ("code", "means"),
    [("20003", "does not accept our token"), ("403", "does not accept our token"), ("20429", "asked too often"),
     ("404", "does not know the account"), ("egress.timeout", "did not answer in time"),
     ("number.not_there", "does not belong to it"), ("webhook.elsewhere", "stops would not arrive")],
)  # fmt: skip
def test_every_way_a_check_can_fail_has_words(code: str, means: str) -> None:
    words = connections.words(code)
    assert words is not None
    assert means in str(words.means)
    assert words.todo


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


META = {
    "channel": "whatsapp", "provider": "meta", "account": "102290129340398", "number_id": "106540352242922",
    "token": "EAAGaccess", "app_secret": "an-app-secret",
}  # fmt: skip


def test_a_number_at_meta_is_entered_and_its_keys_are_sealed_and_changed(bruno: Client, cafe: Firm) -> None:
    assert bruno.post(reverse("admin:consent_sender_add"), typed(cafe, **META)).status_code == 302
    sender = Sender.objects.get(provider="meta")
    keys = meta_numbers.of(sender).keys
    assert (keys.tokens, keys.app_secrets) == (("EAAGaccess",), ("an-app-secret",))
    page = reverse("admin:consent_sender_change", args=[sender.pk])
    shown = bruno.get(page)
    assert shown.context_data["tokens"] == ["cess"]
    assert keys.verify_tokens[0] in shown.text  # to be pasted at Meta
    assert "/hooks/meta/" in shown.text
    assert "an-app-secret" not in shown.text

    only_secret = typed(cafe, **META, keep_former="on") | {"token": "", "app_secret": "the-next"}
    assert bruno.post(page, only_secret).status_code == 302
    sender.refresh_from_db()
    changed = meta_numbers.of(sender).keys
    assert changed == Keys(("EAAGaccess",), ("the-next", "an-app-secret"), keys.verify_tokens)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"channel": "sms"}, "This provider does not have this channel."),
        ({"number_id": "+55 11"}, "digits only"),
        ({"app_secret": ""}, "Write the app secret"),
        ({"token": ""}, "Write the access token"),
    ],
)
def test_what_cannot_be_at_meta_is_said(
    bruno: Client, cafe: Firm, changes: dict[str, str], says: str
) -> None:
    assert says in bruno.post(reverse("admin:consent_sender_add"), typed(cafe, **META | changes)).text
    assert not Sender.objects.filter(provider="meta").exists()


def test_a_sandbox_sender_needs_no_account(bruno: Client, cafe: Firm) -> None:
    form = typed(cafe, provider="sandbox", account="", token="")
    assert bruno.post(reverse("admin:consent_sender_add"), form).status_code == 302
    page = bruno.get(reverse("admin:consent_sender_changelist")).content.decode()
    assert page.count('alt="Yes"') == Sender.objects.filter(company=cafe.company).count()


def test_a_number_belongs_to_one_sender(bruno: Client, cafe: Firm) -> None:
    form = typed(cafe, address=cafe.aurora.sender.address)
    assert "already exists" in bruno.post(reverse("admin:consent_sender_add"), form).content.decode()


@pytest.mark.parametrize("used", ["it sent", "it was written to", "nothing left"])
def test_a_number_that_people_know_stays_ours_because_their_stop_comes_to_it(
    sender: Sender, bruno: Client, cafe: Firm, used: str
) -> None:
    if used == "it was written to":
        webhooks.post(bruno, webhooks.sms("oi", To=cafe.aurora.sender.address))
        InboundMessage.objects.update(sender=sender)
    else:
        cast.asks(cafe.aurora)
        state = OutboundMessage.State.DELIVERED if used == "it sent" else OutboundMessage.State.FAILED
        OutboundMessage.objects.update(sender=sender, state=state)

    answer = change(bruno, sender, cafe, address="+551140028998")

    sender.refresh_from_db()
    if used == "nothing left":  # a wrong number that no provider took
        assert (answer.status_code, sender.address) == (302, "+551140028998")
        return
    assert (answer.status_code, sender.address) == (200, "+551140028999")
    assert "add the new number as another sender" in answer.content.decode()
    assert change(bruno, sender, cafe, price="0.05").status_code == 302  # all else may change
