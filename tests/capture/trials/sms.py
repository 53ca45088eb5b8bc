"""The keyword of a capture point is written, and its question answered."""

from django.test import Client

from consent.sample import Sample
from tests import webhooks
from tests.capture.trials import Trial


def trial(aurora: Sample, client: Client) -> Trial:
    seen = webhooks.said(webhooks.post(client, webhooks.sms("Promo")))
    fields = webhooks.sms("SIM")
    return Trial(
        lambda: webhooks.post(client, fields),
        lambda: webhooks.post(client, fields, signed="A" * 27 + "="),
        seen,
    )
