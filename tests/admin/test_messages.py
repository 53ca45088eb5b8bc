"""The outbox and the inbox: masked, and a second try or none, by permission."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import recording, vault
from consent.models import InboundMessage, OutboundMessage
from consent.recording import Telling
from tests import cast
from tests.staff import Firm

State = OutboundMessage.State


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


@pytest.mark.parametrize("state", [State.SENT, State.DELIVERED, State.EXPIRED, State.UNCERTAIN, State.QUEUED])
def test_what_left_or_perhaps_left_is_never_sent_twice(bruno: Client, cafe: Firm, state: str) -> None:
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


def test_what_was_for_no_sender_of_ours_is_for_superusers(root: Client, bruno: Client, cafe: Firm) -> None:
    stray = InboundMessage.objects.create(
        id=vault.new_id(), event=b"e" * 32, provider="twilio", state=InboundMessage.State.UNROUTED, sealed=b"x",
        digest=b"d" * 32, received_at=timezone.now(),
    )  # fmt: skip
    path = reverse("admin:consent_inboundmessage_changelist")
    assert "badge-unrouted" in root.get(path).content.decode()
    assert "badge-unrouted" not in bruno.get(path).content.decode()
    assert "badge-answered" in bruno.get(path).content.decode()
    one = reverse("admin:consent_inboundmessage_change", args=[stray.pk])
    assert (root.get(one).status_code, bruno.get(one).status_code) == (200, 404)
