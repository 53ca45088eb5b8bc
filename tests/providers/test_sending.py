"""Messages are handed to Twilio once, and whatever happens is one of: sent, not sent, perhaps sent."""

import base64
import json
import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from consent import providers
from consent.models import Sender
from consent.outgoing import Outgoing
from consent.providers import SendError, accounts, egress, twilio
from consent.sample import Sample
from tests import ports, webhooks
from tests.cast import ANA
from tests.providers.conftest import Scripted

OLA = Outgoing(to=ANA, text="Olá")
MESSAGE = uuid.UUID("018ea981-cd56-7e1e-8c00-000000000001")


@pytest.fixture
def sender(aurora: Sample) -> Sender:
    return aurora.sender


def failure(sender: Sender) -> tuple[str, bool, bool]:
    """How sending fails: (code, permanent, uncertain)."""
    with pytest.raises(SendError) as caught:
        providers.send(sender, OLA, message=MESSAGE)
    assert ANA.value not in str(caught.value)
    return caught.value.code, caught.value.permanent, caught.value.uncertain


def test_a_message_is_posted_as_twilio_expects_it_and_its_id_comes_back(
    sender: Sender, scripted: Scripted
) -> None:
    scripted.answers(201, json.dumps({"sid": "SM1", "status": "queued"}))

    assert providers.send(sender, replace(OLA, text="Olá, Ana & cia"), message=MESSAGE) == "SM1"

    (seen,) = scripted.seen
    account = accounts.sandbox()
    basic = base64.b64encode(f"{account.sid}:{account.tokens[0]}".encode()).decode()
    assert seen["path"] == f"/sandbox/twilio/2010-04-01/Accounts/{account.sid}/Messages.json"
    assert seen["headers"]["Authorization"] == f"Basic {basic}"
    assert seen["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(seen["body"]) == {
        "To": ["+5511987654321"],
        "From": ["+551140028922"],
        "Body": ["Olá, Ana & cia"],
        "StatusCallback": [f"{scripted.url}/hooks/twilio/status/?message={MESSAGE.hex}"],
    }


def test_connections_are_kept(sender: Sender, scripted: Scripted) -> None:
    scripted.answers(201, json.dumps({"sid": "SM1"}), **{"Set-Cookie": "who=them"})

    for _time in range(3):
        providers.send(sender, OLA)

    assert len(scripted.connections) == 1
    assert not any("Cookie" in seen["headers"] for seen in scripted.seen)


def test_without_an_id_of_ours_the_callback_names_none(sender: Sender, scripted: Scripted) -> None:
    scripted.answers(201, json.dumps({"sid": "SM1"}))

    providers.send(sender, OLA)

    callback = parse_qs(scripted.seen[0]["body"])["StatusCallback"]
    assert callback == [f"{scripted.url}/hooks/twilio/status/"]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"code": 21211, "message": f"Invalid {ANA.value}", "status": 400}, ("21211", True, False)),
        (400, {"code": 21610, "message": "unsubscribed", "status": 400}, ("21610", True, False)),
        (401, {"code": 20003, "message": "Authenticate", "status": 401}, ("20003", False, False)),
        (403, {}, ("403", False, False)),
        (429, {"code": 20429, "message": "Too Many Requests"}, ("20429", False, False)),
        (503, {"code": 20503, "message": "Service is unavailable"}, ("20503", False, False)),
        (500, {"code": 20500, "message": "Internal Server Error"}, ("20500", False, True)),
        (502, "<html>bad gateway</html>", ("502", False, True)),
        (504, "", ("504", False, True)),
        (404, "not json", ("404", True, False)),
        (
            422,
            {"type": "https://x", "title": "no", "status": 422, "code": 30000},
            ("30000", True, False),
        ),
        (302, "", ("302", False, False)),
        (201, "<html>a captive portal</html>", ("answer.unreadable", False, True)),
        (201, [], ("answer.unreadable", False, True)),
        (201, {"status": "queued"}, ("answer.unreadable", False, True)),
    ],
)
def test_an_answer_says_whether_to_try_again(
    sender: Sender, scripted: Scripted, status: int, body: Any, expected: tuple[str, bool, bool]
) -> None:
    scripted.answers(status, body if isinstance(body, str) else json.dumps(body))

    assert failure(sender) == expected
    assert len(scripted.seen) == 1


def test_a_server_that_hangs_up_after_the_request_has_perhaps_sent_it(
    sender: Sender, scripted: Scripted
) -> None:
    scripted.hangs_up()

    assert failure(sender) == ("egress.connection", False, True)
    assert len(scripted.seen) == 1


def test_a_server_that_says_nothing_has_perhaps_sent_it(
    sender: Sender, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "READ_SECONDS", 0.2)
    scripted.falls_silent(0.6)

    assert failure(sender) == ("egress.timeout", False, True)
    assert len(scripted.seen) == 1


def test_a_server_that_drips_is_cut_off(
    sender: Sender, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "WHOLE_SECONDS", -1.0)
    scripted.answers(201, json.dumps({"sid": "SM1"}))

    assert failure(sender) == ("egress.timeout", False, True)


def test_an_endless_answer_is_cut_off(sender: Sender, scripted: Scripted) -> None:
    scripted.answers(201, "x" * (egress.LARGEST_ANSWER + 1))

    assert failure(sender) == ("egress.answer_too_big", False, True)


def test_a_server_that_is_not_there_has_sent_nothing(sender: Sender, settings: Any) -> None:
    settings.OPTIN_PUBLIC_URL = f"http://127.0.0.1:{ports.free()}"

    assert failure(sender) == ("egress.connection", False, False)


def test_nobody_is_spoken_to_but_the_hosts_we_name(settings: Any) -> None:
    for url in (
        "http://169.254.169.254/latest/",
        "https://api.twilio.com.evil.example/",
        "https://api.twilio.com@evil.example/",
        f"{settings.OPTIN_PUBLIC_URL}.evil.example/",
    ):
        with pytest.raises(egress.Failure, match=r"egress\.refused"):
            egress.post(url, {})
    settings.OPTIN_SANDBOX = False
    with pytest.raises(egress.Failure, match=r"egress\.refused"):
        egress.post(f"{settings.OPTIN_PUBLIC_URL}/sandbox/", {})


def test_an_edge_in_the_environment_does_not_change_whom_we_speak_to(
    sender: Sender, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "evil")
    monkeypatch.setenv("TWILIO_REGION", "evil")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    twilio._client.cache_clear()
    scripted.answers(201, json.dumps({"sid": "SM1"}))

    assert providers.send(sender, OLA) == "SM1"


def test_a_sandbox_sender_sends_nothing_where_the_sandbox_is_off(sender: Sender, settings: Any) -> None:
    settings.OPTIN_SANDBOX = False

    assert failure(sender) == ("sandbox.off", False, False)


def test_a_sender_without_a_token_sends_nothing(aurora: Sample) -> None:
    sender = webhooks.real_sender(aurora)
    for secret in (b"", b"\x01" + bytes(60)):
        sender.secret = secret
        assert failure(sender) == ("account.no_token", False, False)


def test_a_real_sender_speaks_to_twilio_with_its_first_token(aurora: Sample) -> None:
    account = providers.credentials(webhooks.real_sender(aurora, "first", "second"))

    assert (account.sid, account.tokens, account.api) == (
        webhooks.TWILIO_SID,
        ("first", "second"),
        "https://api.twilio.com",
    )
    assert "first" not in repr(account)
