"""Reminders before consents end: once, over a channel that is allowed, and a yes to them is a record of its own."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent import catalogue, history, opening, outbox, publishing
from consent.aging import reminders, working
from consent.models import ConsentRecord, MessageTemplate, NoticeVersion, OutboundMessage
from consent.sample import Sample
from consent.vocabulary import Channel, Possession, State
from tests import cast
from tests.cast import ANA, BRUNO

DAYS = 730  # for how long a yes to news counts
Kind = OutboundMessage.Kind


@pytest.fixture
def cafe(aurora: Sample) -> Sample:
    """Café Aurora, which tells people 30 days before."""
    aurora.company.remind_days = 30
    aurora.company.save()
    return aurora


def agreed(aurora: Sample, contact: Any = ANA, *, days_left: float = 20, **more: Any) -> UUID:
    """Somebody said yes so long ago that it ends in so many days."""
    said_at = timezone.now() - timedelta(days=DAYS - days_left)
    return cast.says(aurora, contact, event_time=said_at, **more).subject


def look() -> int:
    """One round over everybody."""
    working.forget()
    done = 0
    while looked_at := working.remind():
        done += looked_at
    return done


def queued(kind: str = Kind.RENEW) -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(kind=kind).order_by("created_at"))


def text(message: OutboundMessage) -> str:
    return str(opening.message_content(message)["text"])


def test_whoever_s_consent_ends_soon_is_told_once_what_ends_when_how_to_keep_it_and_to_stop(
    cafe: Sample,
) -> None:
    agreed(cafe)
    assert look() == 1
    assert look() == 1
    [message] = queued()
    assert message.sender == cafe.sender
    said = text(message)
    until = (timezone.now() + timedelta(days=20)).astimezone(timezone.get_current_timezone())
    for part in ("Café Aurora", "SMS", "SIM", "SAIR", "/y/aurora/", f"{until:%Y}"):
        assert part in said
    assert cast.may(cafe).allow  # what stands goes on


def test_a_policy_of_no_days_reminds_nobody(aurora: Sample) -> None:
    agreed(aurora)
    assert look() == 0
    assert queued() == []


@pytest.mark.parametrize(("days_left", "times"), [(31, 0), (29, 1), (0.01, 1), (-0.01, 0)])
def test_only_within_the_days_and_never_afterwards(cafe: Sample, days_left: float, times: int) -> None:
    agreed(cafe, days_left=days_left)
    look()
    assert len(queued()) == times


def test_several_consents_of_one_person_are_one_message(cafe: Sample) -> None:
    agreed(cafe)
    agreed(cafe, purpose=cafe.purposes["novidades"], days_left=25, channel=Channel.WHATSAPP)
    agreed(cafe, BRUNO)
    look()
    messages = queued()
    assert len(messages) == len({message.subject for message in messages}) == 2
    requests = ConsentRecord.objects.filter(state=State.REQUESTED)
    assert requests.count() == 3
    assert {request.entity for request in requests} == {"company"}


def test_whoever_stopped_is_told_nothing(cafe: Sample) -> None:
    agreed(cafe)
    cast.stops(cafe)
    look()
    assert queued() == []


def test_a_yes_by_reply_is_a_fresh_record_of_the_same_notice(cafe: Sample) -> None:
    subject = agreed(cafe)
    look()
    OutboundMessage.objects.update(state=OutboundMessage.State.SENT, sent_at=timezone.now())
    assert "SAIR" in cast.writes(cafe, "SIM")
    record = ConsentRecord.objects.latest("arrival")
    assert (record.state, record.possession, record.notice) == (State.GIVEN, Possession.REPLY, cafe.version)
    assert "termina em" in opening.evidence_of(record.act_id)["answers"][0]["question"]
    standing = history.standings(subject, at=timezone.now())["sms", cafe.purposes["novidades"].pk]
    assert standing.until is not None
    assert standing.until > timezone.now() + timedelta(days=DAYS - 1)
    look()
    assert len(queued()) == 1


def test_the_answer_may_take_days_and_not_months(cafe: Sample) -> None:
    agreed(cafe)
    look()
    OutboundMessage.objects.update(state=OutboundMessage.State.SENT, sent_at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(days=10), tick=True):
        cast.writes(cafe, "SIM")
        assert ConsentRecord.objects.filter(state=State.GIVEN).count() == 2
    agreed(cafe, BRUNO)
    look()
    OutboundMessage.objects.update(state=OutboundMessage.State.SENT, sent_at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=True):
        cast.writes(cafe, "SIM", BRUNO)
        assert not cast.may(cafe, BRUNO).allow


def test_a_no_ends_it(cafe: Sample) -> None:
    agreed(cafe)
    look()
    OutboundMessage.objects.update(state=OutboundMessage.State.SENT, sent_at=timezone.now())
    cast.writes(cafe, "NÃO")
    assert cast.may(cafe).reason == "refused"


def test_a_stop_takes_the_reminder_back_that_has_not_left(cafe: Sample) -> None:
    agreed(cafe)
    look()
    cast.writes(cafe, "SAIR")
    assert [message.state for message in queued()] == [OutboundMessage.State.EXPIRED]


def test_nobody_is_told_at_night_and_everybody_in_the_morning(cafe: Sample) -> None:
    agreed(cafe)
    cafe.purposes["novidades"].category = "utility"  # no offer, and not at night all the same
    cafe.purposes["novidades"].save()
    cafe.company.quiet_from, cafe.company.quiet_until = time(21), time(8)
    cafe.company.save()
    night = _next(hour=2)
    with time_machine.travel(night, tick=True):
        look()
        assert queued() == []
    with time_machine.travel(night + timedelta(hours=9), tick=True):
        look()
        assert len(queued()) == 1


def _next(*, hour: int) -> datetime:
    """Such an hour in São Paulo, tomorrow."""
    day = timezone.now() + timedelta(days=1)
    return day.replace(hour=hour + 3, minute=0)


def test_over_another_channel_that_is_allowed_else_later(cafe: Sample) -> None:
    agreed(cafe, channel=Channel.WHATSAPP)
    look()
    assert queued() == []  # nobody wrote, and no text was approved
    agreed(cafe, days_left=25)
    look()
    [message] = queued()
    assert message.sender.channel == Channel.SMS


def test_on_whatsapp_in_the_approved_words(cafe: Sample) -> None:
    agreed(cafe, channel=Channel.WHATSAPP)
    sender = cafe.company.senders.filter(channel=Channel.WHATSAPP).order_by("pk")[0]
    MessageTemplate.objects.create(
        sender=sender, kind="renew", language="pt-BR", name="keep", body="{company}: {boxes}, {day}. {link}"
    )
    look()
    [message] = queued()
    content = opening.message_content(message)
    assert content["template"][0] == "keep"
    assert "/y/aurora/" in content["template"][2][-1]
    assert len(content["buttons"]) == 3


def test_calls_remind_nobody(cafe: Sample) -> None:
    agreed(cafe, channel=Channel.VOICE)
    look()
    assert queued() == []


def test_where_the_notice_means_something_else_by_now_it_is_asked_in_full(cafe: Sample) -> None:
    agreed(cafe)
    publishing.publish(
        NoticeVersion.objects.create(notice=cafe.version.notice, major=2, wordings=cafe.version.wordings)
    )
    look()
    assert queued() == []
    [message] = queued(Kind.AGAIN)
    assert "quer" in text(message)
    assert "mudou" in text(message)


def test_what_nobody_asks_for_any_more_just_ends(cafe: Sample) -> None:
    agreed(cafe)
    cafe.company.points.update(is_open=False)
    catalogue.forget()
    look()
    assert queued() == []


def test_a_plan_names_who_is_told_when(cafe: Sample) -> None:
    ana, bruno = agreed(cafe, days_left=20), agreed(cafe, BRUNO, days_left=40)
    now = timezone.now()
    found = [one for some in reminders.plan(cafe.company, ahead=timedelta(days=30), now=now) for one in some]
    due = {one.subject: one.due_at for one in found}
    assert due[ana] == now
    assert timedelta(days=9) < due[bruno] - now < timedelta(days=11)
    look()
    again = [
        one
        for some in reminders.plan(cafe.company, ahead=timedelta(days=30), now=timezone.now())
        for one in some
    ]
    told = {one.subject: (one.told_at is not None, bool(one.endings)) for one in again}
    assert told == {ana: (True, False), bruno: (False, True)}


def test_a_round_waits_for_its_time(cafe: Sample) -> None:
    assert working.remind() == 0
    agreed(cafe)
    assert working.remind() == 0
    working.forget()
    assert working.remind() == 1


def test_a_reminder_that_budgets_held_back_waits_for_the_morning(cafe: Sample) -> None:
    agreed(cafe)
    look()
    [message] = queued()
    cafe.company.quiet_from, cafe.company.quiet_until = time(21), time(8)
    cafe.company.save()
    with time_machine.travel(_next(hour=2), tick=True):
        taken = outbox.claim()
        assert taken is not None
        assert (taken.pk, taken.error, taken.lease_until) == (message.pk, "quiet.hours", None)
    with time_machine.travel(_next(hour=9), tick=True):
        taken = outbox.claim()
        assert taken is not None
        assert taken.lease_until is not None


def test_the_page_behind_the_link_asks_whether_to_keep_it(cafe: Sample, client: Client) -> None:
    subject = agreed(cafe)
    look()
    [message] = queued()
    address = next(word for word in text(message).split() if "/y/" in word).partition("/y/")[2]
    page = client.get(f"/y/{address}")
    assert "Ainda quer isto de Café Aurora?" in page.content.decode()
    assert "Não, encerrar agora" in page.content.decode()
    assert client.post(f"/y/{address}", {"answer": "yes"}).status_code == 303
    assert ConsentRecord.objects.latest("arrival").possession == Possession.LINK
    standing = history.standings(subject, at=timezone.now())["sms", cafe.purposes["novidades"].pk]
    assert standing.until is not None
    assert standing.until > timezone.now() + timedelta(days=DAYS - 1)
