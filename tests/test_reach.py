"""Whether people can be reached is no word of theirs: it is noted, lasts, and ends by itself."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from consent import dialogue, erasure, opening, outbox, reach, recording, vault
from consent.contact import Contact
from consent.models import ConsentRecord, ContactTrouble, Hold, InboundMessage, OutboundMessage, Sender
from consent.outbox import sending
from consent.providers import SendError
from consent.recording import Telling
from consent.sample import Sample
from consent.vocabulary import StopScope
from tests.cast import ANA, event, may, says


@pytest.fixture
def sender(aurora: Sample) -> Sender:
    return Sender.objects.filter(company=aurora.company, channel="whatsapp").order_by("pk")[0]


def told(aurora: Sample, sender: Sender, contact: Contact = ANA) -> OutboundMessage:
    """A message to somebody who agreed, which has left."""
    telling = Telling(kind="receipt", sender=sender, text="Obrigado")
    recorded = recording.record(
        event(aurora, contact=contact, channel="whatsapp"), tell=lambda _act: [telling]
    )
    OutboundMessage.objects.filter(act=recorded.act).update(state="sent", sent_at=timezone.now())
    return OutboundMessage.objects.get(act=recorded.act)


def status(message: OutboundMessage, state: str, error: str = "") -> bool:
    return outbox.advance(
        message.sender, message=message.pk, provider_id="wamid.1", state=state, error=error, at=timezone.now()
    )


def first_record() -> Any:
    return ConsentRecord.objects.order_by("arrival").values_list("uid", flat=True)[0]


def kinds(message: OutboundMessage) -> list[str]:
    return [trouble.kind for trouble in reach.now([message.subject], at=timezone.now())]


@pytest.mark.parametrize(
    ("code", "expected"),
    [("131026", ["unreachable"]), ("30003", ["unreachable"]), ("30005", ["unreachable"]), ("30006", ["unreachable"]),
     ("63024", ["unreachable"]), ("131049", ["limited"]), ("30004", ["limited"]), ("131047", []), ("30007", [])],
)  # fmt: skip
def test_what_is_no_stop_is_noted_and_withdraws_nothing(
    aurora: Sample, sender: Sender, code: str, expected: list[str]
) -> None:
    message = told(aurora, sender)
    assert status(message, "failed", code)
    assert kinds(message) == expected
    answer = may(aurora, channel="whatsapp")
    assert (answer.reason, answer.record) == (expected[0] if expected else "given", first_record())
    assert not ConsentRecord.objects.filter(state="withdrawn").exists()


def test_a_message_that_arrives_ends_it(aurora: Sample, sender: Sender) -> None:
    status(told(aurora, sender), "failed", "131026")
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        later = told(aurora, sender)
        assert kinds(later) == ["unreachable"]
        status(later, "delivered")
        assert kinds(later) == []


def test_the_person_who_writes_is_reached(aurora: Sample, sender: Sender) -> None:
    message = told(aurora, sender)
    status(message, "failed", "131049")
    for channel, left in (("sms", ["limited"]), ("whatsapp", [])):
        InboundMessage.objects.create(
            id=vault.new_id(), event=vault.new_id().bytes * 2, provider="meta", sealed=b"", digest=b"",
            sender=Sender.objects.filter(company=aurora.company, channel=channel).order_by("pk")[0],
            number_key=vault.number_key(ANA), received_at=timezone.now() + timedelta(seconds=1),
        )  # fmt: skip
        assert kinds(message) == left


def test_a_platform_that_has_to_say_it_again_is_given_twice_the_time(aurora: Sample, sender: Sender) -> None:
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(7):
            message = told(aurora, sender)
            status(message, "failed", "131049")
            (trouble,) = reach.now([message.subject], at=timezone.now())
            waits.append((trouble.until - timezone.now()).days)
            clock.shift(trouble.until - timezone.now())
            assert kinds(message) == []
        clock.shift(1)
        status(told(aurora, sender), "delivered")
        clock.shift(1)
        status(message := told(aurora, sender), "failed", "131049")
        assert reach.now([message.subject], at=timezone.now()).get().times == 1
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_a_provider_that_refuses_at_once_is_noted_too_and_erasure_forgets_it(
    aurora: Sample, sender: Sender, settings: Any
) -> None:
    message = told(aurora, sender)
    sending._failed(message, SendError("63003", permanent=True))
    assert kinds(message) == ["unreachable"]
    erasure.erase(message.subject, company=aurora.company, entity="subject")
    assert not ContactTrouble.objects.exists()


def test_a_stop_of_offers_at_the_platform_ends_offers_alone(aurora: Sample, sender: Sender) -> None:
    says(aurora, channel="whatsapp")
    says(aurora, channel="whatsapp", purpose=aurora.purposes["pedidos"])
    heard: dict[str, Any] = {
        "sender": sender,
        "contact": ANA,
        "method": "whatsapp",
        "evidence": {"value": "stop"},
    }
    recorded = dialogue.platform_stop(platform="meta", reference="1", **heard)
    assert set(ConsentRecord.objects.filter(act=recorded.act).values_list("entity", flat=True)) == {
        "platform:meta"
    }
    assert may(aurora, channel="whatsapp").reason == "withdrawn"
    assert may(aurora, channel="whatsapp", purpose="pedidos").allow
    dialogue.platform_stop(platform="rapidpro", reference="2", scope=StopScope.EVERYTHING, **heard)
    assert may(aurora, channel="whatsapp", purpose="pedidos").reason == "withdrawn"
    says(aurora, channel="whatsapp")
    assert may(aurora, channel="whatsapp").reason == "blocked"
    assert dialogue.platform_resume(sender=sender, contact=ANA)
    assert may(aurora, channel="whatsapp").allow


def test_a_stranger_who_stops_at_the_platform_is_blocked_and_known(aurora: Sample, sender: Sender) -> None:
    user = Contact.whatsapp_user("BR.1349120")
    recorded = dialogue.platform_stop(
        sender=sender, contact=user, platform="meta", method="whatsapp", reference="1", evidence={}
    )
    held = Hold.objects.get()
    assert (held.subject, held.kind) == (recorded.subject, "blocked")
    assert opening.contact_of(recorded.subject, scheme=user.scheme) == user
