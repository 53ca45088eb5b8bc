"""A sender's connection is checked: the account, the number, what it can do, and whom it calls."""

import json
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.conf import settings

from consent.models import Sender
from consent.providers import SendError, checking, egress, meta_numbers
from consent.providers.accounts import Account
from consent.sample import Sample
from tests import meta
from tests.providers.conftest import Scripted

SID = "AC" + "0123456789abcdef" * 2
ACCOUNT = {"sid": SID, "friendly_name": "Café", "status": "active", "type": "Full"}


@pytest.fixture
def sender(aurora: Sample) -> Sender:
    return aurora.sender


def number(scripted: Scripted, **changes: Any) -> dict[str, Any]:
    hook = f"{scripted.url}/hooks/twilio/messages/"
    return {"sid": "PN1", "capabilities": {"sms": True, "voice": False}, "sms_url": hook, **changes}


def answering(answer: Callable[[str], Any]) -> Callable[[BaseHTTPRequestHandler], None]:
    """How a server behaves that answers each path with some JSON."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps(answer(handler.path)).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def at_twilio(
    scripted: Scripted, sender: Sender, *, account: Any = ACCOUNT, numbers: Any = ()
) -> checking.Found:
    """What a check finds where Twilio has this account and these numbers."""
    listed = {"incoming_phone_numbers": list(numbers)}
    scripted.behave = answering(lambda path: listed if "/IncomingPhoneNumbers.json?" in path else account)
    return checking.at_twilio(sender, Account(SID, ("token",), f"{scripted.url}/twilio"))


def test_an_account_with_its_number_that_calls_us_is_right(scripted: Scripted, sender: Sender) -> None:
    found = at_twilio(scripted, sender, numbers=[number(scripted)])

    assert found == checking.Found("Café", ())
    (first, second) = scripted.seen
    assert first["path"] == f"/twilio/2010-04-01/Accounts/{SID}.json"
    assert "PhoneNumber=%2B551140028922" in second["path"]
    assert first["headers"]["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("account", "changes", "problems"),
    [
        ({"status": "suspended"}, {}, ("account.suspended",)),
        ({"type": "Trial"}, {}, ("account.trial",)),
        ({}, {"capabilities": {"sms": False, "voice": True}}, ("number.cannot",)),
        ({}, {"capabilities": None}, ("number.cannot",)),
        ({}, {"sms_url": "https://elsewhere.example/"}, ("webhook.elsewhere",)),
        ({}, None, ("number.not_there",)),
    ],
)
def test_what_is_wrong_at_twilio_is_named(
    scripted: Scripted, sender: Sender, account: dict[str, str], changes: Any, problems: tuple[str, ...]
) -> None:
    numbers = [] if changes is None else [number(scripted, **changes)]
    assert at_twilio(scripted, sender, account=ACCOUNT | account, numbers=numbers).problems == problems


def test_a_voice_sender_is_checked_for_calls_and_a_whatsapp_sender_by_its_account_alone(
    scripted: Scripted, sender: Sender
) -> None:
    sender.channel = "voice"
    voice = number(scripted, capabilities={"voice": True}, voice_url=f"{scripted.url}/hooks/twilio/voice/")
    assert at_twilio(scripted, sender, numbers=[voice]).problems == ()
    sender.channel = "whatsapp"
    assert at_twilio(scripted, sender).problems == ()


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [(401, {"code": 20003}, "20003"), (403, {}, "403"), (404, {"code": 20404}, "20404"), (429, {}, "429"),
     (200, ["no", "object"], "answer.unreadable")],
)  # fmt: skip
def test_what_twilio_refuses_is_named_by_its_code(
    scripted: Scripted, sender: Sender, status: int, body: Any, code: str
) -> None:
    scripted.answers(status, json.dumps(body))
    with pytest.raises(SendError) as refused:
        checking.at_twilio(sender, Account(SID, ("token",), f"{scripted.url}/twilio"))
    assert refused.value.code == code


def test_silence_is_not_waited_for_long(
    scripted: Scripted, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "READ_SECONDS", 0.2)
    scripted.falls_silent(1)
    assert checking.check(sender).problems == ("egress.timeout",)


def test_an_address_that_is_nobodys_we_know_is_never_asked(sender: Sender) -> None:
    elsewhere = Account(SID, ("token",), "http://127.0.0.1:9/twilio")
    with pytest.raises(SendError, match=r"egress\.refused"):
        checking.at_twilio(sender, elsewhere)


def test_without_a_token_nobody_is_asked(sender: Sender) -> None:
    sender.provider = "twilio"
    assert checking.check(sender).problems == ("account.no_token",)


def test_the_sandbox_is_reached_by_the_public_address(
    scripted: Scripted, sender: Sender, settings: Any
) -> None:
    scripted.answers(200, "<html>")
    assert checking.check(sender) == checking.Found("Sandbox", ())
    scripted.answers(502, "")
    assert checking.check(sender).problems == ("502",)
    settings.OPTIN_SANDBOX = False
    assert checking.check(sender).problems == ("sandbox.off",)


META = {"display_phone_number": "+1 555-078-3881", "verified_name": "Café", "status": "CONNECTED"}


def at_meta(
    scripted: Scripted, aurora: Sample, *, number: Any = META, apps: Any = ("our app",)
) -> checking.Found:
    """What a check finds where Meta describes the number, and the apps that follow its account, like this."""
    sender = meta.sender(aurora)
    scripted.behave = answering(lambda path: {"data": list(apps)} if "subscribed_apps" in path else number)
    return checking.at_meta(sender, replace(meta_numbers.of(sender), api=scripted.url))


def test_a_number_at_meta_that_is_online_and_calls_us_is_right(scripted: Scripted, aurora: Sample) -> None:
    assert at_meta(scripted, aurora) == checking.Found("Café", ())
    (first, second) = scripted.seen
    assert first["path"].partition("?")[0].endswith(f"/{meta.NUMBER_ID}")
    assert first["headers"]["Authorization"] == "Bearer an-access-token"
    assert second["path"].endswith(f"/{meta.ACCOUNT}/subscribed_apps")


@pytest.mark.parametrize(
    ("number", "apps", "problem"),
    [
        ({"display_phone_number": "+1 555-000-0000"}, ("app",), "number.another"),
        ({"status": "BANNED"}, ("app",), "number.offline"),
        ({"quality_rating": "RED"}, ("app",), "quality.red"),
        ({}, (), "webhook.elsewhere"),
    ],
)
def test_what_is_wrong_at_meta_is_named(
    scripted: Scripted, aurora: Sample, number: dict[str, str], apps: Any, problem: str
) -> None:
    assert at_meta(scripted, aurora, number=META | number, apps=apps).problems == (problem,)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {"error": {"code": 190}}, "190"),
        (404, {}, "404"),
        (429, "<html>", "429"),
        (200, [], "answer.unreadable"),
    ],
)
def test_what_meta_refuses_is_named_by_its_code(
    scripted: Scripted, aurora: Sample, status: int, body: Any, code: str
) -> None:
    number = replace(meta_numbers.of(meta.sender(aurora)), api=scripted.url)
    scripted.answers(status, json.dumps(body))
    with pytest.raises(SendError) as refused:
        checking.at_meta(aurora.sender, number)
    assert refused.value.code == code


def test_meta_has_no_sms_and_is_not_asked_without_a_token(aurora: Sample) -> None:
    sender = meta.sender(aurora, secret=b"")
    assert checking.check(sender).problems == ("account.no_token",)
    assert checking.hooks(sender) == {"meta": f"{settings.OPTIN_PUBLIC_URL}/hooks/meta/"}
    assert checking.CHANNELS["meta"] == {"whatsapp"}
