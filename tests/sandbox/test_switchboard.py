"""The pretend Twilio takes calls in Twilio's shapes, and refuses in them."""

import json
from base64 import b64encode
from typing import Any

import pytest
from django.test import Client

from consent.models import SandboxMessage
from consent.providers import accounts
from consent.sample import VOICE, Sample
from consent.sandbox import phones
from consent.sandbox.items import Trouble
from tests import payloads
from tests.cast import ANA

EXAMPLES = payloads.TWILIO / "rest_create_message_and_call_examples.json"
URL = "https://optin.test/hooks/twilio/voice/"


def create(client: Client, *, token: str | None = None, **changes: str) -> Any:
    account = accounts.sandbox()
    pair = f"{account.sid}:{account.tokens[0] if token is None else token}"
    fields = {"To": ANA.value, "From": VOICE, "Url": URL} | changes
    return client.post(
        f"/sandbox/twilio/2010-04-01/Accounts/{account.sid}/Calls.json",
        fields,
        headers={"Authorization": "Basic " + b64encode(pair.encode()).decode()},
    )


def test_the_answer_has_the_shape_of_twilios_own(aurora: Sample, client: Client) -> None:
    if not EXAMPLES.exists():
        pytest.skip("Twilio's examples are not here")
    example = json.loads(EXAMPLES.read_text())["create_call"]["responses"]["201"]["create"]["value"]

    response = create(client)

    assert response.status_code == 201
    assert response.json().keys() == example.keys()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": ""}, 21201),
        ({"From": ""}, 21213),
        ({"Url": ""}, 21205),
        ({"To": "nobody"}, 21211),
        ({"To": "+15005550001"}, 21211),
        ({"From": "+551140028922"}, 21210),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(
    aurora: Sample, client: Client, changes: dict[str, str], code: int
) -> None:
    response = create(client, **changes)

    assert (response.status_code, response.json()["code"]) == (400, code)
    assert SandboxMessage.objects.count() == 0


def test_whoever_has_no_token_is_sent_away(aurora: Sample, client: Client) -> None:
    assert create(client, token="wrong").status_code == 401


def test_nothing_is_taken_for_a_phone_whose_network_is_cut(aurora: Sample, client: Client) -> None:
    phones.trouble(phones.make(ANA.value), Trouble.CUT, is_on=True)

    assert create(client).status_code == 503
