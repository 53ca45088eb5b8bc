"""What is done on a phone: each act reaches the right conversation, and nothing else does anything."""

from typing import Any

import pytest
from django.test import Client

from consent.models import SandboxMessage
from consent.sample import AT_META, AT_TWILIO, SMS, VOICE, Sample
from consent.sandbox import phones
from consent.sandbox.items import Button, Call, Kind, Message, Phone
from tests.cast import ANA, BRUNO
from tests.providers.conftest import Scripted

ASKS = '<Response><Gather numDigits="1"><Say>Press 1.</Say></Gather></Response>'


@pytest.fixture
def phone(aurora: Sample, scripted: Scripted) -> Phone:
    scripted.answers(200, ASKS)
    return phones.make(ANA.value)


def act(client: Client, phone: Phone, what: str, **fields: str) -> Any:
    return client.post(f"/sandbox/phones/{phone.name}/{what}/?lang=es&frame=1", fields)


def calls(phone: Phone) -> list[Call]:
    return [item for item in phones.on(phone) if isinstance(item, Call)]


@pytest.mark.parametrize(("channel", "to"), [("sms", SMS), ("whatsapp", AT_META), ("voice", VOICE)])
def test_a_first_step_is_made_on_a_new_phone_where_there_is_none(
    aurora: Sample, scripted: Scripted, client: Client, channel: str, to: str
) -> None:
    scripted.answers(200, ASKS)

    led = client.post("/sandbox/begin/", {"channel": channel, "to": to, "text": "PROMO"})

    (made,) = phones.all_phones()
    assert led["Location"].startswith(f"/sandbox/phones/{made.name}/?app={channel}&")
    assert [item.channel for item in phones.on(made)] == [channel]
    assert len(scripted.seen) == 1
    assert ("in-progress" in client.get(f"/sandbox/phones/{made.name}/").content.decode()) == (
        channel == "voice"
    )


def test_a_call_is_held_with_keys_and_with_time(phone: Phone, client: Client) -> None:
    assert act(client, phone, "dial", channel="voice", to=VOICE, hidden="1").status_code == 302
    (call,) = calls(phone)
    assert (call.is_hidden, call.state) == (True, "in-progress")

    led = act(client, phone, "call", sid=call.sid, key="1")
    assert "lang=es&frame=1&app=voice" in led["Location"]
    assert calls(phone)[0].pressed == "1"
    act(client, phone, "call", sid=call.sid, act="dance")
    assert calls(phone)[0].is_alive
    act(client, phone, "call", sid=call.sid, act="hang-up")
    assert calls(phone)[0].state == "completed"


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("dial", {"channel": "sms", "to": SMS}),
        ("dial", {"channel": "voice", "to": "+10000000000"}),
        ("offers", {"channel": "sms", "to": SMS, "stop": "1"}),
        ("press", {"sid": "SM1", "payload": "no.such"}),
        ("press", {"sid": "SM2", "payload": "yes.x"}),
        ("again", {"sid": "SM1"}),
        ("call", {"sid": "SM1", "act": "accept"}),
        ("call", {"sid": "CA1", "act": "accept"}),
    ],
)
def test_what_is_not_there_cannot_be_used(
    phone: Phone, scripted: Scripted, client: Client, what: str, fields: dict[str, str]
) -> None:
    button = Button(title="Sim", payload="yes.x")
    for sid, number in (("SM1", ANA.value), ("SM2", BRUNO.value)):
        phones.keep(
            Message(
                sid=sid, kind=Kind.RECEIVED, channel="whatsapp", number=number, sender=AT_TWILIO, buttons=(button,)
            )
        )  # fmt: skip
    phones.keep(Call(sid="CA1", kind=Kind.CALL, channel="voice", number=BRUNO.value, sender=VOICE))

    assert act(client, phone, what, **fields).status_code == 404
    assert scripted.seen == []


def test_a_button_and_the_menu_are_used_in_their_chat(
    phone: Phone, scripted: Scripted, client: Client
) -> None:
    button = Button(title="Sim", payload="yes.x")
    phones.keep(
        Message(
            sid="SM1", kind=Kind.RECEIVED, channel="whatsapp", number=ANA.value, sender=AT_TWILIO, buttons=(button,)
        )
    )  # fmt: skip
    act(client, phone, "press", sid="SM1", payload="yes.x")
    assert "ButtonPayload=yes.x" in scripted.seen[-1]["body"]

    act(client, phone, "offers", channel="whatsapp", to=AT_META, stop="1")
    assert '"value": "stop"' in scripted.seen[-1]["body"]
    page = client.get(f"/sandbox/phones/{phone.name}/", {"app": "whatsapp", "to": AT_META}).content.decode()
    assert "Let offers through again" in page


def test_switches_are_thrown_to_and_fro_and_others_are_none(phone: Phone, client: Client) -> None:
    for wrong, expected in (
        ("cut", {"cut"}),
        ("unseen", {"cut", "unseen"}),
        ("cut", {"unseen"}),
        ("x", {"unseen"}),
    ):
        act(client, phone, "settings", trouble=wrong)
        assert phones.troubles(ANA.value) == expected


def test_old_things_make_room(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones, "MOST_ITEMS", 3)

    for number in range(6):
        phones.keep(Message(sid=f"SM{number}", kind=Kind.RECEIVED, number=ANA.value, sender=SMS))

    assert set(SandboxMessage.objects.values_list("pk", flat=True)) == {"SM3", "SM4", "SM5"}


def test_a_phone_may_stand_in_a_page_of_ours_and_in_no_other(phone: Phone, client: Client) -> None:
    page = client.get(f"/sandbox/phones/{phone.name}/?frame=1")
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    assert "What to try" not in page.content.decode()

    beside = client.get("/sandbox/together/")
    assert beside["X-Frame-Options"] == "DENY"
    assert f"/sandbox/phones/{phone.name}/?frame=1" in beside.content.decode()
