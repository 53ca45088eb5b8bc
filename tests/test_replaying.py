"""What could not be answered when it came is taken in once its cause is mended, and a stop counts from then."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent import catalogue, replaying, vault
from consent.models import Company, ConsentRecord, InboundMessage, Sender
from consent.providers import accounts
from consent.providers.meta_numbers import Keys
from consent.replaying import Again
from consent.sample import Sample
from tests import cast, meta, webhooks

BY = "staff:7"


def move(sender: Sender, address: str) -> None:
    """Somebody maps the number wrongly, or rightly again."""
    Sender.objects.filter(pk=sender.pk).update(address=address)
    catalogue.forget()


def only() -> InboundMessage:
    return InboundMessage.objects.latest("received_at")


def again() -> Again:
    return replaying.take_in(only(), by=BY)


@pytest.mark.parametrize("how", ["button", "saving the sender"])
def test_a_stop_for_a_lost_number_counts_from_when_it_came(aurora: Sample, client: Client, how: str) -> None:
    cast.says(aurora)
    right = aurora.sender.address
    move(aurora.sender, "+551140020000")
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        came = timezone.now()
        webhooks.post(client, webhooks.sms("SAIR", sender=right))
    assert only().state == "unrouted"
    assert again() is Again.AS_BEFORE
    assert cast.may(aurora).allow

    move(aurora.sender, right)
    with time_machine.travel(came + timedelta(days=2)):
        if how == "button":
            assert again() is Again.UNDERSTOOD
        else:
            assert replaying.reconcile(Sender.objects.get(pk=aurora.sender.pk), by=BY) == 1
        assert cast.may(aurora).reason == "withdrawn"

    stop = ConsentRecord.objects.filter(state="withdrawn").latest("arrival")
    assert abs(stop.event_time - came) < timedelta(seconds=1)
    assert stop.recorded_at > came + timedelta(days=1)
    assert only().state == "answered"
    assert again() is Again.NOT_OPEN
    [written] = [e for e in map(json.loads, cast.entries()) if e.get("type") == "taken_in_again"]
    assert (written["entity"], written["outcome"]) == (BY, "answered")


@pytest.mark.parametrize("is_json", [False, True], ids=["form", "JSON"])
def test_what_waits_for_a_number_goes_to_nobody_who_only_knows_the_accounts_id(
    aurora: Sample, client: Client, is_json: bool
) -> None:
    """Another company enters the number with a token of its own; whoever has the token that signed gets it."""
    webhooks.real_sender(aurora)
    stop = webhooks.sms("SAIR", sender="+551140020000", AccountSid=webhooks.TWILIO_SID)
    cast.says(aurora)
    deliver: Any = webhooks.post_json if is_json else webhooks.post
    answer = deliver(client, stop, token=webhooks.TOKEN)
    assert answer.status_code == 200
    other = Company.objects.create(name="Other", slug="other", legal_name="Other Ltda", country="BR")
    theirs = Sender.objects.create(
        company=other, channel="sms", provider="twilio", address="+551140020000", account=webhooks.TWILIO_SID,
        secret=accounts.seal(webhooks.TWILIO_SID, ["theirs"]),
    )  # fmt: skip

    assert replaying.reconcile(theirs, by=BY) == 0
    assert again() is Again.AS_BEFORE
    assert (only().state, only().sender) == ("unrouted", None)

    theirs.delete()
    ours = webhooks.real_sender(aurora, "new", webhooks.TOKEN, address="+551140020000")
    assert replaying.reconcile(ours, by=BY) == 1
    assert (only().state, only().sender) == ("answered", ours)
    assert cast.may(aurora).reason == "withdrawn"


def test_a_yes_does_not_count_after_the_fact(aurora: Sample, client: Client) -> None:
    cast.sent(cast.asks(aurora))
    right = aurora.sender.address
    move(aurora.sender, "+551140020000")
    webhooks.post(client, webhooks.sms("SIM", sender=right))
    move(aurora.sender, right)

    assert again() is Again.AS_BEFORE
    assert only().state == "unreadable"
    assert not cast.may(aurora).allow


def test_a_stop_under_anothers_id_counts_once(aurora: Sample, client: Client) -> None:
    cast.says(aurora)
    first = webhooks.sms("obrigada")
    webhooks.post(client, first)
    webhooks.post(client, {**first, "Body": "SAIR"})
    conflict = InboundMessage.objects.get(state="conflict")
    assert cast.may(aurora).allow

    for _time in range(2):
        assert replaying.take_in(conflict, by=BY) is Again.STOPPED
    assert cast.may(aurora).reason == "withdrawn"
    assert ConsentRecord.objects.filter(state="withdrawn", purpose=aurora.purposes["novidades"]).count() == 1


def test_other_words_under_anothers_id_count_for_nothing(aurora: Sample, client: Client) -> None:
    first = webhooks.sms("obrigada")
    webhooks.post(client, first)
    webhooks.post(client, {**first, "Body": "SIM"})
    conflict = InboundMessage.objects.get(state="conflict")
    assert replaying.take_in(conflict, by=BY) is Again.AS_BEFORE


def test_a_stop_for_a_number_at_meta_counts_once_the_number_is_entered(
    aurora: Sample, client: Client
) -> None:
    known = meta.sender(aurora)
    cast.says(aurora, channel="whatsapp")
    other = meta.value("777", messages=[meta.text("SAIR")])
    assert meta.post(client, meta.batch(other)).status_code == 200
    meta.drain()
    assert only().state == "unrouted"

    keys = Keys(("t",), ("of another app",), ("v",))
    stranger = meta.sender(aurora, number_id="777", address="+15550783882", keys=keys)
    assert replaying.reconcile(stranger, by=BY) == 0  # who signed it cannot speak for that number
    stranger.delete()
    assert replaying.reconcile(known, by=BY) == 0

    added = meta.sender(aurora, number_id="777", address="+15550783882")
    assert replaying.reconcile(added, by=BY) == 1
    assert cast.may(aurora, channel="whatsapp").reason == "withdrawn"


def test_what_no_door_knows_or_no_key_opens_is_said(aurora: Sample, client: Client) -> None:
    webhooks.post(client, webhooks.sms("SAIR", sender="+551140020000"))
    InboundMessage.objects.update(door="somewhere")
    assert again() is Again.NOT_OPEN
    InboundMessage.objects.update(door="sms", sealed=vault.seal_system(item=b"x", plaintext=b"x"))
    assert again() is Again.BROKEN
    assert replaying.reconcile(aurora.sender, by=BY) == 0
