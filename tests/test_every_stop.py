"""A stop is never refused, however it is said and whatever else is used up, closed or broken."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consent import dialogue, erasure, keywords, outbox, people, recording, withdrawing
from consent.log import tree
from consent.models import (
    CapturePoint,
    Company,
    ConsentRecord,
    NoticeVersion,
    OutboundMessage,
    Purpose,
    Sender,
)
from consent.outgoing import Outgoing
from consent.preferences import changing
from consent.recording import Telling
from consent.sample import Sample
from consent.vocabulary import Category, Channel, State
from tests.cast import ANA, BRUNO, asks, event, may, new_reference, says, sent, stops, writes


@pytest.fixture
def subscribed(aurora: Sample) -> Sample:
    """Ana gets news from Café Aurora."""
    says(aurora)
    assert may(aurora).allow
    return aurora


def assert_stopped(aurora: Sample) -> None:
    answer = may(aurora)
    assert (answer.allow, answer.reason) == (False, "withdrawn")


@pytest.mark.parametrize("word", sorted(keywords.STOP))
def test_every_word_for_stop_stops(subscribed: Sample, word: str) -> None:
    assert writes(subscribed, word.upper()) != ""
    assert_stopped(subscribed)


def test_a_stop_counts_when_the_company_has_no_message_left(subscribed: Sample) -> None:
    Company.objects.update(messages_per_day=0)
    subscribed.company.refresh_from_db()
    writes(subscribed, "SAIR")
    assert_stopped(subscribed)


def test_a_stop_counts_when_the_number_was_asked_too_often(subscribed: Sample) -> None:
    for _ in range(5):
        sent(asks(subscribed))
    writes(subscribed, "SAIR")
    assert_stopped(subscribed)


def test_a_stop_counts_when_the_capture_point_is_closed(subscribed: Sample) -> None:
    CapturePoint.objects.update(is_open=False)
    writes(subscribed, "SAIR")
    assert_stopped(subscribed)


def test_a_stop_counts_when_no_notice_is_published(subscribed: Sample) -> None:
    NoticeVersion.objects.update(state="retired", retired_at=timezone.now())
    writes(subscribed, "SAIR")
    assert_stopped(subscribed)


def test_a_stop_counts_when_it_names_a_country_nobody_may_write_to(subscribed: Sample) -> None:
    Company.objects.update(allowed_countries=["CO"])
    writes(subscribed, "SAIR")
    assert_stopped(subscribed)


def test_a_stop_counts_from_a_number_no_plan_knows(aurora: Sample) -> None:
    from consent.contact import Contact

    strange = Contact.reported("+5511000000000")
    writes(aurora, "STOP", strange)
    assert may(aurora, strange).reason == "withdrawn"


def test_a_stop_counts_after_the_person_was_erased(subscribed: Sample) -> None:
    subject = ConsentRecord.objects.latest("arrival").subject
    erasure.erase(subject, company=subscribed.company, entity="subject")
    writes(subscribed, "SAIR")
    assert_stopped(subscribed)


def test_a_hundred_stops_are_a_hundred_records_and_one_answer(subscribed: Sample) -> None:
    replies = [writes(subscribed, "STOP") for _ in range(100)]
    assert [reply for reply in replies if reply] == replies[:1]
    assert ConsentRecord.objects.filter(purpose=None).count() == 100
    assert_stopped(subscribed)


def test_a_stop_with_a_code_in_it_is_a_stop(aurora: Sample) -> None:
    sent(asks(aurora))
    writes(aurora, "STOP 12345678")
    assert_stopped(aurora)


def test_a_stop_covers_purposes_the_company_makes_up_later(subscribed: Sample) -> None:
    writes(subscribed, "SAIR")
    Purpose.objects.create(company=subscribed.company, slug="novo", category=Category.MARKETING)
    assert may(subscribed, purpose="novo").reason == "withdrawn"


def test_nothing_leaves_to_who_stopped(subscribed: Sample) -> None:
    asks(subscribed)
    asks(subscribed, boxes=["pedidos.sms", "novidades.whatsapp"])
    writes(subscribed, "SAIR")
    assert set(OutboundMessage.objects.values_list("state", flat=True)) == {"expired"}
    assert outbox.claim() is None


def test_an_import_of_old_papers_revives_nobody(subscribed: Sample) -> None:
    """Threat 33: whatever is typed in later but was signed before the stop changes nothing."""
    writes(subscribed, "SAIR")
    for days in (0, 1, 30, 3000):
        says(subscribed, event_time=timezone.now() - timedelta(days=days, minutes=1), entity="staff:7")
    assert_stopped(subscribed)


def test_a_stop_on_one_channel_leaves_the_other_and_both_can_be_stopped(subscribed: Sample) -> None:
    says(subscribed, channel=Channel.WHATSAPP)
    writes(subscribed, "SAIR")
    assert may(subscribed, channel="whatsapp").allow
    stops(subscribed, channel=Channel.WHATSAPP)
    assert not may(subscribed, channel="whatsapp").allow


@pytest.mark.parametrize("entity", ["subject", "staff:7", "platform:twilio"])
def test_a_stop_counts_whoever_brings_it(subscribed: Sample, entity: str) -> None:
    dialogue.withdraw_everything(
        sender=subscribed.sender,
        contact=ANA,
        method="sms",
        reference=new_reference("status"),
        evidence={"error": "21610"},
        entity=entity,
    )
    assert_stopped(subscribed)


def test_a_stop_of_one_person_is_nobody_elses(subscribed: Sample) -> None:
    says(subscribed, BRUNO)
    writes(subscribed, "SAIR")
    assert may(subscribed, BRUNO).allow


def test_a_stop_stands_in_the_log(subscribed: Sample, settings: Any) -> None:
    writes(subscribed, "SAIR")
    assert tree.sequence() == ConsentRecord.objects.count()


# --- what had been queued


def brings(aurora: Sample, **changes: Any) -> None:
    """Somebody brings Ana's stop: an app, staff, a letter."""
    withdrawing.record(
        withdrawing.Stop(
            **{
                "company": aurora.company, "contact": ANA, "language": "pt-BR", "said_at": timezone.now(),
                "method": "app", "evidence": {"number": ANA.value}, "reference": new_reference("app"),
                "entity": "app:1",
            } | changes
        )
    )  # fmt: skip


