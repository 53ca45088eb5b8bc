"""The pretend Twilio answers in Twilio's shapes, lays messages on phones, and calls back."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consent import decision, outbox, providers, recording, sample, work
from consent.contact import Contact
from consent.models import MessageTemplate, OutboundMessage, SandboxMessage
from consent.outgoing import Outgoing
from consent.providers import SendError, accounts
from consent.recording import Telling
from consent.sample import AT_TWILIO, Sample
from consent.sandbox import network, phones
from consent.sandbox.items import Trouble
from tests import cast, payloads
from tests.cast import ANA

SENDER = "+551140028922"
EXAMPLES = payloads.TWILIO / "rest_create_message_and_call_examples.json"


def url(sid: str | None = None) -> str:
    return f"/sandbox/twilio/2010-04-01/Accounts/{sid or accounts.sandbox().sid}/Messages.json"


def basic(name: str | None = None, token: str | None = None) -> str:
    account = accounts.sandbox()
    pair = f"{name or account.sid}:{account.tokens[0] if token is None else token}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def create(client: Client, authorization: str | None = None, **changes: str) -> Any:
    fields = {"To": ANA.value, "From": SENDER, "Body": "Olá"} | changes
    return client.post(url(), fields, headers={"Authorization": authorization or basic()})


def test_a_message_lies_on_its_phone_with_what_went_over_the_wire(aurora: Sample, client: Client) -> None:
    response = create(client, Body="Olá, Ana")

    assert response.status_code == 201
    (phone,) = phones.all_phones()
    (message,) = phones.on(phone)
    assert (phone.number, message.sender, message.text) == (ANA.value, SENDER, "Olá, Ana")
    assert message.sid == response.json()["sid"]
    assert message.exchange.fields["Body"] == "Olá, Ana"
    assert json.loads(message.exchange.answer) == response.json()
    assert accounts.sandbox().tokens[0] not in str(message)


def test_the_answer_has_the_shape_of_twilios_own(aurora: Sample, client: Client) -> None:
    if not EXAMPLES.exists():
        pytest.skip("Twilio's examples are not here")
    example = json.loads(EXAMPLES.read_text())["create_message"]["responses"]["201"]["create"]["value"]

    answer = create(client).json()

    assert answer.keys() == example.keys()
    different = {name for name in example if type(answer[name]) is not type(example[name])}
    assert different == {"date_sent", "messaging_service_sid"}  # not sent yet, and through no service


@pytest.mark.parametrize(
    "authorization",
    ["Basic", "Bearer x", "Basic !!!", "Basic " + base64.b64encode(b"\xff").decode(), "x", "Basic Og=="],
)
def test_whoever_has_no_token_is_sent_away(aurora: Sample, client: Client, authorization: str) -> None:
    response = create(client, authorization)

    assert (response.status_code, response.json()["code"]) == (401, 20003)
    assert SandboxMessage.objects.count() == 0


def test_another_token_or_another_account_is_sent_away(aurora: Sample, client: Client) -> None:
    other = "AC" + "0" * 32

    assert create(client, basic(token="wrong")).status_code == 401
    assert create(client, basic(token="")).status_code == 401
    assert create(client, basic(name=other)).status_code == 401
    assert create(client, basic().replace("Basic", "Bearer")).status_code == 401
    assert client.post(url(other), {}, headers={"Authorization": basic()}).status_code == 401
    assert client.post(url(), {}).status_code == 401


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"To": "nobody"}, 21211),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550004"}, 21610),
        ({"From": "+551140028923"}, 21606),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(
    aurora: Sample, client: Client, changes: dict[str, str], code: int
) -> None:
    response = create(client, **changes)

    assert response.status_code == 400
    assert response.json().keys() == {"code", "message", "more_info", "status"}
    assert response.json()["code"] == code


def test_only_post_is_answered(aurora: Sample, client: Client) -> None:
    assert client.get(url()).status_code == 405


def test_it_is_not_there_where_the_sandbox_is_off(aurora: Sample, client: Client, settings: Any) -> None:
    settings.OPTIN_SANDBOX = False

    assert create(client).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_message_of_the_product_reaches_the_phone_and_comes_back_delivered(
    aurora: Sample, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over HTTP, with Twilio's own library, and back through the real status webhook."""
    settings.OPTIN_PUBLIC_URL = live_server.url
    monkeypatch.setattr(network, "PAUSE", timedelta())
    telling = Telling(kind="receipt", sender=aurora.sender, text="Obrigado, Ana")
    recording.record(cast.event(aurora), tell=lambda _act: [telling])

    assert outbox.drain() == 1

    (phone,) = phones.all_phones()
    assert [message.text for message in phones.on(phone)] == ["Obrigado, Ana"]
    assert network.drain() == 2
    assert OutboundMessage.objects.get().state == OutboundMessage.State.DELIVERED
    assert OutboundMessage.objects.get().provider_id == phones.on(phone)[0].sid


