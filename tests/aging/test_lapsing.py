"""Consents lapse where nobody was in touch for as long as the company's rule says, and only there."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from consent import decision, outbox, vault
from consent.aging import lapsing, working
from consent.decision import Reason
from consent.models import ConsentRecord, InboundMessage, LogPending, OutboundMessage
from consent.sample import Sample
from consent.vocabulary import Channel, State
from tests import cast
from tests.cast import ANA, BRUNO, at

MONTH = timedelta(days=31)


@pytest.fixture
def cafe(aurora: Sample) -> Sample:
    """Café Aurora, whose consents lapse after six months."""
    aurora.company.lapse_months = 6
    aurora.company.save()
    return aurora


def agreed(aurora: Sample, contact: Any = ANA, *, months: int = 7, **more: Any) -> UUID:
    return cast.says(aurora, contact, event_time=timezone.now() - months * MONTH, **more).subject


def look() -> None:
    working.forget()
    while working.lapse():
        pass


def test_whoever_was_not_in_touch_for_so_long_is_written_to_no_more(cafe: Sample) -> None:
    agreed(cafe)
    agreed(cafe, purpose=cafe.purposes["pedidos"])
    agreed(cafe, BRUNO, months=5)
    look()
    look()
    assert cast.may(cafe).reason == cast.may(cafe, purpose="pedidos").reason == Reason.LAPSED
    assert cast.may(cafe, BRUNO).allow
    lapsed = ConsentRecord.objects.filter(state=State.LAPSED)
    assert {(one.entity, one.method) for one in lapsed} == {("company", "time")}
    assert lapsed.count() == 2
    assert LogPending.objects.count() == 5
    assert not OutboundMessage.objects.exists()


def test_without_a_rule_nothing_lapses(aurora: Sample) -> None:
    agreed(aurora, months=20)
    look()
    assert cast.may(aurora).allow


def test_a_yes_to_anything_else_is_contact(cafe: Sample) -> None:
    agreed(cafe)
    agreed(cafe, purpose=cafe.purposes["pedidos"], months=1)
    look()
    assert cast.may(cafe).allow


def test_a_no_to_anything_else_is_contact(cafe: Sample) -> None:
    agreed(cafe)
    cast.stops(cafe, channel=Channel.VOICE)
    look()
    assert cast.may(cafe).allow


def test_a_message_of_theirs_is_contact_to_the_company_they_wrote_to(cafe: Sample) -> None:
    agreed(cafe)
    wrote(cafe, ANA, timezone.now() - MONTH)
    agreed(cafe, BRUNO)
    wrote(cafe, BRUNO, timezone.now() - 7 * MONTH)
    look()
    assert cast.may(cafe).allow
    assert cast.may(cafe, BRUNO).reason == Reason.LAPSED


def wrote(aurora: Sample, contact: Any, moment: datetime) -> None:
    InboundMessage.objects.create(
        id=vault.new_id(), event=vault.digest("e", contact.value), provider="sandbox", sender=aurora.sender,
        sealed=b"x", digest=b"d" * 32, number_key=vault.number_key(contact), received_at=moment,
    )  # fmt: skip


def test_what_they_read_is_contact_and_what_was_only_sent_is_none(cafe: Sample) -> None:
    for contact, read_at in ((ANA, timezone.now() - MONTH), (BRUNO, None)):
        subject = agreed(cafe, contact)
        outbox.reply(sender=cafe.sender, contact=contact, subject=subject, text="Oi", reference=contact.value)
        sent = OutboundMessage.objects.filter(subject=subject)
        assert sent.update(state="delivered", sent_at=timezone.now(), read_at=read_at) == 1
    look()
    assert cast.may(cafe).allow
    assert cast.may(cafe, BRUNO).reason == Reason.LAPSED


def test_what_the_company_does_alone_is_no_contact(cafe: Sample) -> None:
    subject = agreed(cafe)
    before = lapsing.last_contact(cafe.company, [subject], ANA)
    cast.says(cafe, state=State.REQUESTED, entity="company")
    OutboundMessage.objects.update(state="delivered", sent_at=timezone.now())
    assert lapsing.last_contact(cafe.company, [subject], ANA) == before


def test_a_decision_as_of_before_stays_and_a_new_yes_counts_again(cafe: Sample) -> None:
    agreed(cafe)
    moment = timezone.now()
    look()
    then = decision.may_send(ANA, company=cafe.company.pk, channel="sms", purpose="novidades", at=moment)
    assert then.allow
    assert not cast.may(cafe).allow
    cast.says(cafe)
    assert cast.may(cafe).allow


def test_a_stop_stays_a_stop(cafe: Sample) -> None:
    agreed(cafe)
    cast.stops(cafe)
    look()
    assert cast.may(cafe).reason == Reason.WITHDRAWN


@pytest.mark.parametrize(
    ("now", "months", "expected"),
    [
        ("2026-03-31 10:00", 1, "2026-02-28 10:00"),
        ("2024-03-31 10:00", 1, "2024-02-29 10:00"),
        ("2026-01-15 10:00", 1, "2025-12-15 10:00"),
        ("2026-12-15 10:00", 24, "2024-12-15 10:00"),
    ],
)
def test_months_are_those_of_the_calendar(now: str, months: int, expected: str) -> None:
    assert lapsing.months_before(at(now), months) == at(expected)
