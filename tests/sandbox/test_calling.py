"""Calls ring, are picked up and follow the product's script; every step goes to its webhook, signed."""

from base64 import b64encode
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from consent.models import SandboxMessage
from consent.providers import accounts, twilio
from consent.sample import VOICE, Sample
from consent.sandbox import calling, network, phones
from consent.sandbox.items import Call, Trouble
from tests.cast import ANA
from tests.providers.conftest import Scripted

ASKS = (
    '<Response><Gather numDigits="1" timeout="6" action="/hooks/twilio/voice/?step=2" finishOnKey=""{more}>'
    '<Say language="pt-BR">Digite 1.</Say></Gather><Say>Bye.</Say></Response>'
)
ENDS = "<Response><Say>Thanks.</Say><Hangup/></Response>"
REPEATS = '<Response><Redirect method="POST">/hooks/twilio/voice/?step=1</Redirect></Response>'


class Product:
    """The product's webhook: answers with one script after the other, and remembers what it was asked."""

    def __init__(self, scripted: Scripted) -> None:
        self.scripts: list[str] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._scripted = scripted
        scripted.behave = self._behave

    def _behave(self, handler: BaseHTTPRequestHandler) -> None:
        seen = self._scripted.seen[-1]
        fields = dict(parse_qsl(seen["body"], keep_blank_values=True))
        url = self._scripted.url + seen["path"]
        token = accounts.sandbox().tokens[0]
        assert seen["headers"]["X-Twilio-Signature"] == twilio.sign(url, fields, token=token)
        self.asked.append((seen["path"], fields))
        is_status = urlsplit(seen["path"]).path.endswith("/status/")
        body = b"" if is_status else (self.scripts.pop(0) if self.scripts else ENDS).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def statuses(self) -> list[str]:
        return [fields["CallStatus"] for path, fields in self.asked if path.endswith("/status/")]


@pytest.fixture
def product(scripted: Scripted, aurora: Sample) -> Product:
    return Product(scripted)


@pytest.fixture
def phone(aurora: Sample) -> phones.Phone:
    return phones.make(ANA.value)


def heard(call: Call) -> list[str]:
    return [line.text for line in call.lines]


def ring(client: Client, settings: Any, **more: Any) -> Call:
    """Have the product call Ana's phone, until it rings there."""
    account = accounts.sandbox()
    token = b64encode(f"{account.sid}:{account.tokens[0]}".encode()).decode()
    fields = {
        "To": ANA.value,
        "From": VOICE,
        "Url": f"{settings.OPTIN_PUBLIC_URL}/hooks/twilio/voice/?message=1",
        "StatusCallback": f"{settings.OPTIN_PUBLIC_URL}/hooks/twilio/voice/status/",
        "MachineDetection": "Enable",
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
    } | more
    path = f"/sandbox/twilio/2010-04-01/Accounts/{account.sid}/Calls.json"
    response = client.post(path, fields, headers={"Authorization": f"Basic {token}"})
    assert response.status_code == 201, response.content
    assert network.drain(limit=1) == 1
    found = phones.find(response.json()["sid"])
    assert isinstance(found, Call)
    return found


def test_a_caller_hears_the_question_presses_a_key_and_hears_the_end(
    product: Product, phone: phones.Phone
) -> None:
    product.scripts = [ASKS.format(more=""), ENDS]

    call = calling.dial(phone, to=VOICE, is_hidden=False)
    assert (call.state, heard(call)) == ("in-progress", ["Digite 1."])
    call = calling.press(call, "1")

    assert call.state == "completed"
    assert heard(call) == ["Digite 1.", "1", "Thanks.", "The call has ended."]
    (asked, answered, ended) = product.asked
    assert (asked[1]["From"], asked[1]["To"], asked[1]["CallStatus"]) == (ANA.value, VOICE, "ringing")
    assert asked[1]["Direction"] == "inbound"
    assert answered[0] == "/hooks/twilio/voice/?step=2"
    assert (answered[1]["Digits"], answered[1]["CallStatus"]) == ("1", "in-progress")
    assert (ended[1]["CallStatus"], ended[1]["CallSid"]) == ("completed", call.sid)
    assert heard(phones.find(call.sid)) == heard(call)  # type: ignore[arg-type]


def test_who_hides_the_number_calls_from_the_number_that_means_so(
    product: Product, phone: phones.Phone
) -> None:
    calling.dial(phone, to=VOICE, is_hidden=True)

    assert product.asked[0][1]["From"] == "+266696687"
    assert ANA.value not in str(product.asked)


