"""The form: opened, one box ticked, sent."""

from django.test import Client

from consent.capture.website import pressure
from consent.sample import Sample
from tests.capture.conftest import Visitor, text
from tests.capture.trials import Trial


def trial(aurora: Sample, client: Client) -> Trial:
    pressure.forget()
    visitor = Visitor(client)
    seen = text(visitor.open())
    fields = visitor.fields()
    forged = fields | {"token": fields["token"][:-1] + ("A" if fields["token"][-1] != "A" else "B")}
    return Trial(lambda: visitor.send(fields), lambda: visitor.send(forged), seen)
