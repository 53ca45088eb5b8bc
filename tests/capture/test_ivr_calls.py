"""Calls of ours: "call me to confirm" asks once, by voice, and only a person who hears the yes read back gives it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from consent import erasure, hooks, opening, vault
from consent.models import CapturePoint, ConsentRecord, InboundMessage, OutboundMessage
from consent.providers import accounts
from consent.sample import Sample
from consent.vocabulary import Possession
from tests import cast, webhooks
from tests.capture.conftest import Visitor
from tests.cast import ANA
from tests.webhooks import Conversation

OURS = "+551140028924"
FORM = "/c/aurora/ligue-me/"

type Take = Callable[..., Conversation]


@pytest.fixture(autouse=True)
def _nothing_left_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "DRAIN_EVERY", 0.0)
    accounts.forget()


@pytest.fixture
def take(aurora: Sample, client: Client) -> Take:
    """Ana sends the form that asks for a call, the call is placed, and she takes it."""

    def taken(**changes: str) -> Conversation:
        visitor = Visitor(client, path=FORM)
        visitor.open()
        visitor.send()
        message = OutboundMessage.objects.get(kind="ask")
        OutboundMessage.objects.update(state="sent", sent_at=timezone.now())
        fields = webhooks.call(
            From=OURS, To=ANA.value, Direction="outbound-api", AnsweredBy="human", StirVerstat=""
        )
        return Conversation(client, fields | changes, path=f"{webhooks.VOICE}?message={message.pk.hex}")

    return taken


def test_a_call_is_queued_with_every_word_that_it_will_say(aurora: Sample, take: Take) -> None:
    call = take()
    message = OutboundMessage.objects.get()
    content = opening.message_content(message)

    assert (message.kind, message.sender.channel) == ("ask", "voice")
    assert content["call"] == webhooks.VOICE
    assert call.begin() == content["text"].replace("\n\n", " ")
    assert "Novidades e ofertas" in content["text"]
    assert "Avisos" not in content["text"], "only what was ticked is asked"


def test_one_is_a_yes_once_it_was_read_back_to_the_end(aurora: Sample, take: Take) -> None:
    call = take()
    call.begin()
    assert "Novidades e ofertas por SMS" in call.press("1")
    assert cast.may(aurora).reason == "requested"

    heard = call.press("")

    assert call.is_over
    assert cast.may(aurora).reason == "given"
    given = ConsentRecord.objects.get(state="given")
    assert given.possession == Possession.CALL
    evidence = opening.evidence_of(given.act_id)
    assert evidence["digits"] == "1"
    assert evidence["call_id"] == call.fields["CallSid"]
    assert evidence["direction"] == "outbound"
    assert evidence["answered_by"] == "human"
    assert evidence["asked_at"] <= evidence["answered_at"] <= evidence["heard_to_the_end_at"]
    assert evidence["shown"] == evidence["answers"][0]["question"]
    receipt = OutboundMessage.objects.get(kind="receipt")
    assert receipt.sender == aurora.sender
    assert "/r/" in opening.message_content(receipt)["text"]
    assert "comprovante" in heard


def test_hanging_up_while_it_is_read_back_is_no_grant(aurora: Sample, take: Take) -> None:
    call = take()
    call.begin()
    call.press("1")
    call.press("", CallStatus="completed")

    assert cast.may(aurora).reason == "requested"
    call.press("")
    assert cast.may(aurora).reason == "requested"


@pytest.mark.parametrize(("keys", "reason"), [("2", "refused"), ("12", "refused"), ("0", "withdrawn"),
    ("10", "withdrawn"), ("999", "requested"), ("345", "requested"), ("17", "requested")])  # fmt: skip
def test_other_keys_are_no_yes(aurora: Sample, take: Take, keys: str, reason: str) -> None:
    call = take()
    call.begin()
    for key in keys:
        call.press(key)

    assert cast.may(aurora).reason == reason


@pytest.mark.parametrize(
    "answered_by", ["machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"]
)
def test_a_machine_hears_nothing_and_never_consents(aurora: Sample, take: Take, answered_by: str) -> None:
    call = take(AnsweredBy=answered_by)
    assert call.begin() == ""
    assert call.is_over
    del call.fields["AnsweredBy"]
    for step in (0, 1, 2):
        call.path = f"{call.path.split('&')[0]}&step={step}"
        call.press("1")
        call.press("")

    assert cast.may(aurora).reason == "requested"
    message = OutboundMessage.objects.get()
    assert (message.state, message.error) == ("failed", "call.machine")


def report(client: Client, state: str, message: UUID | str, **changes: str) -> int:
    """Twilio says how far a call got."""
    fields = webhooks.call(From=OURS, To=ANA.value, Direction="outbound-api", CallStatus=state)
    path = f"{webhooks.VOICE_STATUS}?message={message.hex if isinstance(message, UUID) else message}"
    return int(webhooks.post(client, fields | changes, path=path).status_code)


@pytest.mark.parametrize(
    ("told", "state", "error"),
    [
        (["completed"], "delivered", ""),
        (["completed", "ringing", "in-progress"], "delivered", ""),
        (["initiated", "ringing", "busy"], "failed", "call.busy"),
        (["no-answer"], "failed", "call.no-answer"),
        (["failed"], "failed", "call.failed"),
        (["canceled"], "failed", "call.canceled"),
        (["queued", "a word of next year"], "sent", ""),
    ],
)
def test_a_call_moves_forward_only(
    aurora: Sample, client: Client, take: Take, told: list[str], state: str, error: str
) -> None:
    take()
    message = OutboundMessage.objects.get()
    for word in told:
        assert report(client, word, message.pk) == 200
    message.refresh_from_db()

    assert (message.state, message.error) == (state, error)


def test_a_call_that_a_machine_took_was_not_answered(aurora: Sample, client: Client, take: Take) -> None:
    take()
    message = OutboundMessage.objects.get()
    report(client, "completed", message.pk, AnsweredBy="machine_start", CallDuration="8")
    report(client, "completed", message.pk, CallDuration="8")
    message.refresh_from_db()

    assert (message.state, message.error) == ("failed", "call.machine")


def test_how_long_a_call_took_is_kept(aurora: Sample, client: Client) -> None:
    fields = webhooks.call(CallStatus="completed", CallDuration="49")
    assert webhooks.post(client, fields, path=webhooks.VOICE_STATUS).status_code == 200
    assert report(client, "completed", "nothing", To="+5511000") == 200
    assert report(client, "completed", "nothing", From="+551140020000") == 200
    assert sorted(webhooks.kept()) == [("answered", "twilio")] * 2 + [("unrouted", "twilio")]
    assert InboundMessage.objects.filter(door="voice-status").count() == 3


def test_a_step_of_no_call_of_ours_is_kept_for_staff(aurora: Sample, client: Client) -> None:
    for message in ("nothing", "0" * 32):
        fields = webhooks.call(From=OURS, To=ANA.value)
        assert Conversation(client, fields, path=f"{webhooks.VOICE}?message={message}").begin() == ""
    assert webhooks.kept() == [("unreadable", "twilio")] * 2


def test_what_nobody_waits_for_any_more_is_said(aurora: Sample, take: Take, settings: Any) -> None:
    call = take()
    settings.OPTIN_ASK_TTL_HOURS = 0

    assert "Nada mais espera" in call.begin()
    assert call.is_over


def test_a_yes_to_what_was_answered_meanwhile_gives_nothing(aurora: Sample, take: Take) -> None:
    call = take()
    call.begin()
    call.press("1")
    cast.stops(aurora, channel="sms")
    assert "Nada mais espera" in call.press("")

    assert cast.may(aurora).reason == "withdrawn"


def test_somebody_erased_since_hears_nothing(aurora: Sample, take: Take) -> None:
    call = take()
    subject = ConsentRecord.objects.values_list("subject", flat=True)[0]
    erasure.erase(subject, company=aurora.company, entity="staff:1")

    assert call.begin() == ""
    assert call.is_over


def test_the_page_waits_for_the_call_and_takes_no_code(aurora: Sample, client: Client) -> None:
    visitor = Visitor(client, path=FORM)
    visitor.open()
    assert "Depois ligamos uma vez" in visitor.page.content.decode()
    page = visitor.send()
    waiting = client.get(page["Location"]).content.decode()
    assert "Atenda a ligação" in waiting
    assert 'name="code"' not in waiting
    act = ConsentRecord.objects.latest("arrival").act_id
    client.post(page["Location"], {"code": vault.code(act)})
    assert cast.may(aurora).reason == "requested"


def test_a_caller_may_be_asked_to_confirm_by_our_call(aurora: Sample, client: Client) -> None:
    CapturePoint.objects.filter(slug="novidades").update(is_open=False)
    phone = Conversation(client, webhooks.call())
    phone.begin()
    assert "Ligamos de volta" in phone.press("1")

    assert OutboundMessage.objects.get().sender.channel == "voice"


def test_without_an_sms_sender_there_is_no_receipt_by_sms(aurora: Sample, take: Take) -> None:
    call = take()
    aurora.company.senders.filter(channel="sms").update(channel="whatsapp")
    call.begin()
    call.press("1")
    assert "comprovante" not in call.press("")
    assert cast.may(aurora).reason == "given"
    assert OutboundMessage.objects.count() == 1