@pytest.mark.django_db(transaction=True)
def test_a_number_of_twilios_test_numbers_fails_as_it_does_there(
    aurora: Sample, live_server: Any, settings: Any
) -> None:
    settings.OPTIN_PUBLIC_URL = live_server.url

    with pytest.raises(SendError) as refused:
        providers.send(aurora.sender, Outgoing(to=Contact.reported("+15005550009"), text="Olá"))

    assert (refused.value.code, refused.value.permanent, refused.value.stopped) == ("21614", True, False)


@pytest.mark.django_db(transaction=True)
def test_who_stopped_at_the_carrier_has_withdrawn_once_a_message_is_refused_for_it(
    aurora: Sample, live_server: Any, settings: Any
) -> None:
    settings.OPTIN_PUBLIC_URL = live_server.url
    blocked = Contact("tel", "+15005550004")
    telling = Telling(kind="receipt", sender=aurora.sender, text="Obrigado")
    recording.record(cast.event(aurora, contact=blocked), tell=lambda _act: [telling])

    assert work.send() == 1

    answer = decision.may_send(blocked, company=aurora.company.pk, channel="sms", purpose="novidades")
    assert answer.reason == "withdrawn"
    sent = OutboundMessage.objects.get()
    assert (sent.state, sent.error) == (OutboundMessage.State.FAILED, "21610")


@pytest.mark.django_db(transaction=True)
def test_what_a_cut_network_held_back_arrives_once_when_it_is_whole_again(
    aurora: Sample, live_server: Any, settings: Any
) -> None:
    settings.OPTIN_PUBLIC_URL = live_server.url
    phone = phones.trouble(phones.make(ANA.value), Trouble.CUT, is_on=True)
    telling = Telling(kind="receipt", sender=aurora.sender, text="Obrigado, Ana")
    recording.record(cast.event(aurora), tell=lambda _act: [telling])

    assert outbox.drain() == 1
    assert (OutboundMessage.objects.get().state, phones.on(phone)) == ("queued", [])

    phones.trouble(phone, Trouble.CUT, is_on=False)
    OutboundMessage.objects.update(due_at=timezone.now())
    assert outbox.drain() == 1
    assert outbox.drain() == 0
    assert [message.text for message in phones.on(phone)] == ["Obrigado, Ana"]


@pytest.mark.parametrize(("trouble", "code"), [(Trouble.STOPPED, 21610), (Trouble.CUT, 20503)])
def test_a_troubled_phone_takes_nothing(aurora: Sample, client: Client, trouble: Trouble, code: int) -> None:
    phones.trouble(phones.make(ANA.value), trouble, is_on=True)

    assert create(client).json()["code"] == code


def test_whatsapp_takes_approved_texts_and_wants_both_numbers_to_be_its_own(
    aurora: Sample, client: Client
) -> None:
    sample.approve(aurora)
    content = MessageTemplate.objects.get(sender__address=AT_TWILIO, language="es")
    numbers = {"To": f"whatsapp:{ANA.value}", "From": f"whatsapp:{AT_TWILIO}"}
    variables = json.dumps({"1": "¿Acepta?", "2": "yes.x", "3": "no.x", "4": "stop.x"})

    made = create(client, Body="", ContentSid=content.name, ContentVariables=variables, **numbers)

    assert made.status_code == 201
    (message,) = phones.on(phones.make(ANA.value))
    assert (message.text, message.channel, message.is_template) == ("¿Acepta?", "whatsapp", True)
    assert [button.payload for button in message.buttons] == ["yes.x", "no.x", "stop.x"]
    assert create(client, From=SENDER, To=f"whatsapp:{ANA.value}").json()["code"] == 63007
    assert create(client, Body="", ContentSid="HX0", ContentVariables="[", **numbers).status_code == 400
