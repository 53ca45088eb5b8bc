"""Readings are kept, judged and acted upon: decisions change, and change is told once."""

import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from consent import catalogue, decision, outbox, preflight
from consent.models import (
    AppendOnlyError,
    Company,
    OutboundMessage,
    QualityChange,
    QualityPoll,
    QualityReading,
    QualityTold,
    Sender,
)
from consent.outbox import sending
from consent.providers import SendError, egress, meta_numbers
from consent.quality import counting, keeping, polling, telling, words, working
from consent.quality.reading import Kind, Reading, Source
from consent.sample import Sample
from tests import cast
from tests.decision.test_judging import wrote
from tests.providers.conftest import Scripted
from tests.staff import user

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


def reads(sender: Sender, kind: str, value: Any, *, source: str = Source.POLL, **more: Any) -> int:
    now = timezone.now()
    one = Reading(**{"kind": kind, "value": str(value), "said_at": now, "number": sender.pk} | more)
    return keeping.keep(sender, [one], source=source, read_at=now)


def decides(aurora: Sample, sender: Sender, *, category: str = "marketing", is_reply: bool = False) -> str:
    catalogue.forget()
    slug = {"marketing": "novidades", "utility": "pedidos"}[category]
    return decision.may_send(
        cast.ANA,
        company=aurora.company.pk,
        channel="whatsapp",
        purpose=slug,
        sender=sender.address,
        is_reply=is_reply,
    ).reason.value


@pytest.fixture
def agreed(aurora: Sample, number: Sender) -> Sender:
    """Ana agreed to everything on WhatsApp."""
    for purpose in aurora.purposes.values():
        cast.says(aurora, channel="whatsapp", purpose=purpose)
    return number