def test_silence_goes_on_in_the_script_or_is_handed_in_where_that_is_wanted(
    product: Product, phone: phones.Phone
) -> None:
    product.scripts = [ASKS.format(more=""), ASKS.format(more=' actionOnEmptyResult="true"'), ENDS]

    call = calling.stay_silent(calling.dial(phone, to=VOICE, is_hidden=False))
    assert heard(call)[1:3] == ["6 seconds of silence", "Bye."]

    call = calling.stay_silent(calling.dial(phone, to=VOICE, is_hidden=False))
    assert product.asked[-2][1]["Digits"] == ""
    assert heard(call)[-2:] == ["Thanks.", "The call has ended."]


def test_several_keys_are_handed_in_with_the_one_that_ends_them(
    product: Product, phone: phones.Phone
) -> None:
    product.scripts = ["<Response><Gather/></Response>", ENDS]
    call = calling.dial(phone, to=VOICE, is_hidden=False)

    for key in ("4", "2", "x", "#"):
        call = calling.press(call, key)

    assert product.asked[1][1]["Digits"] == "42"
    assert calling.press(call, "1") == call


def test_a_script_that_leads_to_itself_ends(product: Product, phone: phones.Phone) -> None:
    product.scripts = [REPEATS] * 50

    assert calling.dial(phone, to=VOICE, is_hidden=False).state == "completed"


def test_what_is_no_script_is_an_application_error(product: Product, phone: phones.Phone) -> None:
    product.scripts = ["<html>"]

    call = calling.dial(phone, to=VOICE, is_hidden=False)

    assert (call.state, "application error" in heard(call)[0]) == ("completed", True)


def test_a_call_of_the_product_rings_is_accepted_and_told_step_by_step(
    product: Product, phone: phones.Phone, client: Client, settings: Any
) -> None:
    product.scripts = [ASKS.format(more=""), ENDS]
    call = ring(client, settings)
    assert (call.rings, call.is_incoming) == (True, True)

    call = calling.press(calling.accept(call), "1")

    assert product.statuses() == ["initiated", "ringing", "in-progress", "completed"]
    numbers = [fields["SequenceNumber"] for path, fields in product.asked if path.endswith("/status/")]
    assert numbers == ["0", "1", "2", "3"]
    scripts = [fields for path, fields in product.asked if not path.endswith("/status/")]
    assert scripts[0]["AnsweredBy"] == "human"
    assert (scripts[0]["From"], scripts[0]["To"]) == (VOICE, ANA.value)
    assert heard(call)[-1] == "The call has ended."
    assert calling.accept(call) == call


def test_a_machine_says_so_and_presses_nothing(
    product: Product, phone: phones.Phone, client: Client, settings: Any
) -> None:
    product.scripts = [ASKS.format(more=' actionOnEmptyResult="true"'), ENDS]

    call = calling.accept(ring(client, settings), by="machine")

    scripts = [fields for path, fields in product.asked if not path.endswith("/status/")]
    assert [fields["AnsweredBy"] for fields in scripts] == ["machine_start", "machine_start"]
    assert (scripts[1]["Digits"], call.state) == ("", "completed")


@pytest.mark.parametrize("ending", ["busy", "no-answer"])
def test_a_call_that_nobody_takes_is_told_as_that(
    product: Product, phone: phones.Phone, client: Client, settings: Any, ending: str
) -> None:
    call = ring(client, settings, Timeout="30", StatusCallbackEvent="completed")
    if ending == "busy":
        calling.decline(call)
    else:
        assert network.drain() == 0, "it rings for half a minute"
        SandboxMessage.objects.filter(pk=call.sid).update(due_at=timezone.now())
        assert network.drain() == 1

    assert product.statuses() == [ending]
    assert phones.find(call.sid).state == ending  # type: ignore[union-attr]


def test_a_number_that_cannot_be_reached_fails_and_hanging_up_ends_a_call(
    product: Product, phone: phones.Phone, client: Client, settings: Any
) -> None:
    product.scripts = [ASKS.format(more="")]
    call = calling.accept(ring(client, settings))
    assert calling.hang_up(call).state == "completed"

    phones.trouble(phone, Trouble.UNREACHABLE, is_on=True)
    assert ring(client, settings).state == "failed"
    assert product.statuses()[-1] == "failed"


def test_without_a_network_nobody_is_called(product: Product, phone: phones.Phone) -> None:
    call = calling.dial(phones.trouble(phone, Trouble.CUT, is_on=True), to=VOICE, is_hidden=False)

    assert (call.state, product.asked) == ("failed", [])
