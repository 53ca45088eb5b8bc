"""An app shows the statement, and its server hands in one answer."""

import json
from typing import Any

from django.test import Client

from consent.api import keys
from consent.sample import Sample
from tests.capture.test_app import ANA, EVIDENCE, App
from tests.capture.trials import Trial


def trial(aurora: Sample, client: Client) -> Trial:
    keys.forget()
    app = App(aurora.company)
    shown = app.point(language="pt-BR").json()
    said = {
        "token": shown["token"],
        "contact": ANA,
        "answers": {"novidades.sms": True},
        "evidence": EVIDENCE,
    }

    def hand_in() -> Any:
        return app.post("consents", said, key="one-answer")

    def forge() -> Any:
        app.client, real = Client(headers={"Authorization": f"Bearer {app.key[:-1]}x"}), app.client
        response = hand_in()
        app.client = real
        return response

    return Trial(hand_in, forge, json.dumps(shown, ensure_ascii=False))
