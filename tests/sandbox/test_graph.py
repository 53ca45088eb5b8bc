"""The pretend Meta takes messages in Meta's shapes, refuses with Meta's codes, and tells how far they got."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from consent.models import MessageTemplate, Sender
from consent.providers import meta_numbers
from consent.sample import AT_META, Sample
from consent.sandbox import network, phones
from consent.sandbox.items import Button, Kind, Message, Trouble
from tests.cast import ANA
from tests.providers.conftest import Scripted

TEXT = {"type": "text", "text": {"body": "Olá"}}
BUTTONS = {
    "type": "interactive",
    "interactive": {
        "type": "button",
        "body": {"text": "Aceita?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "yes.x", "title": "Sim"}}]},
    },
}


def template(name: str) -> dict[str, Any]:
    """A template message as the product sends it: one value, one button."""
    payload = {"type": "payload", "payload": "yes.x"}
    components = [
        {"type": "body", "parameters": [{"type": "text", "text": "Café Aurora"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [payload]},
    ]
    what = {"name": name, "language": {"code": "en"}, "components": components}
    return {"type": "template", "template": what}


@pytest.fixture
def sender(aurora: Sample) -> Sender:
    return Sender.objects.get(address=AT_META)


def post(
    client: Client, sender: Sender, what: Any, *, token: str | None = None, number: str | None = None
) -> Any:
    whole = (
        what
        if isinstance(what, str)
        else json.dumps({"messaging_product": "whatsapp", "to": ANA.value} | what)
    )
    return client.post(
        f"/sandbox/meta/v24.0/{sender.number_id if number is None else number}/messages",
        whole,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token or meta_numbers.sandbox().tokens[0]}"},
    )


def lying() -> list[Message]:
    return [one for phone in phones.all_phones() for one in phones.on(phone) if isinstance(one, Message)]


def wrote(sender: Sender) -> None:
    """Ana has just written to the company."""
    phones.keep(
        Message(sid="wamid.1", kind=Kind.WRITTEN, channel="whatsapp", number=ANA.value, sender=sender.address)
    )


def test_a_message_with_buttons_lies_on_its_phone_and_the_answer_is_metas(
    client: Client, sender: Sender
) -> None:
    response = post(client, sender, BUTTONS | {"biz_opaque_callback_data": "ours"})

    answer = response.json()
    assert response.status_code == 200
    assert answer["contacts"] == [{"input": ANA.value, "wa_id": ANA.value.removeprefix("+")}]
    (message,) = lying()
    assert answer["messages"][0]["id"] == message.sid
    assert (message.text, message.buttons) == ("Aceita?", (Button(title="Sim", payload="yes.x"),))
    assert message.callback == "ours"
    assert meta_numbers.sandbox().tokens[0] not in str(message)


def test_a_flow_is_answered_under_its_message(client: Client, sender: Sender) -> None:
    parameters = {"flow_token": "token.x", "flow_id": "1", "flow_cta": "Responder"}
    flow = {"type": "flow", "body": {"text": "Aceita?"}, "action": {"name": "flow", "parameters": parameters}}

    assert post(client, sender, {"type": "interactive", "interactive": flow}).status_code == 200

    (message,) = lying()
    assert [button.payload for button in message.buttons] == ["yes token.x", "no token.x", "stop token.x"]
    assert all(button.answers_flow for button in message.buttons)


def test_an_approved_text_is_filled_in(client: Client, sender: Sender) -> None:
    MessageTemplate.objects.create(
        sender=sender, kind="invite", name="hello", language="en", body="{company} asks."
    )

    assert post(client, sender, template("hello")).status_code == 200

    (message,) = lying()
    assert (message.text, message.is_template) == ("Café Aurora asks.", True)
    assert [button.payload for button in message.buttons] == ["yes.x"]


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("not json", 400, 100),
        ("[]", 400, 100),
        ({"messaging_product": "x"} | TEXT, 400, 100),
        ({"type": "text"}, 400, 100),
        ({"type": "text", "text": {"body": ""}}, 400, 100),
        ({"type": "sticker"}, 400, 100),
        (
            {"type": "interactive", "interactive": {"body": {"text": "x"}, "action": {"buttons": []}}},
            400,
            100,
        ),
        (TEXT | {"to": "nobody"}, 400, 131009),
        ({"type": "template", "template": {"name": "nothing"}}, 404, 132001),
        ({"status": "read", "message_id": "wamid.nothing"}, 400, 100),
    ],
)
def test_what_meta_refuses_is_refused_with_its_code(
    client: Client, sender: Sender, what: Any, status: int, code: int
) -> None:
    response = post(client, sender, what)

    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert lying() == []


def test_another_token_or_number_is_sent_away(client: Client, sender: Sender, settings: Any) -> None:
    assert post(client, sender, TEXT, token="wrong").json()["error"]["code"] == 190
    assert post(client, sender, TEXT, number="1").json()["error"]["code"] == 100
    settings.OPTIN_SANDBOX = False
    assert post(client, sender, TEXT).status_code == 404


def test_a_title_that_is_too_long_or_there_twice_is_refused(client: Client, sender: Sender) -> None:
    for titles in (["x" * 21], ["a", "a"], ["a", "b", "c", "d"]):
        replies = [{"type": "reply", "reply": {"id": title, "title": title}} for title in titles]
        what = {"type": "button", "body": {"text": "x"}, "action": {"buttons": replies}}
        assert post(client, sender, {"type": "interactive", "interactive": what}).status_code == 400


def test_what_the_product_has_read_is_marked_so(client: Client, sender: Sender) -> None:
    wrote(sender)

    assert post(client, sender, {"status": "read", "message_id": "wamid.1"}).json() == {"success": True}

    assert lying()[0].state == "read"


@pytest.mark.parametrize(
    ("trouble", "what", "states"),
    [
        (None, "text", ["sent", "delivered", "read"]),
        (Trouble.UNSEEN, "text", ["sent", "delivered"]),
        (Trouble.UNREACHABLE, "text", ["failed 131026"]),
        (Trouble.NO_OFFERS, "template", ["failed 131050"]),
        ("never wrote", "text", ["failed 131047"]),
    ],
)
def test_how_far_a_message_got_is_told_and_signed(
    client: Client, sender: Sender, scripted: Scripted, monkeypatch: pytest.MonkeyPatch,
    trouble: str | None, what: str, states: list[str],
) -> None:  # fmt: skip
    scripted.answers(200)
    monkeypatch.setattr(network, "PAUSE", timedelta())
    MessageTemplate.objects.create(
        sender=sender, kind="invite", name="hello", language="en", body="{company} asks."
    )
    if trouble != "never wrote":
        wrote(sender)
    if trouble in set(Trouble):
        phones.trouble(phones.make(ANA.value), str(trouble), is_on=True)
    post(
        client,
        sender,
        (template("hello") if what == "template" else TEXT) | {"biz_opaque_callback_data": "ours"},
    )

    network.drain()
    network.see(lying())
    network.drain()

    told = []
    for seen in scripted.seen:
        body = seen["body"]
        assert seen["headers"]["X-Hub-Signature-256"] == meta_numbers.signature(
            body.encode(), meta_numbers.sandbox().app_secrets[0]
        )
        (status,) = json.loads(body)["entry"][0]["changes"][0]["value"]["statuses"]
        assert status["biz_opaque_callback_data"] == "ours"
        errors = [str(error["code"]) for error in status.get("errors", [])]
        told.append(" ".join([status["status"], *errors]))
    assert told == states


def test_nothing_is_taken_for_a_phone_whose_network_is_cut(client: Client, sender: Sender) -> None:
    phones.trouble(phones.make(ANA.value), Trouble.CUT, is_on=True)

    response = post(client, sender, TEXT)

    assert (response.status_code, response.json()["error"]["code"]) == (503, 131016)
