"""What providers delivered: for staff of the company it was for, and what was for nobody for superusers."""

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import vault
from consent.models import InboundMessage
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
