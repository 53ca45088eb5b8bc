"""What a person does in a chat goes to the product as Twilio and as Meta would tell it."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from consent.models import Sender
from consent.sample import AT_META, AT_TWILIO, Sample
from consent.sandbox import phones, writing
from consent.sandbox.items import Button, Kind, Message, Trouble
from tests.cast import ANA
from tests.providers.conftest import Scripted

YES = Button(title="Sim", payload="yes.x")


@pytest.fixture
def phone(aurora: Sample, scripted: Scripted) -> phones.Phone:
    scripted.answers(200, "<Response><Message>Obrigado</Message></Response>")
    return phones.make(ANA.value)


def at(address: str) -> Sender:
    return Sender.objects.get(channel="whatsapp", address=address)


def asked(sender: Sender, *, is_template: bool = False) -> Message:
    message = Message(
        sid="wamid.asked" if sender.number_id else "SMasked", kind=Kind.RECEIVED, channel="whatsapp",
        number=ANA.value, sender=sender.address, text="Aceita?", buttons=(YES,), is_template=is_template,
    )  # fmt: skip
    phones.keep(message)
    return message


def update(scripted: Scripted) -> Any:
    (seen,) = scripted.seen
    assert seen["path"] == "/hooks/meta/"
    return json.loads(seen["body"])["entry"][0]["changes"][0]["value"]


def test_words_at_meta(phone: phones.Phone, scripted: Scripted) -> None:
    message = writing.write(phone, sender=at(AT_META), text="PROMO")

    (told,) = update(scripted)["messages"]
    assert (told["from"], told["id"], told["text"]["body"]) == (ANA.value[1:], message.sid, "PROMO")
    assert message.is_delivered
    assert len(phones.on(phone)) == 1, "Meta's webhook is answered with nothing"


@pytest.mark.parametrize(
    ("is_template", "said"),
    [
        (False, {"type": "button_reply", "button_reply": {"id": "yes.x", "title": "Sim"}}),
        (True, {"payload": "yes.x", "text": "Sim"}),
    ],
)
def test_a_button_at_meta(phone: phones.Phone, scripted: Scripted, is_template: bool, said: Any) -> None:
    sender = at(AT_META)
    question = asked(sender, is_template=is_template)

    writing.press(phone, sender=sender, message=question, button=YES)

    (told,) = update(scripted)["messages"]
    assert told["context"]["id"] == question.sid
    assert told["button" if is_template else "interactive"] == said
    assert phones.find(question.sid).pressed == "yes.x"  # type: ignore[union-attr]


def test_the_end_of_a_flow(phone: phones.Phone, scripted: Scripted) -> None:
    sender = at(AT_META)
    yes = Button(title="Sim", payload="yes token.x", answers_flow=True)

    writing.press(phone, sender=sender, message=asked(sender), button=yes)

    (told,) = update(scripted)["messages"]
    answer = told["interactive"]["nfm_reply"]
    assert json.loads(answer["response_json"]) == {"flow_token": "token.x", "answer": "yes"}


def test_a_button_at_twilio(phone: phones.Phone, scripted: Scripted) -> None:
    sender = at(AT_TWILIO)

    writing.press(phone, sender=sender, message=asked(sender), button=YES)

    fields = dict(parse_qsl(scripted.seen[0]["body"], keep_blank_values=True))
    assert (fields["From"], fields["To"]) == (f"whatsapp:{ANA.value}", f"whatsapp:{AT_TWILIO}")
    assert (fields["ButtonPayload"], fields["ButtonText"], fields["MessageType"]) == (
        "yes.x",
        "Sim",
        "button",
    )
    assert fields["OriginalRepliedMessageSid"] == "SMasked"
    assert [item.text for item in phones.on(phone)] == ["Aceita?", "Sim", "Obrigado"]  # type: ignore[union-attr]


def test_stopping_offers_is_told_by_meta_and_not_by_twilio(phone: phones.Phone, scripted: Scripted) -> None:
    writing.set_offers(phone, sender=at(AT_TWILIO), are_stopped=True)
    assert scripted.seen == []

    writing.set_offers(phone, sender=at(AT_META), are_stopped=True)

    (told,) = update(scripted)["user_preferences"]
    assert (told["value"], told["category"]) == ("stop", "marketing_messages")
    assert phones.troubles(ANA.value) == {Trouble.NO_OFFERS}
    writing.set_offers(phone, sender=at(AT_META), are_stopped=False)
    assert phones.troubles(ANA.value) == set()


def test_what_is_written_without_a_network_waits_to_be_sent_again(
    phone: phones.Phone, scripted: Scripted
) -> None:
    phones.trouble(phone, Trouble.CUT, is_on=True)
    message = writing.write(phone, sender=at(AT_META), text="STOP")
    assert (message.is_delivered, scripted.seen) == (False, [])

    phones.trouble(phone, Trouble.CUT, is_on=False)

    assert writing.again(message).is_delivered
    assert update(scripted)["messages"][0]["id"] == message.sid
