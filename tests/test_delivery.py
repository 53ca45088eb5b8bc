"""What Twilio says about our messages moves them forward only; a stop among it is a stop."""

import itertools
import logging
import uuid
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from consent import decision, delivery, hooks, inbound, opening, recording
from consent.models import ConsentRecord, InboundMessage, OutboundMessage
from consent.providers import accounts
from consent.recording import Telling
from consent.sample import Sample
from tests import cast, webhooks
from tests.cast import ANA, BRUNO
from tests.webhooks import STATUS

State = OutboundMessage.State


@pytest.fixture(autouse=True)
def _nothing_left_over(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> None:
    settings.OPTIN_DATA_DIR = tmp_path
    monkeypatch.setattr(hooks, "DRAIN_EVERY", 0.0)
    accounts.forget()


@pytest.fixture
def message(aurora: Sample) -> OutboundMessage:
    """A receipt for Ana, with Twilio."""
    telling = Telling(kind="receipt", sender=aurora.sender, text="Obrigado")
    recorded = recording.record(cast.event(aurora), tell=lambda _act: [telling])
    OutboundMessage.objects.filter(act=recorded.act).update(
        state=State.SENT, provider_id=webhooks.sid(), sent_at=timezone.now()
    )
    return OutboundMessage.objects.get(act=recorded.act)


def call(client: Client, message: OutboundMessage, status: str, *, named: bool = True, **changes: str) -> Any:
    path = f"{STATUS}?message={message.pk.hex}" if named else STATUS
    return webhooks.post(client, webhooks.status(status, of=message.provider_id, **changes), path=path)


def decide(aurora: Sample, contact: Any = ANA) -> str:
    return decision.may_send(
        contact, company=aurora.company.pk, channel="sms", purpose="novidades"
    ).reason.value


@pytest.mark.parametrize("named", [True, False])
def test_a_callback_moves_the_message_it_names_or_whose_id_it_has(
    message: OutboundMessage, client: Client, named: bool
) -> None:
    response = call(client, message, "delivered", named=named)

    message.refresh_from_db()
    assert (response.status_code, response.content) == (200, b"")
    assert message.state == State.DELIVERED
    assert webhooks.kept() == []


def test_callbacks_in_any_order_end_in_the_same_place(message: OutboundMessage, client: Client) -> None:
    for order in itertools.permutations(["queued", "sent", "delivered", "sending"]):
        OutboundMessage.objects.update(state=State.QUEUED, sent_at=None)
        for status in order:
            assert call(client, message, status).status_code == 200
        message.refresh_from_db()
        assert message.state == State.DELIVERED
        assert message.sent_at is not None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("accepted", State.SENT),
        ("scheduled", State.SENT),
        ("sent", State.SENT),
        ("read", State.DELIVERED),
        ("partially_delivered", State.DELIVERED),
        ("failed", State.FAILED),
        ("undelivered", State.FAILED),
        ("canceled", State.FAILED),
    ],
)
def test_every_word_of_twilio_is_understood(
    message: OutboundMessage, client: Client, status: str, state: str
) -> None:
    call(client, message, status, ErrorCode="30003" if state == State.FAILED else "")

    message.refresh_from_db()
    assert (message.state, message.error) == (state, "30003" if state == State.FAILED else "")
    assert webhooks.kept() == []


def test_a_callback_that_overtakes_the_answer_of_twilio_finds_its_message(
    message: OutboundMessage, client: Client
) -> None:
    """Our worker does not know Twilio's id yet, or never learned whether the message left."""
    twilios_id = message.provider_id
    for state in (State.QUEUED, State.UNCERTAIN):
        OutboundMessage.objects.update(state=state, provider_id="", lease_until=timezone.now())
        call(client, message, "delivered")
        stored = OutboundMessage.objects.get()
        assert (stored.state, stored.provider_id, stored.lease_until) == (State.DELIVERED, twilios_id, None)


def test_an_expired_message_stays_expired(message: OutboundMessage, client: Client) -> None:
    OutboundMessage.objects.update(state=State.EXPIRED)

    call(client, message, "delivered")

    assert OutboundMessage.objects.get().state == State.EXPIRED


