"""A stop is never refused, however it is said and whatever else is used up, closed or broken."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consent import dialogue, erasure, keywords, outbox
from consent.log import tree
from consent.models import CapturePoint, Company, ConsentRecord, NoticeVersion, OutboundMessage, Purpose
from consent.sample import Sample
from consent.vocabulary import Category, Channel
from tests.cast import ANA, BRUNO, asks, may, new_reference, says, sent, stops, writes


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
