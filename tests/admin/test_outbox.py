"""The outbox: masked, in words, stopped on record, and a second try or none, by permission."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import recording, vault
from consent.admin import troubles
from consent.models import Company, OutboundMessage
from consent.recording import Telling
from tests import cast
from tests.staff import Firm

State = OutboundMessage.State
OUTBOX = "/admin/consent/outboundmessage/"


def ask(firm: Firm, **changes: Any) -> OutboundMessage:
    """Bruno was asked to prove his number."""
    event = cast.event(firm.aurora, contact=cast.BRUNO, state="requested", possession="none")
    tell = [Telling(kind="ask", sender=firm.aurora.sender, text="Reply SIM to the secret question")]
    recorded = recording.record(event, tell=lambda _act: tell)
    OutboundMessage.objects.filter(act=recorded.act).update(**changes)
    return OutboundMessage.objects.get(act=recorded.act)


def page(message: OutboundMessage) -> str:
    return reverse("admin:consent_outboundmessage_change", args=[message.pk])


def do(client: Client, what: str, message: OutboundMessage) -> str:
    answer = client.post(reverse(f"admin:consent_outboundmessage_{what}", args=[message.pk]), follow=True)
    message.refresh_from_db()
    return str(answer.content.decode())


def test_lists_and_pages_are_masked(bruno: Client, cafe: Firm) -> None:
    message = ask(cafe)
    for path in (reverse("admin:consent_outboundmessage_changelist"), page(message)):
        text = bruno.get(path).content.decode()
        assert cast.BRUNO.value not in text
        assert "secret question" not in text
    assert cast.BRUNO.masked in text
    assert "Do not send it" in text


def test_a_failed_question_that_is_still_open_is_sent_again(bruno: Client, cafe: Firm) -> None:
    message = ask(cafe, state=State.FAILED, error="30003", attempts=8)
    assert "Send again" in bruno.get(page(message)).content.decode()
    assert "The message is queued again." in do(bruno, "retry", message)
    assert (message.state, message.error, message.attempts) == (State.QUEUED, "", 0)
    assert message.due_at <= timezone.now()


def test_a_question_that_was_answered_is_not_asked_again(bruno: Client, cafe: Firm) -> None:
    message = ask(cafe, state=State.FAILED)
    cast.says(cafe.aurora, cast.BRUNO)
    assert "Send again" not in bruno.get(page(message)).content.decode()
    assert "cannot be sent again" in do(bruno, "retry", message)
    assert message.state == State.FAILED


def test_a_question_that_is_too_old_is_not_asked_again(bruno: Client, cafe: Firm) -> None:
    message = ask(cafe, state=State.FAILED, created_at=timezone.now() - timedelta(hours=25))
    assert "cannot be sent again" in do(bruno, "retry", message)


def test_a_failed_receipt_is_sent_again(bruno: Client, cafe: Firm) -> None:
    message = ask(cafe, state=State.FAILED, kind="receipt")
    do(bruno, "retry", message)
    assert message.state == State.QUEUED


@pytest.mark.parametrize("state", [State.SENT, State.DELIVERED, State.EXPIRED, State.QUEUED])
def test_what_left_or_will_leave_is_never_sent_twice(bruno: Client, cafe: Firm, state: str) -> None:
    message = ask(cafe, state=state)
    assert "cannot be sent again" in do(bruno, "retry", message)
    assert message.state == state


def test_what_has_not_left_can_be_taken_back(bruno: Client, cafe: Firm) -> None:
    message = ask(cafe)
    assert "The message will not be sent." in do(bruno, "cancel", message)
    assert (message.state, message.error) == (State.EXPIRED, "staff.cancelled")


def test_what_is_leaving_cannot_be_taken_back(bruno: Client, cafe: Firm) -> None:
    message = ask(cafe, lease_until=timezone.now() + timedelta(seconds=60))
    assert "Too late" in do(bruno, "cancel", message)
    assert message.state == State.QUEUED


@pytest.mark.parametrize("what", ["retry", "cancel"])
def test_an_auditor_only_looks(auditor: Client, cafe: Firm, what: str) -> None:
    message = ask(cafe, state=State.FAILED if what == "retry" else State.QUEUED)
    text = auditor.get(page(message)).content.decode()
    assert "Send again" not in text
    assert "Do not send it" not in text
    path = reverse(f"admin:consent_outboundmessage_{what}", args=[message.pk])
    assert auditor.post(path).status_code == 403


def test_a_message_without_a_record_is_shown_all_the_same(bruno: Client, cafe: Firm) -> None:
    message = ask(cafe)
    OutboundMessage.objects.filter(pk=message.pk).update(act=vault.new_id())
    assert bruno.get(page(message)).status_code == 200


def test_what_perhaps_left_is_sent_again_only_after_a_warning(bruno: Client, cafe: Firm) -> None:
    message = ask(cafe, state=State.UNCERTAIN, error="worker.lost")
    assert "Send again…" in bruno.get(page(message)).text

    assert "The person may get this message twice." in do(bruno, "retry", message)
    assert message.state == State.UNCERTAIN

    again = reverse("admin:consent_outboundmessage_retry", args=[message.pk])
    assert "The message is queued again." in bruno.post(again, {"twice": "yes"}, follow=True).text
    message.refresh_from_db()
    assert message.state == State.QUEUED


def chosen(client: Client, action: str, *messages: OutboundMessage) -> str:
    form = {"action": action, "_selected_action": [str(message.pk) for message in messages]}
    return client.post(OUTBOX, form, follow=True).text


def test_many_are_taken_back_or_sent_again_at_once_but_none_that_perhaps_left(
    bruno: Client, auditor: Client, cafe: Firm
) -> None:
    waits = ask(cafe)
    leaves = ask(cafe, lease_until=timezone.now() + timedelta(seconds=60))
    perhaps = ask(cafe, state=State.UNCERTAIN)
    assert "1 message will not be sent." in chosen(bruno, "cancel_chosen", waits, leaves, perhaps)
    failed = ask(cafe, state=State.FAILED, error="30003")
    assert "1 message is queued again." in chosen(bruno, "retry_chosen", waits, perhaps, failed)
    chosen(auditor, "cancel_chosen", failed)

    for message in (waits, leaves, perhaps, failed):
        message.refresh_from_db()
    assert [waits.state, leaves.state, perhaps.state, failed.state] == [
        State.EXPIRED, State.QUEUED, State.UNCERTAIN, State.QUEUED,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": State.FAILED, "error": "30003"}, "does not reach this number"),
        ({"state": State.FAILED, "error": "99999"}, "The provider said: 99999"),
        ({"state": State.EXPIRED}, "Nobody needs it any more."),
        ({"due_at": timezone.now() + timedelta(hours=1)}, "Waits until"),
        ({"due_at": timezone.now() + timedelta(hours=1), "error": "20429"}, "Too much was sent at once"),
        ({"due_at": timezone.now() - timedelta(hours=1)}, "Leaves next."),
        ({"lease_until": timezone.now() + timedelta(hours=1)}, "Leaves now."),
    ],
)
def test_the_outbox_says_in_words_what_happens(
    bruno: Client, cafe: Firm, changes: dict[str, Any], says: str
) -> None:
    message = ask(cafe, **changes)
    assert says in bruno.get(OUTBOX).text
    assert says in bruno.get(page(message)).text


def journal(kind: str) -> list[dict[str, Any]]:
    entries = [json.loads(data) for data in cast.entries()]
    return [entry for entry in entries if entry.get("type") == kind]


@pytest.mark.parametrize("what", ["company", "sender"])
def test_sending_is_stopped_and_goes_on_on_record(
    bruno: Client, auditor: Client, cafe: Firm, what: str
) -> None:
    found: Any = {"company": cafe.company, "sender": cafe.aurora.sender}[what]
    ask(cafe)
    path = reverse(f"admin:consent_{what}_pause", args=[found.pk])
    assert path in bruno.get(OUTBOX).text
    assert "2 messages wait there." in bruno.get(path).text
    assert auditor.post(path, {"answer": "stop"}).status_code == 403

    stopped = bruno.post(path, {"answer": "stop"}, follow=True).text
    assert "nothing leaves from" in stopped
    assert "Waits: sending is stopped." in stopped
    assert "That was done already." in bruno.post(path, {"answer": "stop"}, follow=True).text
    assert "Go on sending?" in bruno.get(path).text
    assert f"Sending is stopped for {found}." in bruno.get("/admin/").text
    bruno.post(path, {"answer": "go_on"})

    found.refresh_from_db()
    assert not found.is_paused
    written = [*journal("sending_stopped"), *journal("sending_resumed")]
    assert [entry["entity"].split(":")[0] for entry in written] == ["staff", "staff"]
    assert [entry.get("sender") for entry in written] == [str(found.pk) if what == "sender" else None] * 2


def test_the_outbox_shows_what_the_day_has_used(bruno: Client, cafe: Firm, bakery: Firm) -> None:
    Company.objects.filter(pk=cafe.company.pk).update(messages_per_day=3, money_per_day="0.50")
    cost = Decimal("0.2")
    for back in (1, 2, 25):
        ask(cafe, state=State.SENT, cost=cost, sent_at=timezone.now() - timedelta(hours=back))

    [use] = bruno.get(OUTBOX).context_data["uses"]
    assert (use.sent, str(use.spent), use.is_full) == (2, "0.4000", False)
    ask(cafe, state=State.SENT, cost=cost, sent_at=timezone.now())
    shown = bruno.get(OUTBOX)
    assert shown.context_data["uses"][0].is_full
    assert "The limit of the day is reached." in shown.text


def test_every_code_has_one_meaning_and_is_told_in_words(bruno: Client, cafe: Firm) -> None:
    codes = [code for trouble in troubles.TROUBLES for code in trouble.codes]
    assert len(codes) == len(set(codes))
    text = bruno.get(reverse("admin:consent_outboundmessage_errors")).text
    assert all(f"<code>{code}</code>" in text for code in codes)
