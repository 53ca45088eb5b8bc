"""Questions asked together: nobody waits alone, nobody gets another's answer, and no bad neighbour."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from consent import decision, sample, vault
from consent.contact import Contact
from consent.decision import About, Decision, counting, known
from consent.decision.together import AT_ONCE, Together
from consent.models import Hold
from consent.sample import Sample
from consent.vocabulary import Channel
from tests.cast import ANA, BRUNO, CLARA, says, stops

HANGS = 30  # seconds


class Database:
    """Doubles numbers, notes what it was asked together, and may be held shut."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.is_open = threading.Event()
        self.is_open.set()
        self.is_in = threading.Event()

    def ask(self, topic: str, questions: Sequence[int]) -> list[int]:
        self.asked.append(sorted(questions))
        self.is_in.set()
        assert self.is_open.wait(HANGS)
        if 13 in questions:
            raise ValueError(topic)
        return [2 * question for question in questions]


def meanwhile(database: Database, questions: Sequence[int]) -> list["Future[int]"]:
    """What comes of the question 1, and of others that come while it is being asked."""
    together = Together(database.ask)
    database.is_open.clear()
    with ThreadPoolExecutor(1 + len(questions)) as pool:
        answers = [pool.submit(together.ask, "topic", 1)]
        assert database.is_in.wait(HANGS)
        answers += [pool.submit(together.ask, "topic", question) for question in questions]
        wait_for(lambda: len(together._asking["topic"]) == len(questions))
        database.is_open.set()
    assert together._asking == {}
    return answers


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HANGS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_the_first_asks_at_once_and_alone() -> None:
    database = Database()
    assert Together(database.ask).ask("topic", 21) == 42
    assert database.asked == [[21]]


def test_those_who_come_meanwhile_are_asked_about_in_one_go() -> None:
    database = Database()
    answers = meanwhile(database, range(2, 12))
    assert [answer.result() for answer in answers] == [2 * question for question in range(1, 12)]
    assert database.asked == [[1], list(range(2, 12))]


def test_too_many_are_asked_about_in_several() -> None:
    database = Database()
    answers = meanwhile(database, range(100, 100 + AT_ONCE + 6))
    assert [answer.result() for answer in answers[1:]] == [2 * (100 + at) for at in range(AT_ONCE + 6)]
    assert [len(group) for group in database.asked] == [1, AT_ONCE, 6]


def test_a_bad_question_takes_nobody_with_it() -> None:
    answers = meanwhile(Database(), [2, 13, 4])
    with pytest.raises(ValueError, match="topic"):
        answers[2].result()
    assert [answers[at].result() for at in (0, 1, 3)] == [2, 4, 8]


def test_after_trouble_the_next_is_asked_as_ever() -> None:
    together = Together(Database().ask)
    with pytest.raises(ValueError, match="topic"):
        together.ask("topic", 13)
    assert together.ask("topic", 4) == 8


def test_another_topic_waits_for_nobody() -> None:
    database = Database()
    together = Together(database.ask)
    database.is_open.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(together.ask, "one", 1)
        assert database.is_in.wait(HANGS)
        second = pool.submit(together.ask, "other", 2)
        wait_for(lambda: len(database.asked) == 2)
        database.is_open.set()
    assert (first.result(), second.result()) == (2, 4)


@pytest.mark.postgres
@pytest.mark.parametrize("is_limited", [True, False])
@pytest.mark.parametrize("channel", [Channel.WHATSAPP, Channel.SMS])
@pytest.mark.django_db
def test_a_group_is_known_as_each_of_it_is(aurora: Sample, channel: Channel, is_limited: bool) -> None:
    says(aurora, ANA, channel=channel)
    says(aurora, BRUNO, channel=channel)
    stops(aurora, BRUNO, channel=channel)
    person = says(aurora, BRUNO, channel=Channel.VOICE).subject
    Hold.objects.create(
        id=uuid4(), company=aurora.company, sender=aurora.sender, subject=person, channel=channel,
        kind="unsure", said_at=timezone.now(),
    )  # fmt: skip
    about, now = About(aurora.company.pk, channel, "novidades"), timezone.now()
    people = [
        (vault.lookup(aurora.company.pk, one), vault.number_key(one) if channel == Channel.WHATSAPP else b"")
        for one in (ANA, CLARA, BRUNO, ANA)
    ]
    group = known.look_at_group(about, people, is_limited=is_limited, now=now)
    for found, (lookup, number) in zip(group, people, strict=True):
        alone = known.look(about, lookup, number, is_limited=is_limited, now=now)
        mine = [row for row in alone.rows if row[11] is not None]
        assert sorted(row[2] for row in found.rows) == sorted(row[2] for row in mine)
        assert (found.is_somebody, found.holds, found.troubles, found.wrote, found.sent) == (
            alone.is_somebody, alone.holds, alone.troubles, alone.wrote, alone.sent,
        )  # fmt: skip
        assert found.common == alone.common


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_each_of_many_at_once_gets_the_answer_about_themselves(settings: Any) -> None:
    shop = sample.seed()
    orders = shop.purposes["pedidos"]  # no offers, which would rest at night
    says(shop, ANA, purpose=orders)
    says(shop, BRUNO, purpose=orders)
    stops(shop, BRUNO)
    settings.OPTIN_GROUP_COMMIT, settings.OPTIN_DECISIONS_SECONDS = True, 0
    counting.forget()
    people = [ANA, BRUNO, CLARA] * 8
    barrier = threading.Barrier(len(people))

    def ask(one: Contact) -> list[Decision]:
        barrier.wait(HANGS)
        try:
            return [
                decision.may_send(one, company=shop.company.pk, channel=Channel.SMS, purpose=orders.slug)
                for _ in range(20)
            ]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        answered = list(pool.map(ask, people))
    right = {ANA: "given", BRUNO: "withdrawn", CLARA: "no_record"}
    for one, decided in zip(people, answered, strict=True):
        assert {each.reason.value for each in decided} == {right[one]}
    assert counting._minutes[shop.company.pk].times.total() == 20 * len(people)
