"""Captures through the API: what a consent from an app costs, against the website's form."""

from bench import figures, house

house.begin()

import itertools
import json

from django.utils import timezone

from bench import capture, forms, load
from consent import catalogue, sample
from consent.api import keys
from consent.capture.app import showing
from consent.capture.app.said import PointOut
from consent.models import CapturePoint

PATH = "/api/v1/consents"
EVIDENCE = {"app_version": "4.2.0", "screen": "sign-up", "device_locale": "pt-BR", "device": "Moto G54"}

_keys = itertools.count()


def main() -> None:
    chosen = figures.arguments(__doc__ or "")
    aurora = sample.seed()
    key = keys.issue(aurora.company, name="bench")
    CapturePoint.objects.filter(pk=aurora.point.pk).update(trusts_app=False)
    runs = figures.rounds(
        {
            "website form, 1 box": lambda: capture.website(1, chosen.seconds),
            "app's consent, 1 answer": lambda: app(key, aurora.company.pk, chosen.seconds),
        },
        times=chosen.rounds,
    )
    website, ours = runs.values()
    cost = {name: figures.middle([run.cpu for run in ran]) for name, ran in runs.items()}
    theirs, own = cost.values()
    figures.report(
        [
            figures.Promise(
                "capture through the API, cost to the website's", own / theirs,
                f"{own:,.0f} us of processor, {figures.rate(ours):,.0f}/s",
                f"{theirs:,.0f} us, {figures.rate(website):,.0f}/s", 1.2, False,
            )
        ],
        command="python -m bench.app_capture",
        machine=house.machine(),
    )  # fmt: skip


def app(key: str, company: int, seconds: float) -> load.Ran:
    """The product's own server, every answer checked to be an act in the database."""
    with house.serving() as base:
        send(base, key, company, capture.WARM_UP)
        return capture.recorded(lambda: send(base, key, company, seconds), base, 1)


def send(base: str, key: str, company: int, seconds: float) -> load.Ran:
    """An app's server that hands in consents for so long."""
    consents = hand_in(int(capture.FORMS_A_SECOND * max(1.0, seconds)), key, company)
    return load.post(base, consents, seconds=seconds)


def hand_in(how_many: int, key: str, company: int) -> load.Post:
    """What an app's server hands in for people nobody has met: each from a screen of its own."""
    catalogue.forget()
    ask = showing.asked(company, "novidades")
    now = timezone.now()
    token = PointOut.model_validate_json(showing.answer(ask, forms.LANGUAGE, now=now)).token

    def consent() -> bytes:
        said = {
            "token": token,
            "contact": forms.next_number(),
            "answers": {"novidades.sms": True},
            "evidence": EVIDENCE,
        }
        return f"bench-{next(_keys)}\t{json.dumps(said)}".encode()

    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    return load.Post(PATH, headers, [consent() for _ in range(how_many)], signed="Idempotency-Key")


if __name__ == "__main__":
    main()