def test_one_update_is_all_it_takes(
    message: OutboundMessage, client: Client, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    call(client, message, "sent")

    with django_assert_num_queries(1):
        call(client, message, "delivered")


@pytest.mark.parametrize("name", ["", "nonsense", "0" * 32, "%00"])
def test_a_callback_for_a_message_nobody_knows_changes_nothing(
    message: OutboundMessage, client: Client, name: str
) -> None:
    fields = webhooks.status("delivered", of=webhooks.sid())

    assert webhooks.post(client, fields, path=f"{STATUS}?message={name}").status_code == 200
    message.refresh_from_db()
    assert message.state == State.SENT


def test_another_accounts_callback_does_not_move_our_message(
    aurora: Sample, message: OutboundMessage, client: Client
) -> None:
    real = webhooks.real_sender(aurora)
    path = f"{STATUS}?message={message.pk.hex}"
    theirs = {"AccountSid": webhooks.TWILIO_SID}

    for sender in (real.address, aurora.sender.address, "+5511000000000", "whatsapp:+551140028922"):
        fields = webhooks.status("delivered", of=message.provider_id, From=sender, **theirs)
        assert webhooks.post(client, fields, path=path, token=webhooks.TOKEN).status_code == 200
    message.refresh_from_db()
    assert message.state == State.SENT


def test_a_word_twilio_has_not_said_before_is_kept(message: OutboundMessage, client: Client) -> None:
    call(client, message, "teleported")

    assert webhooks.kept() == [("unreadable", "twilio")]
    assert inbound.opened(InboundMessage.objects.get()).parameters["MessageStatus"] == "teleported"


@pytest.mark.parametrize("code", ["21610", "63014"])
def test_a_block_at_the_carrier_is_recorded_as_a_withdrawal(
    aurora: Sample, message: OutboundMessage, client: Client, code: str
) -> None:
    assert decide(aurora) == "given"

    for _time in range(2):
        assert call(client, message, "failed", ErrorCode=code).status_code == 200

    assert decide(aurora) == "withdrawn"
    withdrawn = ConsentRecord.objects.filter(state="withdrawn")
    assert set(withdrawn.values_list("entity", "method")) == {("platform:twilio", "sms")}
    assert withdrawn.values("act").distinct().count() == 1
    evidence = opening.evidence_of(withdrawn[0].act_id)
    assert evidence["error"] == code
    assert evidence["parameters"]["ErrorCode"] == code
    message.refresh_from_db()
    assert (message.state, message.error) == (State.FAILED, code)
    assert webhooks.kept() == [("answered", "twilio")]


@pytest.mark.parametrize(
    ("code", "reason"),
    [("30003", "unreachable"), ("30005", "unreachable"), ("21614", "unreachable"), ("30007", "given")],
)
def test_a_number_that_cannot_be_reached_is_not_withdrawn(
    aurora: Sample, message: OutboundMessage, client: Client, code: str, reason: str
) -> None:
    call(client, message, "undelivered", ErrorCode=code)

    assert decide(aurora) == reason
    assert not ConsentRecord.objects.filter(state="withdrawn").exists()


def test_a_block_without_a_number_is_kept_for_staff(message: OutboundMessage, client: Client) -> None:
    call(client, message, "failed", ErrorCode="21610", To="")

    assert ConsentRecord.objects.filter(state="withdrawn").count() == 0
    assert len(webhooks.kept()) == 1


def test_a_block_told_at_once_is_a_withdrawal_as_well(aurora: Sample, message: OutboundMessage) -> None:
    """Twilio refuses the message itself with 21610; no callback follows."""
    for _time in range(2):
        delivery.stopped(message, "21610")

    assert decide(aurora) == "withdrawn"
    assert ConsentRecord.objects.filter(state="withdrawn").values("act").distinct().count() == 1


def test_a_block_is_accepted_while_the_database_is_down(
    aurora: Sample, message: OutboundMessage, client: Client, settings: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60

    def refuse(*_args: Any) -> None:
        raise OperationalError("the database is gone")

    with connection.execute_wrapper(refuse):
        assert call(client, message, "failed", ErrorCode="21610").status_code == 200
        assert call(client, message, "delivered").status_code == 503

    assert delivery.drain() == 2
    assert decide(aurora) == "withdrawn"
    message.refresh_from_db()
    assert message.state == State.DELIVERED


def test_only_what_is_signed_moves_a_message(message: OutboundMessage, client: Client) -> None:
    path = f"{STATUS}?message={message.pk.hex}"
    fields = webhooks.status("delivered", of=message.provider_id)
    other = f"{STATUS}?message={uuid.uuid4().hex}"

    assert webhooks.post(client, fields, path=path, token="wrong").status_code == 403
    assert webhooks.post(client, fields, path=path, url="http://localhost:8000" + other).status_code == 403
    message.refresh_from_db()
    assert message.state == State.SENT


def test_nothing_personal_is_logged(
    message: OutboundMessage, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        call(client, message, "failed", ErrorCode="21610", From="+5511000000000", To=BRUNO.value)

    assert "not ours" in caplog.text
    assert BRUNO.value[1:] not in caplog.text
