"""The conversation around a moment: what each side wrote, in order, by whichever provider."""

from django.test import Client
from django.utils import timezone

from consent.admin import conversation
from consent.models import InboundMessage, OutboundMessage
from consent.sample import Sample
from tests import cast, meta, webhooks


def told(aurora: Sample, subject: object) -> list[tuple[bool, str]]:
    lines = conversation.around(subject, aurora.company, timezone.now())  # type: ignore[arg-type]
    assert lines == sorted(lines, key=lambda line: line.at)
    return [(line.is_ours, line.text) for line in lines]


def test_both_sides_are_told_in_order_whoever_carried_them(aurora: Sample, client: Client) -> None:
    subject = cast.sent(cast.asks(aurora)).subject
    webhooks.post(client, webhooks.sms("ajuda"))
    meta.sender(aurora)
    meta.delivers(client, meta.text("oi, tudo bem?"), meta.message("sticker", {"id": "1"}))

    lines = told(aurora, subject)

    assert [is_ours for is_ours, _text in lines[:3]] == [True, False, True]
    assert lines[1] == (False, "ajuda")
    assert "Café Aurora" in lines[2][1]  # the reply to it
    assert (False, "oi, tudo bem?") in lines
    assert len([text for is_ours, text in lines if not is_ours]) == 2  # a sticker holds no words


def test_what_does_not_open_is_left_out(aurora: Sample, client: Client) -> None:
    subject = cast.sent(cast.asks(aurora)).subject
    webhooks.post(client, webhooks.sms("ajuda"))
    InboundMessage.objects.update(sealed=b"x", answer=b"no xml")
    OutboundMessage.objects.update(sealed=b"x" * 40)
    assert told(aurora, subject) == []
