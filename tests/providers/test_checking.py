"""A sender's connection is checked: the account, the number, what it can do, and whom it calls."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from consent.models import Sender
from consent.providers import SendError, checking, egress
from consent.providers.accounts import Account
from consent.sample import Sample
from tests.providers.conftest import Scripted

SID = "AC" + "0123456789abcdef" * 2
ACCOUNT = {"sid": SID, "friendly_name": "Café", "status": "active", "type": "Full"}


@pytest.fixture
def sender(aurora: Sample) -> Sender:
    return aurora.sender


def number(scripted: Scripted, **changes: Any) -> dict[str, Any]:
    hook = f"{scripted.url}/hooks/twilio/messages/"
    return {"sid": "PN1", "capabilities": {"sms": True, "voice": False}, "sms_url": hook, **changes}


def at_twilio(
    scripted: Scripted, sender: Sender, *, account: Any = ACCOUNT, numbers: Any = ()
) -> checking.Found:
    """What a check finds where Twilio has this account and these numbers."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        is_list = "/IncomingPhoneNumbers.json?" in handler.path
        body = {"incoming_phone_numbers": list(numbers)} if is_list else account
        answer = json.dumps(body).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)

    scripted.behave = behave
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
