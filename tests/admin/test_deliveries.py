"""What providers delivered: opened on record, taken in again by permission; what was for nobody is for superusers."""

import json

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import catalogue, vault
from consent.models import InboundMessage, Opening, Sender
from tests import cast, webhooks
from tests.staff import Firm


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


def delivered(client: Client, text: str = "oi, tudo bem?") -> InboundMessage:
    webhooks.post(client, webhooks.sms(text))
    return InboundMessage.objects.latest("received_at")


def page(message: InboundMessage, name: str = "change") -> str:
    return reverse(f"admin:consent_inboundmessage_{name}", args=[message.pk])


def openings() -> list[str]:
    entries = [json.loads(data) for data in cast.entries()]
    return [entry["delivery"] for entry in entries if "delivery" in entry and entry["type"] == "opened"]


def test_a_delivery_is_opened_by_permission_and_on_record(
    bruno: Client, auditor: Client, client: Client, cafe: Firm
) -> None:
    message = delivered(client)
    shown = bruno.get(page(message)).text
    assert "It was understood, recorded and answered." in shown
    assert "message by SMS" in shown.replace("Message", "message")
    assert "tudo bem" not in shown
    assert "Take it in again" not in shown
    assert auditor.post(page(message, "open")).status_code == 403
    assert not Opening.objects.exists()

    assert "tudo bem" in bruno.post(page(message, "open")).text
    assert Opening.objects.get().delivery == message.pk
    assert openings() == [str(message.pk)]
    assert cafe.company.name in bruno.get("/admin/consent/opening/").text


def test_what_was_for_nobody_is_opened_and_taken_in_by_a_superuser(
    root: Client, auditor: Client, client: Client, cafe: Firm
) -> None:
    sender = cafe.aurora.sender
    Sender.objects.filter(pk=sender.pk).update(address="+551140020000")
    catalogue.forget()
    stray = delivered(client, "SAIR")
    assert "Take it in again" in root.get(page(stray)).text
    assert "SAIR" in root.post(page(stray, "open")).text
    assert openings() == [str(stray.pk)]
    assert root.get("/admin/consent/opening/").status_code == 200
    assert "nothing more came of it" in root.post(page(stray, "again"), follow=True).text
    assert auditor.post(page(cafe.inbound, "again")).status_code == 403

    form = {
        "company": cafe.company.pk, "channel": "sms", "provider": "sandbox", "address": sender.address, "price": "0",
        "rule_book": sender.rule_book,
    }  # fmt: skip
    saved = root.post(reverse("admin:consent_sender_add"), form, follow=True).text
    assert "1 message that came for this number before was taken in." in saved
    assert cast.may(cafe.aurora).reason == "withdrawn"


def test_a_broken_seal_is_said(bruno: Client, cafe: Firm) -> None:
    assert "The seal does not open." in bruno.post(page(cafe.inbound, "open")).text
