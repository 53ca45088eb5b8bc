"""A row that cannot be worked on keeps none behind it waiting, whichever drain comes to it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from consent import hooks, inbound, outbox, providers, spool, telling
from consent.aging import lapsing, reaching, working
from consent.capture import sms
from consent.capture.whatsapp import from_twilio
from consent.capture.whatsapp import working as whatsapp
from consent.capture.whatsapp.webhook import DOOR
from consent.inbound import Delivery, Outcome
from consent.models import (
    Company,
    ConsentRecord,
    ContactPoint,
    InboundMessage,
    OutboundMessage,
    SandboxMessage,
    Sender,
    Visit,
)
from consent.preferences import visits
from consent.providers import SendError
from consent.quality import counting
from consent.quality import working as quality
from consent.sample import Sample
from consent.sandbox import phones
from consent.sandbox.items import Kind, Message
from consent.vault import SealBroken
from consent.vocabulary import State
from tests import cast, meta, webhooks
from tests.cast import ANA, BRUNO
from tests.staff import other_sample

MONTH = timedelta(days=31)


def test_a_broken_contact_lets_the_consents_of_others_lapse(aurora: Sample) -> None:
    aurora.company.lapse_months = 6
    aurora.company.save()
    broken = cast.says(aurora, ANA, event_time=timezone.now() - 7 * MONTH).subject
    cast.says(aurora, BRUNO, event_time=timezone.now() - 7 * MONTH)
    ContactPoint.objects.filter(subject=broken).update(sealed=b"broken")

    working.forget()
    while working.lapse():
        pass

    assert ConsentRecord.objects.filter(state=State.LAPSED).exclude(subject=broken).count() == 1
    assert not ConsentRecord.objects.filter(state=State.LAPSED, subject=broken).exists()


def test_where_people_cannot_be_found_those_of_another_company_are(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = other_sample()
    for sample in (aurora, other):
        sample.company.lapse_months = 6
        sample.company.save()
        cast.says(sample, event_time=timezone.now() - 7 * MONTH)
    everybody = lapsing.everybody

    def breaks(company: Company) -> Any:
        if company.pk == aurora.company.pk:
            raise KeyError("odd")
        return everybody(company)

    monkeypatch.setattr(lapsing, "everybody", breaks)
    working.forget()
    while working.lapse():
        pass
    lapsed = ConsentRecord.objects.filter(state=State.LAPSED)
    assert list(lapsed.values_list("company", flat=True)) == [other.company.pk]


def test_trouble_of_the_database_ends_a_round_that_begins_anew(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    aurora.company.lapse_months = 6
    aurora.company.save()
    cast.says(aurora, event_time=timezone.now() - 7 * MONTH)
    working.forget()
    monkeypatch.setattr(reaching, "contacts_of", _raising(OperationalError("gone")))
    with pytest.raises(OperationalError):
        working.lapse()


def test_a_visit_that_cannot_be_told_keeps_no_other_waiting(aurora: Sample) -> None:
    cast.says(aurora)
    first = visits.begin(BRUNO, language="pt-BR", now=timezone.now() - timedelta(seconds=5))
    Visit.objects.filter(pk=first.pk).update(sealed=b"broken")
    visits.begin(ANA, language="pt-BR", now=timezone.now())

    while visits.drain():
        pass

    assert not Visit.objects.filter(taken_at=None).exists()
    assert OutboundMessage.objects.filter(kind="code").count() == 1


def test_half_of_what_a_visit_tells_is_not_left_behind(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.says(aurora)
    visits.begin(ANA, language="pt-BR", now=timezone.now())
    reply = outbox.reply

    def breaks(**said: Any) -> None:
        reply(**said)
        raise ValueError("after it was queued")

    monkeypatch.setattr(outbox, "reply", breaks)
    assert visits.drain() == 1
    assert not OutboundMessage.objects.exists()


def test_trouble_of_the_database_leaves_a_visit_waiting(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.says(aurora)
    visits.begin(ANA, language="pt-BR", now=timezone.now())
    with monkeypatch.context() as patch:
        patch.setattr(telling, "sender_for", _raising(OperationalError("gone")))
        with pytest.raises(OperationalError):
            visits.drain()
    assert visits.drain() == 1
    assert OutboundMessage.objects.filter(kind="code").count() == 1


def test_a_sender_that_cannot_be_judged_keeps_no_other_waiting(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = Sender.objects.order_by("pk")
    assert others
    tallied = []

    def tally(sender: Sender, **_when: Any) -> None:
        if sender == first:
            raise ValueError("odd")
        tallied.append(sender)

    monkeypatch.setattr(counting, "tally", tally)
    quality._last.clear()
    quality.judge()
    assert tallied == others


def test_a_message_that_does_not_open_keeps_no_stop_waiting(aurora: Sample) -> None:
    cast.says(aurora)
    long_ago = timezone.now() - timedelta(minutes=5)
    inbound.keep(sms.deliver(webhooks.sms("oi"), received_at=long_ago))
    InboundMessage.objects.update(sealed=b"broken")
    inbound.keep(sms.deliver(webhooks.sms("SAIR"), received_at=long_ago + timedelta(seconds=1)))

    hooks._last_drained.clear()
    assert sms.drain() == 1

    assert sorted(state for state, _provider in webhooks.kept()) == ["answered", "unreadable"]
    assert cast.may(aurora).reason == "withdrawn"


def test_a_message_that_always_meets_a_row_of_somebody_else_keeps_no_stop_waiting(aurora: Sample) -> None:
    cast.says(aurora)
    long_ago = timezone.now() - timedelta(minutes=5)
    inbound.keep(sms.deliver(webhooks.sms("oi"), received_at=long_ago))
    inbound.keep(sms.deliver(webhooks.sms("SAIR"), received_at=long_ago + timedelta(seconds=1)))

    def understand(delivery: Delivery, *, is_late: bool) -> Outcome:
        if delivery.parameters["Body"] == "oi":
            Company.objects.create(slug=aurora.company.slug)
        return sms.understand(delivery, is_late=is_late)

    hooks._last_drained.clear()
    assert hooks.drain(replace(sms.HOOK, understand=understand)) == 2

    assert sorted(state for state, _provider in webhooks.kept()) == ["answered", "unreadable"]
    assert cast.may(aurora).reason == "withdrawn"


def test_what_does_not_open_on_a_sandbox_phone_keeps_no_other_waiting(aurora: Sample) -> None:
    now = timezone.now()
    for sid, seconds in (("SM1", 9), ("SM2", 5)):
        message = Message(
            sid=sid, kind=Kind.RECEIVED, channel="sms", number=ANA.value, sender="+551140028922", text="oi",
            callback="", ahead=("sent",), at=now,
        )  # fmt: skip
        phones.keep(message, due_at=now - timedelta(seconds=seconds))
    SandboxMessage.objects.filter(pk="SM1").update(sealed=b"broken")

    with pytest.raises(SealBroken):
        phones.due()
    found = phones.due()
    assert found is not None
    assert found.sid == "SM2"


def test_a_batch_of_metas_that_does_not_open_keeps_no_other_waiting(aurora: Sample, client: Client) -> None:
    meta.sender(aurora)
    meta.post(client, meta.batch(meta.value(messages=[meta.text("oi")])))
    InboundMessage.objects.update(sealed=b"broken")
    meta.post(client, meta.batch(meta.value(messages=[meta.text("oi", id="wamid.2")])))
    assert InboundMessage.objects.filter(state="received").count() == 2
    whatsapp.drain()
    assert not InboundMessage.objects.filter(state="received").exists()


def test_a_kept_file_that_cannot_be_read_keeps_no_stop_waiting(aurora: Sample) -> None:
    cast.says(aurora)
    spool.write(sms.HOOK.door, b"no delivery")
    inbound.keep(sms.deliver(webhooks.sms("SAIR"), received_at=timezone.now() - timedelta(minutes=5)))

    hooks._last_drained.clear()
    with pytest.raises(ValueError, match="Expecting value"):
        sms.drain()

    assert cast.may(aurora).reason == "withdrawn"


@pytest.mark.parametrize("door", [DOOR, from_twilio.HOOK.door])
def test_a_kept_file_that_cannot_be_read_keeps_no_batch_of_metas_waiting(
    aurora: Sample, client: Client, door: str
) -> None:
    meta.sender(aurora)
    spool.write(door, b"no delivery")
    meta.post(client, meta.batch(meta.value(messages=[meta.text("oi")])))

    hooks._last_drained.clear()
    with pytest.raises(ValueError, match="Expecting value"):
        whatsapp.drain()

    assert not InboundMessage.objects.filter(state="received").exists()


def test_a_message_that_breaks_the_sending_keeps_no_other_waiting(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the provider has it nobody knows, so it is not sent again."""
    for contact in (ANA, BRUNO):
        cast.asks(aurora, contact)
    tried = []

    def odd(*_given: Any, **named: Any) -> str:
        tried.append(named["message"])
        if len(tried) == 1:
            raise AttributeError("a library of theirs")
        return "SM0"

    monkeypatch.setattr(providers, "send", odd)
    outbox.drain()
    states = OutboundMessage.objects.order_by("id").values_list("state", "error", "lease_until")
    assert sorted(states) == [("sent", "", None), ("uncertain", "unexpected", None)]


def test_a_stop_that_breaks_the_sending_keeps_no_other_waiting(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    for contact in (ANA, BRUNO):
        cast.asks(aurora, contact)
    monkeypatch.setattr(providers, "send", _raising(SendError("21610", permanent=True, stopped=True)))
    outbox.drain(on_stop=_raising(ValueError("odd")))
    assert OutboundMessage.objects.filter(state="queued", lease_until=None, error="21610").count() == 2


def _raising(error: Exception) -> Any:
    def fails(*_given: Any, **_named: Any) -> None:
        raise error

    return fails
