"""The yearly summary: where the company wants it, once a year, at each person's own time, and it sells nothing."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent import opening, vault
from consent.aging import summaries, working
from consent.models import ConsentRecord, MessageTemplate, OutboundMessage
from consent.sample import Sample
from consent.vocabulary import Channel, State
from tests import cast
from tests.cast import ANA, BRUNO

HOUR = timedelta(hours=1)


@pytest.fixture
def cafe(aurora: Sample) -> Sample:
    """Café Aurora, which tells everybody once a year."""
    aurora.company.tells_yearly = True
    aurora.company.save()
    return aurora


def agreed(aurora: Sample, contact: Any = ANA, **more: Any) -> UUID:
    """Somebody said yes three months ago, for good."""
    said_at = timezone.now() - timedelta(days=90)
    return cast.says(aurora, contact, **{"event_time": said_at, "valid_days": 0, **more}).subject


def time_of(subject: UUID) -> datetime:
    """The next time at which it is somebody's turn, whole: a turn that has begun is not taken."""
    due_at = summaries.turn(subject, now=timezone.now())
    return due_at if due_at > timezone.now() else summaries.turn(subject, now=due_at + summaries.WITHIN)


def look() -> None:
    """One round over everybody."""
    working.forget()
    while working.sum_up():
        pass


def queued() -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(kind="summary").order_by("created_at"))


def text(message: OutboundMessage) -> str:
    return str(opening.message_content(message)["text"])


def test_each_person_is_told_once_a_year_what_they_agreed_to_and_how_to_change_it(cafe: Sample) -> None:
    subject = agreed(cafe)
    agreed(cafe, purpose=cafe.purposes["pedidos"])
    due_at = time_of(subject)
    with time_machine.travel(due_at - HOUR, tick=True):
        look()
        assert queued() == []
    with time_machine.travel(due_at + HOUR, tick=True):
        look()
        look()
        [message] = queued()
        for part in (
            "Café Aurora",
            "Novidades e ofertas",
            "Avisos dos seus pedidos",
            "/preferences/",
            "SAIR",
        ):
            assert part in text(message)
        assert message.subject == subject
    with time_machine.travel(due_at + timedelta(days=100), tick=True):
        look()
        assert len(queued()) == 1
    with time_machine.travel(summaries.turn(subject, now=due_at + summaries.WITHIN) + HOUR, tick=True):
        look()
        assert len(queued()) == 2
    assert not ConsentRecord.objects.filter(state=State.REQUESTED).exists()


def test_nobody_is_told_where_the_company_did_not_switch_it_on(aurora: Sample) -> None:
    subject = agreed(aurora)
    with time_machine.travel(time_of(subject) + HOUR, tick=True):
        look()
    assert queued() == []


def test_the_link_leads_to_the_preference_centre(cafe: Sample, client: Client) -> None:
    subject = agreed(cafe)
    with time_machine.travel(time_of(subject) + HOUR, tick=True):
        look()
        address = next(word for word in text(queued()[0]).split() if "/preferences/" in word)
        page = client.get("/preferences/" + address.partition("/preferences/")[2])
        assert page.status_code == 200
        assert "Café Aurora" in page.content.decode()


def test_people_s_times_are_spread_over_the_year_and_switching_on_tells_few_at_once() -> None:
    now = datetime(2026, 6, 15, 12, tzinfo=UTC)
    turns = [summaries.turn(vault.new_id(), now=now) for _number in range(3_650)]
    days = Counter(one.date() for one in turns)
    assert len(days) > 350
    assert max(days.values()) < 40
    assert 20 < sum(one <= now for one in turns) < 140  # of 70
    assert min(turns) > now - summaries.WITHIN
    assert max(turns) < now + timedelta(days=367)


def test_only_what_stands_is_named_and_whoever_stopped_is_told_nothing(cafe: Sample) -> None:
    ana, bruno = agreed(cafe), agreed(cafe, BRUNO)
    agreed(cafe, purpose=cafe.purposes["pedidos"])
    cast.stops(cafe, purpose=cafe.purposes["novidades"])
    cast.stops(cafe, BRUNO)
    for subject in (ana, bruno):
        with time_machine.travel(time_of(subject) + HOUR, tick=True):
            look()
    [message] = queued()
    assert message.subject == ana
    assert "Avisos dos seus pedidos" in text(message)
    assert "Novidades" not in text(message)


def test_whoever_agreed_within_the_month_has_a_receipt_that_says_it(cafe: Sample) -> None:
    subject = agreed(cafe)
    due_at = time_of(subject)
    with time_machine.travel(due_at + HOUR, tick=True):
        agreed(cafe, purpose=cafe.purposes["pedidos"], event_time=due_at - timedelta(days=5))
        look()
    assert queued() == []


def test_whoever_could_not_be_told_in_their_week_waits_for_the_next_year(cafe: Sample) -> None:
    subject = agreed(cafe)
    with time_machine.travel(time_of(subject) + summaries.WITHIN + HOUR, tick=True):
        look()
    assert queued() == []


def test_not_at_night_and_in_the_morning(cafe: Sample) -> None:
    subject = agreed(cafe)
    cafe.company.quiet_from, cafe.company.quiet_until = time(21), time(8)
    cafe.company.save()
    day = time_of(subject) + timedelta(days=1)
    night = day.replace(hour=5, minute=0)  # two o'clock in São Paulo
    with time_machine.travel(night, tick=True):
        look()
        assert queued() == []
    with time_machine.travel(night + timedelta(hours=9), tick=True):
        look()
        assert len(queued()) == 1


def test_not_while_the_decision_denies(cafe: Sample) -> None:
    subject = agreed(cafe)
    cafe.sender.restriction = "blocked"
    cafe.sender.save()
    with time_machine.travel(time_of(subject) + HOUR, tick=True):
        look()
    assert queued() == []


def test_a_stop_takes_it_back_while_it_has_not_left(cafe: Sample) -> None:
    subject = agreed(cafe)
    with time_machine.travel(time_of(subject) + HOUR, tick=True):
        look()
        cast.writes(cafe, "SAIR")
        assert [message.state for message in queued()] == [OutboundMessage.State.EXPIRED]


def test_a_yes_to_it_answers_nothing(cafe: Sample) -> None:
    subject = agreed(cafe)
    with time_machine.travel(time_of(subject) + HOUR, tick=True):
        look()
        OutboundMessage.objects.update(state=OutboundMessage.State.SENT, sent_at=timezone.now())
        cast.writes(cafe, "SIM")
    assert ConsentRecord.objects.count() == 1


def test_on_whatsapp_in_the_approved_words_else_not(cafe: Sample) -> None:
    subject = agreed(cafe, channel=Channel.WHATSAPP)
    with time_machine.travel(time_of(subject) + HOUR, tick=True):
        look()
        assert queued() == []
        sender = cafe.company.senders.filter(channel=Channel.WHATSAPP).order_by("pk")[0]
        MessageTemplate.objects.create(
            sender=sender, kind="summary", language="pt-BR", name="yearly", body="{company}: {boxes}. {link}"
        )
        look()
        [message] = queued()
    content = opening.message_content(message)
    assert content["template"][0] == "yearly"
    assert "/preferences/" in content["template"][2][-1]
