"""A number that somebody else has now: nothing agreed to before reaches it, and nothing of before is shown."""

import pytest

from consent import keywords
from consent.models import ConsentRecord, ContactPoint
from consent.sample import Sample
from tests import cast

WORDS = [
    "Wrong number!",
    "Sorry, you have the wrong person",
    "Número errado",
    "Oi, esse número não é da Ana",
    "Número equivocado, por favor",
    "No es mi número",
]


@pytest.mark.parametrize("words", WORDS)
def test_the_words_are_a_stop_and_more(words: str) -> None:
    assert keywords.is_wrong_number(words)
    assert keywords.interpret(words) is keywords.Intent.STOP


@pytest.mark.parametrize("words", ["STOP", "My number is 12", "Is this the wrong size?", "pessoa certa", ""])
def test_other_words_are_not(words: str) -> None:
    assert not keywords.is_wrong_number(words)


def test_every_purpose_on_every_channel_ends_for_the_number(aurora: Sample) -> None:
    cast.says(aurora, channel="whatsapp")
    former = cast.says(aurora).subject
    reply = cast.writes(aurora, "Número errado", reference="SM1")

    assert reply.startswith("Café Aurora")
    for channel in ("sms", "whatsapp", "voice"):
        assert cast.may(aurora, channel=channel).reason == "withdrawn"
    last = ConsentRecord.objects.latest("arrival")
    assert (last.state, last.subject == former) == ("withdrawn", False)
    assert ContactPoint.objects.get(subject=former).ended_at is not None
    assert b'"cause":"wrong_number"' in b"".join(cast.entries())


def test_the_same_message_again_changes_nothing_and_gets_the_same_reply(aurora: Sample) -> None:
    cast.says(aurora)
    first, again = (cast.writes(aurora, "Wrong number", reference="SM1") for _ in range(2))

    assert first == again != ""
    assert ContactPoint.objects.count() == 2
    assert ConsentRecord.objects.filter(state="withdrawn").count() == 3


def test_whoever_has_the_number_now_may_say_yes_for_themselves(aurora: Sample) -> None:
    cast.says(aurora)
    cast.writes(aurora, "Wrong number")
    cast.says(aurora)

    assert cast.may(aurora).allow
    assert not cast.may(aurora, channel="whatsapp").allow
