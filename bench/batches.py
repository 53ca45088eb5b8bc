"""Meta's batches: how soon a thousand updates are durable and acknowledged, and what ten thousand repetitions make."""

from bench import figures, house

house.begin()

import hashlib
import hmac
import http.client
import itertools
import json
import statistics
import time
from typing import Any
from urllib.parse import urlsplit

from consent.capture.whatsapp import working
from consent.models import Company, ConsentRecord, InboundMessage, OutboundMessage, Sender
from consent.providers import meta_numbers
from consent.providers.meta_numbers import Keys

UPDATES = 1_000
SOONEST = 250.0  # milliseconds
NUMBER_ID, SECRET = "106540352242922", "an-app-secret"

_number = itertools.count(1)


def main() -> None:
    chosen = figures.arguments(__doc__ or "", batches=40, repetitions=10_000)
    if chosen.quick:
        chosen.batches, chosen.repetitions = min(chosen.batches, 10), min(chosen.repetitions, 1_000)
    _sender()
    with house.serving() as address:
        promises = [acknowledged(address, chosen.batches), repeated(address, chosen.repetitions)]
    figures.report(promises, command="python -m bench.batches", machine=house.machine())


def acknowledged(address: str, times: int) -> figures.Promise:
    """One batch after the other, as Meta sends them; each is in the database before its answer."""
    web = Meta(address)
    web.post([_message("oi") for _ in range(UPDATES)])  # opens the connections
    spent = [web.post([_message("oi") for _ in range(UPDATES)]) for _ in range(times)]
    assert InboundMessage.objects.filter(door="meta").count() == times + 1, (
        "an acknowledged batch is not there"
    )
    InboundMessage.objects.all().delete()
    median = statistics.median(spent)
    return figures.Promise(
        f"a batch of {UPDATES:,} updates from Meta, acknowledged",
        median / SOONEST,
        f"median {median:.0f} ms, slowest of {times} {max(spent):.0f} ms",
        f"{SOONEST:.0f} ms",
        1.0,
        False,
    )


def repeated(address: str, times: int) -> figures.Promise:
    """One STOP again and again, each time in a batch that looks different, worked on until nothing waits."""
    web, stop = Meta(address), _message("STOP")
    for _repetition in range(times):
        web.post([stop], around=next(_number))
    while working.drain():
        pass
    acts = ConsentRecord.objects.values("act").distinct().count()
    messages = OutboundMessage.objects.count()
    return figures.Promise(
        f"{times:,} deliveries of one STOP",
        float(acts + messages),
        f"{acts} act recorded, {messages} message",
        "1 act and 1 message",
        2.0,
        False,
    )


class Meta:
    """Posts signed batches over one kept connection."""

    def __init__(self, address: str) -> None:
        url = urlsplit(address)
        self.web = http.client.HTTPConnection(str(url.hostname), url.port, timeout=60)

    def post(self, messages: list[dict[str, Any]], *, around: int = 0) -> float:
        """Milliseconds until a batch was acknowledged."""
        value = {"metadata": {"phone_number_id": NUMBER_ID}, "messages": messages}
        entry = {"id": "102290129340398", "changes": [{"field": "messages", "value": value}]}
        body = json.dumps(
            {"object": "whatsapp_business_account", "around": around, "entry": [entry]}
        ).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        begun = time.perf_counter()
        self.web.request("POST", "/hooks/meta/", body, headers)
        response = self.web.getresponse()
        response.read()
        assert response.status == 200, response.status
        return (time.perf_counter() - begun) * 1000


def _message(text: str) -> dict[str, Any]:
    """Somebody new writes."""
    number = next(_number)
    return {
        "from": f"55119{80000000 + number}",
        "id": f"wamid.HBgNNTUxMTk4NzY1NDMyMRUCABIYIDNBNEE2NTk5QUVFMDM4MTAxNDRG{number:08d}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": text},
    }


def _sender() -> None:
    Sender.objects.create(
        company=Company.objects.get(slug="aurora"), channel="whatsapp", provider="meta", address="+15550783881",
        number_id=NUMBER_ID, secret=meta_numbers.seal(NUMBER_ID, Keys(("t",), (SECRET,), ("v",))),
    )  # fmt: skip


if __name__ == "__main__":
    main()
