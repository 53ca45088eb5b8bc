"""The same delivery fifty times at once, at the real web server with all its processes: one act, one answer.

Whoever adds a door that providers call adds a line to DELIVERIES.
"""

import http.client
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests import webhooks
from tests.faults.installation import Installation, installed

pytestmark = [pytest.mark.engine, pytest.mark.fault, pytest.mark.slow]

TIMES = 50
ACCOUNT = (
    "from consent.providers import accounts; a = accounts.sandbox(); print('account', a.sid, a.tokens[0])"
)

type Fields = dict[str, str]

# What is delivered, where, and how many acts and incoming messages it makes.
DELIVERIES: dict[str, tuple[str, Callable[..., Fields], Mapping[str, str], int]] = {
    "a keyword": (webhooks.MESSAGES, webhooks.sms, {"Body": "PROMO"}, 1),
    "a stop": (webhooks.MESSAGES, webhooks.sms, {"Body": "SAIR", "From": "+5511987650001"}, 1),
    "a stop on WhatsApp": (
        webhooks.MESSAGES,
        webhooks.sms,
        {"Body": "SAIR", "From": "whatsapp:+5511987650002", "To": "whatsapp:+551140028923"},
        1,
    ),
    "a call": (webhooks.VOICE, webhooks.call, {"From": "+5511987650003"}, 0),
}


def test_the_same_delivery_at_once_is_one_act_and_one_answer(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        (line,) = [
            one for one in installation.manage("shell", "-c", ACCOUNT).splitlines() if "account" in one
        ]
        _word, account, token = line.split()
        installation.start("web")
        acts = 0
        for name, (path, make, changes, makes) in DELIVERIES.items():
            fields = make(**changes, AccountSid=account)
            answers = at_once(installation, path, fields, token=token)
            assert {status for status, _body in answers} == {200}, name
            assert len({body for _status, body in answers}) == 1, name
            acts += makes
            before = set(installation.look()["acts"])
            assert len(before) == acts, name


def at_once(installation: Installation, path: str, fields: Fields, *, token: str) -> list[tuple[int, bytes]]:
    """Post the same form from many connections, all let go at one moment; the answers."""
    signed = webhooks.signature(f"http://127.0.0.1:{installation.port}{path}", fields, token)
    headers = {"X-Twilio-Signature": signed, "Content-Type": webhooks.FORM}
    together = threading.Barrier(TIMES)
    answers: list[tuple[int, bytes]] = []
    installation.wait_for_web()

    def post() -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", installation.port, timeout=60)) as connection:
            connection.connect()
            together.wait(60)
            connection.request("POST", path, urlencode(fields), headers)
            response = connection.getresponse()
            answers.append((response.status, response.read()))

    posts = [threading.Thread(target=post) for _ in range(TIMES)]
    for one in posts:
        one.start()
    for one in posts:
        one.join()
    assert len(answers) == TIMES
    return answers
