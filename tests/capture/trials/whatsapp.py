"""The keyword of a capture point is written in a chat, and its question answered."""

from typing import Any

from django.test import Client

from consent import opening
from consent.models import OutboundMessage
from consent.sample import Sample
from tests import meta
from tests.capture.trials import Trial


def trial(aurora: Sample, client: Client) -> Trial:
    meta.sender(aurora)
    meta.delivers(client, meta.text("Promo"))
    seen = str(opening.message_content(OutboundMessage.objects.get())["text"])
    OutboundMessage.objects.update(state="sent")
    yes = meta.batch(meta.value(messages=[meta.text("SIM")]))

    def said(**forged: str) -> Any:
        response = meta.post(client, yes, **forged)
        meta.drain()
        return response

    return Trial(said, lambda: said(secret="somebody else's"), seen)
