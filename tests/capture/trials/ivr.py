"""The number of a capture point is called, and 1 pressed."""

from typing import Any

from django.test import Client

from consent.sample import Sample
from tests import webhooks
from tests.capture.trials import Trial
from tests.webhooks import Conversation


def trial(aurora: Sample, client: Client) -> Trial:
    phone = Conversation(client, webhooks.call())
    seen = phone.begin()
    fields = phone.fields | {"Digits": "1"}

    def pressed(**forged: str) -> Any:
        return webhooks.post(client, fields, path=phone.path, **forged)

    return Trial(pressed, lambda: pressed(signed="A" * 27 + "="), seen)