def on_her_page(aurora: Sample, key: str) -> None:
    how = changing.How(evidence={}, language="pt-BR", at=timezone.now())
    [person] = people.with_number(ANA)
    changing.stop(person, key, how=how) if key else changing.stop_everything(person, how=how)


WAYS: dict[str, Callable[[Sample], object]] = {
    "in words": lambda aurora: writes(aurora, "SAIR"),
    "in words, to another number of ours": lambda aurora: dialogue.answer(
        sender=Sender.objects.create(company=aurora.company, channel="sms", address="+551140020000"),
        contact=ANA, text="SAIR", method="sms", reference=new_reference("SM"), evidence={},
    ),
    "brought": brings,
    "brought, on one channel": lambda aurora: brings(aurora, channels=("sms",)),
    "brought, of one purpose": lambda aurora: brings(aurora, purpose=aurora.purposes["novidades"]),
    "by the number": lambda aurora: changing.stop_number(
        ANA, aurora.company, how=changing.How(evidence={}, language="pt-BR", at=timezone.now(), once="1")
    ),
    "on her page": lambda aurora: on_her_page(aurora, ""),
    "on her page, of one purpose": lambda aurora: on_her_page(aurora, "novidades.sms"),
    "in a list": lambda aurora: stops(aurora, method="import", possession="none", entity="staff:7"),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("kind", ["ask", "invite", "renew", "again", "receipt", "summary"])
def test_what_waited_does_not_leave_after_a_stop_however_it_came(
    aurora: Sample, kind: str, way: Callable[[Sample], object]
) -> None:
    """A message that says a thing had been asked or agreed to, and was still in the outbox."""
    if kind == "summary":
        subject = says(aurora).subject
        text = Outgoing(to=ANA, text="Uma vez por ano ...")
        outbox.tell(text, sender=aurora.sender, subject=subject, kind=kind, reference="1")
    else:
        state = State.GIVEN if kind == "receipt" else State.REQUESTED
        said = event(aurora, state=state)
        recording.record(said, tell=lambda _act: [Telling(kind=kind, sender=aurora.sender, text="...")])
    waited = OutboundMessage.objects.get()

    way(aurora)

    while (message := outbox.claim()) is not None:
        assert message.pk != waited.pk or message.state == "expired"
    waited.refresh_from_db()
    assert (waited.state, waited.sent_at) == ("expired", None)


def test_what_was_being_sent_when_the_stop_came_is_not_tried_again(subscribed: Sample) -> None:
    asks(subscribed)
    message = outbox.claim()
    assert message is not None
    writes(subscribed, "SAIR")
    # The provider was busy, as outbox.sending writes it down.
    OutboundMessage.objects.update(lease_until=None, sent_at=None, due_at=timezone.now())

    assert outbox.claim().state == "expired"  # type: ignore[union-attr]


def test_a_stop_of_something_else_takes_back_no_question(aurora: Sample) -> None:
    asks(aurora)
    brings(aurora, channels=("whatsapp", "voice"))
    brings(aurora, purpose=aurora.purposes["pedidos"])
    brings(aurora, contact=BRUNO)
    message = outbox.claim()
    assert message is not None
    assert message.lease_until is not None


def test_who_is_asked_anew_after_a_stop_gets_the_question(aurora: Sample) -> None:
    brings(aurora)
    asks(aurora)
    message = outbox.claim()
    assert message is not None
    assert message.lease_until is not None
