"""Placing a call: what Twilio is asked for, and what its answers mean."""

from urllib.parse import parse_qs
from uuid import UUID

import pytest

from consent import providers
from consent.contact import Contact
from consent.models import Sender
from consent.outgoing import Outgoing
from consent.providers import SendError, twilio_voice
from consent.sample import Sample
from tests.cast import ANA
from tests.providers.conftest import Scripted

SID = "CA" + "a" * 32
MESSAGE = UUID(int=7)


def place(number: Contact = ANA) -> str:
    call = Outgoing(to=number, text="Olá", call="/hooks/twilio/voice/")
    return providers.send(Sender.objects.get(channel="voice"), call, message=MESSAGE)


def test_a_call_is_asked_for_with_its_words_at_our_address_and_an_eye_on_machines(
    aurora: Sample, scripted: Scripted
) -> None:
    scripted.answers(201, f'{{"sid": "{SID}"}}')

    assert place() == SID
    asked = scripted.seen[0]
    fields = {name: values[0] for name, values in parse_qs(asked["body"]).items()}
    assert asked["path"].endswith("/Calls.json")
    assert fields == {
        "From": "+551140028924",
        "To": ANA.value,
        "Url": f"{scripted.url}/hooks/twilio/voice/?message={MESSAGE.hex}",
        "Method": "POST",
        "StatusCallback": f"{scripted.url}/hooks/twilio/voice/status/?message={MESSAGE.hex}",
        "StatusCallbackMethod": "POST",
        "MachineDetection": "Enable",
        "Timeout": "30",
        "TimeLimit": "600",
    }


@pytest.mark.parametrize(
    ("status", "permanent", "uncertain"), [(400, True, False), (429, False, False), (500, False, True)]
)
def test_a_refused_call_is_sorted_like_a_refused_message(
    aurora: Sample, scripted: Scripted, status: int, permanent: bool, uncertain: bool
) -> None:
    scripted.answers(status, '{"code": 21217, "message": "no"}')

    with pytest.raises(SendError) as refused:
        place()
    assert (refused.value.permanent, refused.value.uncertain) == (permanent, uncertain)


def test_a_long_text_is_said_in_pieces_that_twilio_takes() -> None:
    twiml = twilio_voice.end([("en", "a" * 9000)]).decode()

    assert twiml.count("<Say") == 3