def test_readings_and_changes_refuse_to_be_changed(number: Sender) -> None:
    reads(number, Kind.RATING, "red")
    row = QualityReading.objects.get()
    with pytest.raises(AppendOnlyError):
        row.delete()
    for table in ("consent_qualityreading", "consent_qualitychange"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET id = id + 1")


def test_what_is_read_again_is_written_down_once_a_day_and_an_error_once_an_hour(number: Sender) -> None:
    now = timezone.now()
    times = [0, 1, 23, 25, 26]
    rating = [
        Reading(kind=Kind.RATING, value="green", said_at=now + HOUR * one, number=number.pk) for one in times
    ]
    for one in rating:
        keeping.keep(number, [one], source=Source.POLL, read_at=one.said_at)
    assert QualityReading.objects.count() == 2
    for minutes in (0, 1, 59, 61):
        keeping.note_error(number, "131048", at=now + timedelta(minutes=minutes))
    assert QualityReading.objects.filter(kind="error").count() == 2
    keeping.note_error(number, "131026", at=now)  # says something of the person, not of the number
    assert QualityReading.objects.filter(kind="error").count() == 2


@pytest.mark.parametrize(
    ("brake", "offers", "orders"),
    [
        ("nothing", "given", "given"),
        ("offers", "sender_quality", "given"),
        ("all", "sender_restricted", "sender_restricted"),
    ],
)
def test_a_red_number_holds_back_what_the_company_chose(
    aurora: Sample, agreed: Sender, brake: str, offers: str, orders: str
) -> None:
    Company.objects.update(when_red=brake)
    reads(agreed, Kind.RATING, "red")
    assert [decides(aurora, agreed), decides(aurora, agreed, category="utility")] == [offers, orders]
    reads(agreed, Kind.RATING, "green", said_at=timezone.now() + timedelta(seconds=1))
    keeping.judge(agreed, at=timezone.now() + timedelta(seconds=2))
    assert decides(aurora, agreed) == "given"


def test_answers_to_people_who_write_are_never_held_back_by_the_company(
    aurora: Sample, agreed: Sender
) -> None:
    wrote(agreed, HOUR)
    Company.objects.update(when_red="all")
    reads(agreed, Kind.RATING, "red")
    assert decides(aurora, agreed) == "sender_restricted"
    assert decides(aurora, agreed, is_reply=True) == "in_window"
    # The platform may forbid even these.
    reads(agreed, Kind.RESTRICTION, "blocked", about="RESTRICTED_CUSTOMER_INITIATED_MESSAGING")
    assert decides(aurora, agreed, is_reply=True) == "sender_blocked"


def test_a_restriction_of_the_platform_ends_at_its_time(aurora: Sample, agreed: Sender) -> None:
    until = timezone.now() + timedelta(hours=1)
    reads(agreed, Kind.RESTRICTION, "answers", about="RESTRICTED_BIZ_INITIATED_MESSAGING", until=until)
    assert decides(aurora, agreed) == "sender_restricted"
    agreed.refresh_from_db()
    assert agreed.restricted_until == until
    keeping.judge(agreed, at=until)
    assert decides(aurora, agreed) == "given"


def test_slowed_down_offers_go_to_half_of_the_people_of_the_limit(aurora: Sample, agreed: Sender) -> None:
    reads(agreed, Kind.LIMIT, 4)
    reads(agreed, Kind.RATING, "yellow")
    assert decides(aurora, agreed) == "given"
    left(agreed, people=2)
    working._last.clear()
    working.judge()
    assert decides(aurora, agreed) == "sender_quality"
    assert decides(aurora, agreed, category="utility") == "given"


def left(sender: Sender, *, people: int, ago: timedelta = HOUR) -> None:
    """Messages of our own have left to some new people."""
    for _ in range(people):
        now = timezone.now()
        number = OutboundMessage.objects.count() + 1
        OutboundMessage.objects.create(
            id=uuid4(), company=sender.company, sender=sender,
            subject=UUID(int=number), act=UUID(int=number),
            number_key=bytes([number]) * 32, kind="ask", sealed=b"x", state="sent", created_at=now - ago,
            due_at=now - ago, sent_at=now - ago,
        )  # fmt: skip


def test_the_limit_reached_holds_back_everything_but_answers_until_there_is_room(
    aurora: Sample, agreed: Sender
) -> None:
    reads(agreed, Kind.LIMIT, 3)
    left(agreed, people=3, ago=DAY - HOUR)
    now = timezone.now()
    counting.watch(agreed, at=now)
    agreed.refresh_from_db()
    assert agreed.restriction == "answers"
    assert abs(agreed.restricted_until - (now + HOUR)) < timedelta(minutes=1)
    assert decides(aurora, agreed) == "sender_restricted"
    keeping.judge(agreed, at=agreed.restricted_until)
    assert decides(aurora, agreed) == "given"
    # A higher limit ends it as well.
    counting.watch(agreed, at=now)
    reads(agreed, Kind.LIMIT, 10)
    assert decides(aurora, agreed) == "given"


def test_a_forecast_says_when_the_limit_is_reached_at_the_pace_of_the_last_hours(number: Sender) -> None:
    now = timezone.now()
    left(number, people=6)
    use = counting.count(number, at=now)
    assert (use.people, sum(use.by_hour)) == (6, 6)
    told = counting.forecast(use, 10, at=now)
    assert (told.people, told.room) == (6, 4)
    assert told.reached_at is not None
    assert abs(told.reached_at - (now + 2 * HOUR)) < timedelta(seconds=1)  # two an hour
    assert counting.forecast(use, None, at=now).reached_at is None
    assert counting.forecast(use, 100_000, at=now).reached_at is None
    assert counting.forecast(use, 6, at=now).reached_at == now


# --- telling


@pytest.fixture
def staff(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    user("bruno", "Staff", company=aurora.company, email="bruno@aurora.example")
    user("auditor", "Auditor", company=aurora.company, email="auditor@aurora.example")


def test_a_change_is_told_once_to_whoever_may_see_to_it(staff: None, number: Sender) -> None:
    for _ in range(3):
        reads(number, Kind.RATING, "red", source=Source.WEBHOOK)
    telling.drain()
    telling.drain()
    subjects = [(message.to, message.subject) for message in mail.outbox]
    assert len(subjects) == len(set(map(str, subjects)))
    assert {to for (to,), _subject in subjects} == {"bruno@aurora.example"}
    assert any("Vermelha" in subject for _to, subject in subjects)
    assert QualityChange.objects.filter(facet="rating").count() == 1
    assert set(QualityTold.objects.values_list("name", flat=True)) == {"bruno"}
    assert not QualityTold.objects.filter(mailed_at=None).exists()


def test_an_e_mail_that_cannot_be_sent_is_tried_again(staff: None, number: Sender, settings: Any) -> None:
    reads(number, Kind.RATING, "red")
    settings.MAILERS = {"default": {"BACKEND": "tests.quality.test_keeping.Broken"}}
    telling.drain()
    told = QualityTold.objects.first()
    assert told is not None
    assert told.mailed_at is None
    assert told.mail_due_at is not None
    assert told.mail_due_at > timezone.now()


def test_an_e_mail_that_has_no_words_keeps_no_other_waiting_and_ends(
    staff: None, number: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads(number, Kind.RATING, "red")
    first, *others = QualityTold.objects.order_by("mail_due_at")
    QualityTold.objects.filter(pk=first.pk).update(attempts=telling.MOST_ATTEMPTS)
    assert others
    change = words.change

    def breaks(one: QualityChange) -> str:
        if one.pk == first.change_id:
            raise KeyError("odd")
        return change(one)

    monkeypatch.setattr(words, "change", breaks)
    telling.drain()
    first.refresh_from_db()
    assert (first.mailed_at, first.mail_due_at) == (None, None)
    assert not QualityTold.objects.exclude(pk=first.pk).filter(mailed_at=None).exists()


class Broken:
    """A backend that nobody reaches."""

    def __init__(self, **_options: Any) -> None:
        raise OSError("nobody answers")


# --- asking


FULL = {
    "id": "1", "quality_rating": "YELLOW", "status": "CONNECTED", "throughput": {"level": "STANDARD"},
    "whatsapp_business_manager_messaging_limit": "TIER_2K", "health_status": {"can_send_message": "AVAILABLE"},
}  # fmt: skip


@pytest.fixture
def asked(aurora: Sample, scripted: Scripted, settings: Any) -> Any:
    """Asks about the sandbox's number at a server that answers as it is told."""
    sender = aurora.company.senders.get(number_id__gt="")
    meta_numbers.forget()

    def ask() -> QualityPoll:
        poll = QualityPoll.objects.filter(sender=sender).first() or QualityPoll(
            sender=sender, due_at=timezone.now()
        )
        poll.save()
        polling.ask(poll, at=timezone.now())
        return QualityPoll.objects.get(sender=sender)

    return ask


def test_a_number_is_asked_about_and_asked_again_in_ten_minutes(asked: Any, scripted: Scripted) -> None:
    scripted.answers(200, json.dumps(FULL))
    poll = asked()
    assert (poll.problem, poll.failures, poll.fields) == ("", 0, 0)
    assert poll.due_at > timezone.now() + timedelta(minutes=9)
    state = keeping.state_of(poll.sender, at=timezone.now())
    assert (state.rating, state.status, state.limit) == ("yellow", "connected", 2_000)
    assert "health_status" in scripted.seen[0]["path"]
    assert scripted.seen[0]["headers"]["Authorization"].startswith("Bearer ")


def test_a_shorter_list_is_asked_for_where_a_field_is_unknown_and_remembered(
    asked: Any,
    scripted: Scripted,
) -> None:
    unknown = json.dumps({"error": {"code": 100, "message": "Tried accessing nonexisting field"}})

    def behave(handler: Any) -> None:
        is_short = "health_status" not in handler.path
        body = (json.dumps({"id": "1", "quality_rating": "RED"}) if is_short else unknown).encode()
        handler.send_response(200 if is_short else 400)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    scripted.behave = behave
    assert asked().fields == 1
    asked()
    assert len(scripted.seen) == 3  # the second time the shorter list at once


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (401, '{"error": {"code": 190}}', "190"),
        (400, '{"error": {"code": 100}}', "100"),
        (429, '{"error": {"code": 4}}', "4"),
        (500, "oh no", "500"),
        (200, "<html>", "answer.unreadable"),
        (200, "[1]", "answer.unreadable"),
        (200, '{"id": "1"}', "answer.unreadable"),
        (200, "[" * 100_000, "answer.unreadable"),
    ],
)
def test_what_cannot_be_read_leaves_the_last_reading_standing(
    aurora: Sample,
    asked: Any,
    scripted: Scripted,
    status: int,
    body: str,
    problem: str,
) -> None:
    scripted.answers(200, json.dumps(FULL | {"quality_rating": "RED"}))
    sender = asked().sender
    scripted.answers(status, body)
    waits = []
    for _ in range(3):
        poll = asked()
        waits.append(poll.due_at - timezone.now())
    assert poll.problem == problem
    assert all(timedelta(seconds=30) < wait <= polling.LONGEST_WAIT for wait in waits)
    sender.refresh_from_db()
    assert sender.restriction == "quality"
    assert keeping.state_of(sender, at=timezone.now()).rating == "red"
    assert [one.now for one in QualityChange.objects.filter(facet="reading")] == [problem]
    scripted.answers(200, json.dumps(FULL))
    assert asked().problem == ""
    assert QualityChange.objects.filter(facet="reading").first().now == ""


def test_a_provider_that_never_answers_is_given_up_and_decisions_stay_on_the_last_reading(
    aurora: Sample, asked: Any, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.answers(200, json.dumps(FULL | {"quality_rating": "RED"}))
    sender = asked().sender
    cast.says(aurora, channel="whatsapp")
    monkeypatch.setattr(egress, "READ_SECONDS", 0.2)
    scripted.falls_silent(2)
    poll = asked()
    assert (poll.problem, poll.failures) == ("egress.timeout", 1)
    assert timedelta(seconds=30) < poll.due_at - timezone.now() <= polling.FIRST_WAIT
    assert decides(aurora, sender) == "sender_quality"


@pytest.mark.parametrize(
    ("said", "wait"),
    [("1800", timedelta(minutes=30)), ("999999999", polling.LONGEST_ASKED), ("soon", polling.FIRST_WAIT)],
)
def test_a_provider_that_asks_for_time_gets_it(
    asked: Any, scripted: Scripted, said: str, wait: timedelta
) -> None:
    scripted.answers(429, '{"error": {"code": 4}}', **{"Retry-After": said})
    poll = asked()
    assert timedelta() <= wait - (poll.due_at - timezone.now()) < timedelta(seconds=30)


def test_a_token_that_is_refused_is_told_at_once_and_tried_an_hour_later(
    asked: Any, scripted: Scripted
) -> None:
    scripted.answers(401, '{"error": {"code": 190}}')
    poll = asked()
    assert poll.due_at - timezone.now() > timedelta(minutes=59)
    assert [one.now for one in QualityChange.objects.filter(facet="reading")] == ["190"]


def test_a_provider_that_hangs_up_is_asked_again_later(asked: Any, scripted: Scripted) -> None:
    scripted.hangs_up()
    assert asked().problem == "egress.connection"


def test_an_answer_that_breaks_something_is_said_and_asked_for_again_later(
    asked: Any, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.answers(200, json.dumps(FULL))

    def breaks(*_answer: Any, **_about: Any) -> Any:
        raise KeyError("odd")

    monkeypatch.setattr(polling.from_meta, "asked", breaks)
    poll = asked()
    assert (poll.problem, poll.failures) == ("unexpected", 1)
    assert poll.due_at > timezone.now()


def test_a_number_is_asked_about_by_one_worker_alone(
    number: Sender, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "META", scripted.url)
    scripted.answers(200, json.dumps(FULL))
    assert polling.drain() == 1
    assert polling.drain() == 0
    poll = QualityPoll.objects.get()  # and nobody is asked about the numbers of the sandbox
    assert (poll.sender, poll.problem) == (number, "")
    polling.soon(poll.sender, at=timezone.now())
    poll.refresh_from_db()
    assert poll.due_at <= timezone.now() + polling.SOON


def test_a_message_that_is_refused_says_something_of_its_number(agreed: Sender) -> None:
    left(agreed, people=1)
    message = OutboundMessage.objects.select_related("sender__company").get()
    sending._failed(message, SendError("368", permanent=True))
    agreed.refresh_from_db()
    assert agreed.restriction == "blocked"


def test_that_a_message_was_read_is_kept_once(agreed: Sender) -> None:
    left(agreed, people=1)
    message = OutboundMessage.objects.get()
    now = timezone.now()
    for hours in (0, 1):
        outbox.saw(agreed, message=message.pk, provider_id="", at=now + HOUR * hours)
    message.refresh_from_db()
    assert message.read_at == now
    counting.tally(agreed, since=(now - DAY).date(), at=now)
    assert agreed.days.get().seen == 1


def test_an_audience_larger_than_the_room_that_is_left_is_told_so(aurora: Sample, agreed: Sender) -> None:
    assert (
        counting.room(aurora.company.pk, "whatsapp", at=timezone.now()) is None
    )  # nothing is known of two numbers
    Sender.objects.filter(channel="whatsapp").exclude(pk=agreed.pk).update(channel="voice")
    reads(agreed, Kind.LIMIT, 3)
    left(agreed, people=2)
    counting.count(agreed, at=timezone.now())
    assert counting.room(aurora.company.pk, "whatsapp", at=timezone.now()) == 1
    cast.says(aurora, cast.BRUNO, channel="whatsapp")
    result = preflight.run(
        ["phone\n", f"{cast.ANA.value}\n", f"{cast.BRUNO.value}\n"], io.BytesIO(), company=aurora.company,
        channel="whatsapp", purpose="novidades", at=timezone.now(),
    )  # fmt: skip
    assert result.reasons == {"given": 1, "over_limit": 1}


def test_news_that_come_while_a_number_is_asked_about_have_it_asked_again_at_once(
    number: Sender, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "META", scripted.url)
    scripted.answers(200, json.dumps(FULL))
    understood = polling.from_meta.asked

    def slowly(*answer: Any, **about: Any) -> Any:
        polling.at_once(number, at=timezone.now())  # somebody presses a button before the answer is kept
        return understood(*answer, **about)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(polling.from_meta, "asked", slowly)
        assert polling.drain() == 1
    poll = QualityPoll.objects.get()
    assert poll.answered_at is not None
    assert poll.due_at <= timezone.now()
    assert polling.drain() == 1
    assert polling.drain() == 0
