"""Sending: through the real Twilio library to a server of our own, within budgets, and never twice."""

import itertools
import json
import threading
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import hypothesis
import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from consent import catalogue, erasure, inbound, opening, outbox, recording, sample, vault
from consent.capture import sms
from consent.models import (
    CapturePoint,
    Company,
    ConsentRecord,
    Notice,
    NoticeVersion,
    Offer,
    OutboundMessage,
    Purpose,
    Sender,
)
from consent.providers import accounts, twilio_messages
from consent.recording import Telling
from consent.sample import Sample
from consent.vocabulary import Category, Channel, State
from tests.cast import ANA, BRUNO, CLARA, asks, at, event, may, says, stranger, writes
from tests.providers.conftest import Scripted, scripted

__all__ = ["scripted"]

NOON = at("2026-02-01 12:00")
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)

_people = itertools.count(5000)


@pytest.fixture
def twilio(scripted: Scripted) -> Scripted:
    """A Twilio that takes every message."""
    scripted.answers(201, json.dumps({"sid": "SM" + "0" * 32, "status": "queued"}))
    return scripted


def refuses(twilio: Scripted, status: int, code: int) -> None:
    twilio.answers(status, json.dumps({"code": code, "message": "no", "status": status}))


def states() -> list[str]:
    return list(OutboundMessage.objects.order_by("created_at", "id").values_list("state", flat=True))


def drain() -> None:
    """Look at everything that is due, as a worker does."""
    while outbox.drain():
        pass


def later(delta: timedelta) -> Any:
    return time_machine.travel(timezone.now() + delta)


def tells(aurora: Sample, *contacts: Any, kind: str = "receipt") -> None:
    """A message of another kind than a question is queued for each."""
    telling = Telling(kind=kind, sender=aurora.sender, text="Recebemos.")
    for contact in contacts:
        recording.record(event(aurora, contact=contact), tell=lambda act: [telling])


# --- sending


def test_a_message_leaves_through_the_provider_and_is_sent(aurora: Sample, twilio: Scripted) -> None:
    asks(aurora)
    assert outbox.drain() == 1
    message = OutboundMessage.objects.get()
    assert (message.state, message.provider_id, message.attempts) == ("sent", "SM" + "0" * 32, 1)
    assert (message.lease_until, message.error) == (None, "")
    (request,) = twilio.seen
    assert "To=%2B5511987654321" in request["body"]
    assert "From=%2B551140028922" in request["body"]


def test_what_was_sent_is_not_sent_again(aurora: Sample, twilio: Scripted) -> None:
    asks(aurora)
    drain()
    with later(48 * HOUR):
        drain()
    assert len(twilio.seen) == 1


def test_where_nothing_is_due_nothing_is_done(aurora: Sample, twilio: Scripted) -> None:
    assert outbox.drain() == 0
    assert outbox.claim() is None


def test_no_more_is_looked_at_than_the_limit(aurora: Sample, twilio: Scripted) -> None:
    tells(aurora, ANA, BRUNO, CLARA)
    assert [outbox.drain(limit=2), outbox.drain(limit=2)] == [2, 1]


def test_what_is_due_first_leaves_first(aurora: Sample, twilio: Scripted) -> None:
    tells(aurora, ANA, BRUNO)
    OutboundMessage.objects.filter(number_key=vault.number_key(ANA)).update(due_at=timezone.now())
    drain()
    assert ["5521976543210" in request["body"] for request in twilio.seen] == [True, False]


# --- a provider that does not take it


def test_a_provider_that_is_busy_is_asked_again_later_and_later(aurora: Sample, twilio: Scripted) -> None:
    refuses(twilio, 429, 20429)
    asks(aurora)
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(outbox.MOST_ATTEMPTS - 1):
            drain()
            message = OutboundMessage.objects.get()
            assert (message.state, message.error, message.sent_at) == ("queued", "20429", None)
            waits.append((message.due_at - timezone.now()).total_seconds())
            clock.move_to(message.due_at)
        drain()
    assert waits[:11] == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert set(waits[11:]) == {3600}
    assert timedelta(hours=23) < timedelta(seconds=sum(waits)) < timedelta(hours=25)
    message = OutboundMessage.objects.get()
    assert (message.state, message.attempts) == ("failed", outbox.MOST_ATTEMPTS)
    assert len(twilio.seen) == outbox.MOST_ATTEMPTS


