"""Staff open a tablet, and somebody ticks a box on it."""

from django.test import Client

from consent.sample import Sample
from tests.capture.conftest import text
from tests.capture.trials import Trial
from tests.kiosk import Tablet


def trial(aurora: Sample, client: Client) -> Trial:
    tablet = Tablet.of(aurora, client).open()
    seen = text(client.get(f"{tablet.path}?lang=pt-BR"))
    yes, stranger = tablet.sealed(), Tablet.of(aurora)
    return Trial(lambda: tablet.send(yes), lambda: stranger.send(yes), seen)
