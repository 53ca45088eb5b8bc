"""The same delivery fifty times at once, at the real web server with all its processes: one act, one answer.

Whoever adds a door that providers call adds a line here.
"""

import http.client
import json
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from tests import meta, webhooks
from tests.faults.installation import Installation, installed

pytestmark = [pytest.mark.engine, pytest.mark.fault, pytest.mark.slow]

TIMES = 50
# What the two providers and we share; and the number of the sample's that is at Meta.
KEYS = """
from consent.models import Sender; from consent.providers import accounts, meta_numbers
twilio, meta = accounts.sandbox(), meta_numbers.sandbox()
number = Sender.objects.exclude(number_id="").first()
print("keys", twilio.sid, twilio.tokens[0], meta.app_secrets[0], number.number_id)
"""
DRAIN = """
from consent.capture.whatsapp import working
while working.drain(): pass
"""


def test_the_same_delivery_at_once_is_one_act_and_one_answer(tmp_path: Path) -> None:
    with installed(tmp_path) as installation, installation.looking() as look:
        (line,) = [one for one in installation.manage("shell", "-c", KEYS).splitlines() if "keys" in one]
        _word, account, token, secret, number = line.split()
        installation.start("web")
        installation.wait_for_web()

        def twilio(fields: dict[str, str], path: str = webhooks.MESSAGES) -> bytes:
            signed = webhooks.signature(f"http://127.0.0.1:{installation.port}{path}", fields, token)
            headers = {"X-Twilio-Signature": signed, "Content-Type": webhooks.FORM}
            return at_once(installation, path, urlencode(fields).encode(), headers)

        def acts_and_messages() -> tuple[int, int]:
            found = look()
            return len(found["acts"]), found["messages"]

        twilio(webhooks.sms("PROMO", AccountSid=account))
        assert acts_and_messages() == (1, 1)

        twilio(webhooks.sms("SAIR", From="+5511987650001", AccountSid=account))
        assert acts_and_messages() == (2, 1)  # what answers a text goes back with its receipt

        twilio(
            webhooks.sms(
                "SAIR", From="whatsapp:+5511987650002", To="whatsapp:+551140028923", AccountSid=account
            )
        )
        assert acts_and_messages() == (3, 1)

        call = webhooks.call(From="+5511987650003", AccountSid=account)
        heard = twilio(call, webhooks.VOICE)
        assert acts_and_messages() == (3, 1)

        gather = ElementTree.fromstring(heard).find("Gather")
        assert gather is not None
        pressed = call | {"Digits": "1", "FinishedOnKey": "", "msg": "Gather End"}
        twilio(pressed, gather.attrib["action"])
        assert acts_and_messages() == (4, 2)  # a yes that waits, and the question to the number

        stop = meta.value(number, messages=[meta.text("SAIR", **{"from": "5511987650004"})])
        body = json.dumps(meta.batch(stop)).encode()
        signature = {
            "X-Hub-Signature-256": meta.signature(body, secret),
            "Content-Type": "application/json",
        }
        at_once(installation, meta.PATH, body, signature)
        together([lambda: installation.manage("shell", "-c", DRAIN)] * 3)
        assert acts_and_messages() == (5, 3)


def at_once(installation: Installation, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Post the same from many connections, all let go at one moment; the one answer that everybody got."""
    ready = threading.Barrier(TIMES)
    answers: list[tuple[int, bytes]] = []

    def post() -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", installation.port, timeout=60)) as connection:
            connection.connect()
            ready.wait(60)
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            answers.append((response.status, response.read()))

    together([post] * TIMES)
    assert len(answers) == TIMES
    ((status, answer),) = set(answers)
    assert status == 200
    return answer


def together(calls: list[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