def test_a_number_the_provider_refuses_for_good_is_not_tried_again(aurora: Sample, twilio: Scripted) -> None:
    refuses(twilio, 400, 21211)
    asks(aurora)
    drain()
    message = OutboundMessage.objects.get()
    assert (message.state, message.error, message.sent_at) == ("failed", "21211", None)


@pytest.mark.parametrize("trouble", ["server error", "hang up", "nonsense"])
def test_what_the_provider_may_have_taken_is_never_sent_again(
    aurora: Sample, twilio: Scripted, trouble: str
) -> None:
    if trouble == "server error":
        refuses(twilio, 500, 20500)
    elif trouble == "hang up":
        twilio.hangs_up()
    else:
        twilio.answers(201, "<html>")
    asks(aurora)
    drain()
    assert states() == ["uncertain"]
    with later(48 * HOUR):
        drain()
    assert len(twilio.seen) == 1


def test_a_provider_nobody_reaches_is_tried_again(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_PUBLIC_URL = "http://127.0.0.1:9"  # nobody listens there
    asks(aurora)
    drain()
    message = OutboundMessage.objects.get()
    assert (message.state, message.error, message.attempts) == ("queued", "egress.connection", 1)


def test_a_message_that_does_not_open_holds_up_nobody(aurora: Sample, twilio: Scripted) -> None:
    tells(aurora, ANA, BRUNO)
    first = OutboundMessage.objects.order_by("due_at")[0]
    OutboundMessage.objects.filter(pk=first.pk).update(sealed=bytes(first.sealed)[:-1] + b"x")
    drain()
    assert states() == ["queued", "sent"]
    first.refresh_from_db()
    assert first.error == "seal.broken"
    assert first.due_at > timezone.now()


def test_who_was_erased_is_not_written_to(aurora: Sample, twilio: Scripted) -> None:
    asked = asks(aurora)
    message = outbox.claim()
    assert message is not None
    erasure.erase(asked.subject, company=aurora.company, entity="subject")
    outbox.send(message)
    drain()
    assert twilio.seen == []
    assert "sent" not in states()


def test_a_callback_that_overtook_the_answer_stands(aurora: Sample, twilio: Scripted) -> None:
    asks(aurora)
    message = outbox.claim()
    assert message is not None
    OutboundMessage.objects.update(state="delivered")
    outbox.send(message)
    kept = OutboundMessage.objects.get()
    assert (kept.state, kept.lease_until) == ("delivered", None)


# --- a worker that dies


def test_a_worker_that_died_while_sending_leaves_a_message_that_is_perhaps_sent(
    aurora: Sample, twilio: Scripted
) -> None:
    asks(aurora)
    assert outbox.claim() is not None  # and the worker dies here
    drain()
    assert states() == ["queued"]
    with later(outbox.LEASE + SECOND):
        drain()
        drain()
    message = OutboundMessage.objects.get()
    assert (message.state, message.error, message.lease_until) == ("uncertain", "worker.lost", None)
    assert twilio.seen == []


def test_a_worker_that_died_leaves_its_other_messages_to_the_next(aurora: Sample, twilio: Scripted) -> None:
    tells(aurora, ANA, BRUNO, CLARA)
    assert outbox.claim() is not None
    drain()
    assert sorted(states()) == ["queued", "sent", "sent"]


def test_a_slow_worker_whose_lease_ran_out_still_says_what_it_knows(aurora: Sample, twilio: Scripted) -> None:
    asks(aurora)
    message = outbox.claim()
    assert message is not None
    with later(outbox.LEASE + SECOND):
        drain()
        assert states() == ["uncertain"]
        outbox.send(message)
    assert states() == ["sent"]
    assert len(twilio.seen) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_message_once_and_share_one_budget(twilio: Scripted) -> None:
    aurora = sample.seed()
    Company.objects.update(messages_per_day=6)
    tells(aurora, *(stranger(number) for number in range(12)))

    def work() -> None:
        try:
            drain()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    bodies = [request["body"].split("To=")[1].split("&")[0] for request in twilio.seen]
    assert len(bodies) == len(set(bodies)) == 6
    assert sorted(states()) == ["queued"] * 6 + ["sent"] * 6


# --- budgets


def fifty_companies() -> list[Sample]:
    """Fifty companies that each ask by a form of their own."""
    made = []
    for number in range(50):
        company = Company.objects.create(
            slug=f"c{number}",
            name=f"Loja {number}",
            legal_name="L",
            address="A",
            dpo_name="D",
            dpo_contact="d",
        )
        sender = Sender.objects.create(
            company=company, channel=Channel.SMS, address=f"+5511300000{number:02d}"
        )
        notice = Notice.objects.create(company=company, slug="n")
        version = NoticeVersion.objects.create(notice=notice, state="published", digest="0" * 64)
        purpose = Purpose.objects.create(company=company, slug="novidades", category=Category.MARKETING)
        point = CapturePoint.objects.create(company=company, slug="novidades", notice=notice, sender=sender)
        Offer.objects.create(point=point, purpose=purpose, channel=Channel.SMS)
        made.append(Sample(company, point, sender, {"novidades": purpose}, version))
    return made


@pytest.mark.slow
@pytest.mark.no_cover
def test_a_thousand_forms_of_fifty_companies_bomb_nobody(db: None, twilio: Scripted, settings: Any) -> None:
    """Threat 2: somebody types Clara's number everywhere; at most one message reaches her, ever."""
    settings.OPTIN_CATALOGUE_SECONDS = 60
    companies = fifty_companies()
    for _ in range(20):
        for company in companies:
            asks(company, CLARA)
    assert ConsentRecord.objects.filter(state="requested").count() == 1000
    drain()
    assert len(twilio.seen) == 1
    for hours in (12, 23, 24, 25, 48):
        with later(hours * HOUR):
            drain()
    assert len(twilio.seen) == 1
    assert sorted(states()) == ["expired"] * 999 + ["sent"]


def ask_twice(aurora: Sample) -> datetime:
    """The first question leaves, the second is held; returns until when."""
    asks(aurora)
    drain()
    asks(aurora, boxes=["pedidos.sms"])
    drain()
    assert states() == ["sent", "queued"]
    return OutboundMessage.objects.get(state="queued").due_at


def test_a_second_question_to_a_number_waits_a_day(aurora: Sample, twilio: Scripted) -> None:
    until = ask_twice(aurora)
    assert until == OutboundMessage.objects.get(state="sent").sent_at + outbox.DAY


def test_a_yes_lets_the_second_question_go(aurora: Sample, twilio: Scripted) -> None:
    ask_twice(aurora)
    writes(aurora, "SIM")
    drain()
    assert len(twilio.seen) == 2


@pytest.mark.parametrize("text", ["não", "SAIR", "quem é?"])
def test_no_other_answer_brings_the_next_question(aurora: Sample, twilio: Scripted, text: str) -> None:
    ask_twice(aurora)
    writes(aurora, text)
    asks(aurora)
    drain()
    assert len(twilio.seen) == 1


def test_an_old_yes_does_not_open_the_budget(aurora: Sample, twilio: Scripted) -> None:
    says(aurora)
    ask_twice(aurora)
    drain()
    assert len(twilio.seen) == 1


def test_more_questions_may_be_allowed(aurora: Sample, twilio: Scripted, settings: Any) -> None:
    settings.OPTIN_ASKS_PER_NUMBER = 2
    for _ in range(3):
        asks(aurora)
    drain()
    assert states() == ["sent", "sent", "queued"]
    assert len(twilio.seen) == 2


def test_a_question_that_failed_does_not_count(aurora: Sample, twilio: Scripted) -> None:
    refuses(twilio, 400, 21211)
    asks(aurora)
    drain()
    twilio.answers(201, json.dumps({"sid": "SM1"}))
    asks(aurora)
    drain()
    assert states() == ["failed", "sent"]


def test_a_question_that_is_perhaps_sent_counts(aurora: Sample, twilio: Scripted) -> None:
    refuses(twilio, 500, 20500)
    asks(aurora)
    drain()
    asks(aurora)
    drain()
    assert states() == ["uncertain", "queued"]


def test_the_budget_of_a_number_holds_questions_alone(aurora: Sample, twilio: Scripted) -> None:
    asks(aurora)
    tells(aurora, ANA, ANA)
    drain()
    assert states() == ["sent"] * 3


def test_a_company_sends_no_more_a_day_than_it_may(aurora: Sample, twilio: Scripted) -> None:
    Company.objects.update(messages_per_day=2)
    tells(aurora, *(stranger(number) for number in range(4)))
    drain()
    assert sorted(states()) == ["queued", "queued", "sent", "sent"]
    held = OutboundMessage.objects.filter(state="queued")
    assert {message.due_at > timezone.now() + timedelta(minutes=9) for message in held} == {True}
    with later(12 * HOUR):
        drain()
        assert len(twilio.seen) == 2
    with later(outbox.DAY + SECOND):
        drain()
    assert len(twilio.seen) == 4


def test_one_company_does_not_use_up_the_budget_of_another(aurora: Sample, twilio: Scripted) -> None:
    Company.objects.update(messages_per_day=1)
    tells(aurora, ANA)
    other = Company.objects.create(
        slug="b", name="B", legal_name="B", address="A", dpo_name="D", dpo_contact="d", messages_per_day=1
    )
    sender = Sender.objects.create(company=other, channel=Channel.SMS, address="+551130000000")
    telling = Telling(kind="receipt", sender=sender, text="Oi")
    recording.record(
        event(aurora, company=other, purpose=None, state=State.WITHDRAWN, notice=None),
        tell=lambda act: [telling],
    )
    drain()
    assert states() == ["sent", "sent"]


# --- too late


def test_a_question_nobody_may_answer_any_more_is_not_asked(aurora: Sample, twilio: Scripted) -> None:
    asks(aurora)
    with later(24 * HOUR):
        drain()
    message = OutboundMessage.objects.get()
    assert (message.state, message.error) == ("expired", "ask.expired")
    assert twilio.seen == []


def test_other_messages_do_not_grow_too_old(aurora: Sample, twilio: Scripted) -> None:
    tells(aurora, ANA)
    with later(240 * HOUR):
        drain()
    assert states() == ["sent"]


def test_questions_that_need_no_answer_are_let_go_unless_they_are_being_sent(aurora: Sample) -> None:
    asks(aurora)
    tells(aurora, BRUNO)
    outbox.expire(OutboundMessage.objects.all())
    assert states() == ["expired", "queued"]
    OutboundMessage.objects.update(state="queued")
    leased = outbox.claim()
    assert leased is not None
    outbox.expire(OutboundMessage.objects.all())
    assert states() == ["queued", "queued"]


def test_only_what_is_held_back_for_the_number_is_released(aurora: Sample) -> None:
    until = timezone.now() + HOUR
    asks(aurora, ANA)
    asks(aurora, BRUNO)
    OutboundMessage.objects.update(due_at=until)
    outbox.release(ANA)
    due = {
        opening.message_content(message)["to"]: message.due_at for message in OutboundMessage.objects.all()
    }
    assert due[ANA.value] <= timezone.now()
    assert due[BRUNO.value] == until


def test_a_message_waits_sealed(aurora: Sample) -> None:
    asks(aurora)
    assert "987654321" not in str(list(OutboundMessage.objects.values_list()))


# --- money


def priced(aurora: Sample, price: str, limit: str) -> None:
    """One message of Ana's company costs so much, and it may spend so much a day."""
    Sender.objects.filter(company=aurora.company).update(price=Decimal(price))
    Company.objects.filter(pk=aurora.company.pk).update(money_per_day=Decimal(limit))
    aurora.sender.refresh_from_db()


def spent_at_most(hours: int = 24) -> Decimal:
    """The most that any window of so many hours holds."""
    left = OutboundMessage.objects.exclude(sent_at=None).values_list("sent_at", "cost")
    return max(
        (
            sum((cost for at, cost in left if start <= at < start + hours * HOUR), Decimal(0))
            for start, _cost in left
        ),
        default=Decimal(0),
    )


@given(
    prices=st.lists(st.sampled_from(["0.30", "0.45", "0.0001", "2.00"]), min_size=1, max_size=12),
    fates=st.lists(
        st.sampled_from(["taken", "busy", "refused", "dies", "hangs up"]), min_size=1, max_size=12
    ),
    pauses=st.lists(st.sampled_from([1, 600, 40_000]), min_size=1, max_size=12),
)
@hypothesis.settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_24_hours_hold_more_money_than_the_limit_whatever_happens(
    aurora: Sample, twilio: Scripted, prices: list[str], fates: list[str], pauses: list[int]
) -> None:
    OutboundMessage.objects.all().delete()
    twilio.seen.clear()
    left: dict[str, str] = {}
    with time_machine.travel(NOON, tick=False) as clock:
        for number, price in enumerate(prices):
            priced(aurora, price, "1.00")
            tells(aurora, stranger(next(_people)))
            fate = fates[number % len(fates)]
            if fate in ("taken", "dies"):
                twilio.answers(201, json.dumps({"sid": f"SM{number:032d}"}))
            elif fate == "hangs up":
                twilio.hangs_up()
            else:
                refuses(twilio, *((429, 20429) if fate == "busy" else (400, 21211)))
            message = outbox.claim()
            if message is not None and message.lease_until is not None and fate != "dies":
                outbox.send(message)
            clock.shift(pauses[number % len(pauses)])
            drain()
            left = {str(pk): state for pk, state in OutboundMessage.objects.values_list("pk", "state")}
    assert spent_at_most() <= Decimal("1.00")
    assert left


def test_what_would_cost_too_much_waits_and_says_why(aurora: Sample, twilio: Scripted) -> None:
    priced(aurora, "0.40", "1.00")
    tells(aurora, ANA, BRUNO, CLARA)
    drain()
    assert sorted(states()) == ["queued", "sent", "sent"]
    assert OutboundMessage.objects.get(state="queued").error == "budget.money"
    Sender.objects.update(price=Decimal("0.20"))
    with later(11 * timedelta(minutes=1)):
        drain()
    assert states() == ["sent"] * 3
    assert sorted(OutboundMessage.objects.values_list("cost", flat=True)) == [
        Decimal(cost) for cost in ("0.2", "0.4", "0.4")
    ]


def test_what_surely_did_not_leave_gives_its_money_back(aurora: Sample, twilio: Scripted) -> None:
    priced(aurora, "1.00", "1.00")
    refuses(twilio, 400, 21211)
    tells(aurora, ANA)
    drain()
    twilio.answers(201, json.dumps({"sid": "SM1"}))
    tells(aurora, BRUNO)
    drain()
    assert states() == ["failed", "sent"]


def test_answers_on_the_spot_count_and_wait_when_the_money_is_spent(aurora: Sample, twilio: Scripted) -> None:
    priced(aurora, "0.40", "1.00")
    for number in (1, 2):
        assert "privacidade" in replies(aurora, "AJUDA", number)
    assert replies(aurora, "AJUDA", 3) == ""
    assert states() == ["sent", "sent", "queued"]
    assert replies(aurora, "PROMO", 4) == ""
    says(aurora)
    assert replies(aurora, "SAIR", 5) == ""  # withdrawn at once; only the confirmation waits
    assert may(aurora).reason == "withdrawn"
    with later(outbox.DAY + SECOND):
        drain()
    assert sorted(states()) == ["expired"] + ["sent"] * 4  # the stop let the question go
    assert spent_at_most() <= 1


def replies(aurora: Sample, text: str, number: int) -> str:
    """What Ana reads at once after she wrote, as the SMS webhook answers her."""
    delivery = sms.deliver(
        {"AccountSid": accounts.sandbox().sid, "MessageSid": f"SM{number:032x}", "From": ANA.value,
         "To": aurora.sender.address, "Body": text},
        received_at=timezone.now(),
    )  # fmt: skip
    catalogue.forget()
    return "".join(
        twilio_messages.replies(
            inbound.answer_once(delivery, partial(sms.understand, is_late=False)).decode()
        )
    )


# --- stopped by staff


@pytest.mark.parametrize("who", [Company, Sender])
def test_nothing_leaves_while_sending_is_stopped_and_all_of_it_afterwards(
    aurora: Sample, twilio: Scripted, who: Any
) -> None:
    asks(aurora)
    who.objects.update(is_paused=True)
    drain()
    assert "privacidade" not in replies(aurora, "AJUDA", 1)
    assert replies(aurora, "PROMO", 2) == ""
    assert (states(), twilio.seen) == (["queued"] * 3, [])
    who.objects.update(is_paused=False)
    drain()
    assert states() == ["sent"] * 3
    assert len(twilio.seen) == 3
