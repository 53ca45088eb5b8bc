"""With the network to the provider cut for a while: nothing is lost, nothing is sent twice, all of it arrives after.

OPTIN_CUT_SECONDS says for how long to cut (2).
"""

import contextlib
import json
import os
import select
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client

from consent import outbox, recording, sample
from consent.models import OutboundMessage
from consent.outbox import sending
from consent.providers import egress
from consent.recording import Telling
from tests import webhooks
from tests.cast import event, stranger
from tests.providers.conftest import Scripted, scripted

__all__ = ["scripted"]

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SECONDS = float(os.environ.get("OPTIN_CUT_SECONDS", "2"))
MESSAGES = 40
WORKERS = 2
PATIENCE = 120 + SECONDS


class Proxy:
    """A wire to the provider that can be cut: then nobody gets through, and what was on its way back is lost."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target).port
        self.is_cut = False
        self.carried: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """No connection is taken any more, and those that were are dead."""
        self.is_cut = True
        for one in self.carried:
            _hang_up(one)

    def mend(self) -> None:
        self.carried.clear()
        self.is_cut = False

    def close(self) -> None:
        self.cut()
        self.listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _address = self.listener.accept()
                if self.is_cut:
                    _hang_up(caller)
                    continue
                callee = socket.create_connection(("127.0.0.1", self.target))
                self.carried += [caller, callee]
                threading.Thread(target=self._carry, args=(caller, callee), daemon=True).start()

    def _carry(self, caller: socket.socket, callee: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while True:
                for ready in select.select([caller, callee], [], [])[0]:
                    if not (data := ready.recv(65536)):
                        raise OSError
                    (callee if ready is caller else caller).sendall(data)
        _hang_up(caller)
        _hang_up(callee)


def _hang_up(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@pytest.fixture
def wire(scripted: Scripted, settings: Any) -> Iterator[Proxy]:
    """A Twilio that gives every message an id of its own, behind a wire that can be cut."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.02)
        body = json.dumps({"sid": f"SM{uuid.uuid4().hex}"}).encode()
        handler.send_response(201)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    scripted.behave = behave
    proxy = Proxy(scripted.url)
    settings.OPTIN_PUBLIC_URL = proxy.url
    yield proxy
    proxy.close()
    egress.hang_up()


def test_a_cut_loses_nothing_and_sends_nothing_twice(
    wire: Proxy, scripted: Scripted, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "FIRST_WAIT", timedelta(seconds=0.1))
    monkeypatch.setattr(sending, "LONGEST_WAIT", timedelta(seconds=0.5))
    aurora = sample.seed()
    for number in range(MESSAGES):
        telling = Telling(kind="receipt", sender=aurora.sender, text="Obrigado")
        recording.record(event(aurora, contact=stranger(number)), tell=lambda _act, one=telling: [one])
    is_over = threading.Event()
    workers = [threading.Thread(target=_work, args=(is_over,)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    try:
        _until(lambda: len(scripted.seen) >= MESSAGES // 4)
        wire.cut()
        time.sleep(SECONDS)
        assert len(scripted.seen) < MESSAGES, "it was cut too late"
        wire.mend()
        _until(lambda: not OutboundMessage.objects.filter(state="queued").exists())
    finally:
        is_over.set()
        for worker in workers:
            worker.join()

    asked = [parse_qs(request["body"]) for request in scripted.seen]
    arrived = Counter(fields["To"][0] for fields in asked)
    assert set(arrived.values()) == {1}
    # No worker leaves more than the one in doubt that it was just sending; staff see that.
    in_doubt = OutboundMessage.objects.filter(state="uncertain").count()
    assert in_doubt <= WORKERS
    assert MESSAGES - len(arrived) <= in_doubt
    # What the provider took although its answer was lost, its callback tells.
    for fields in asked:
        path = fields["StatusCallback"][0].removeprefix(wire.url)
        told = webhooks.status("delivered", of=webhooks.sid(), To=fields["To"][0])
        assert webhooks.post(client, told, path=path).status_code == 200
    assert OutboundMessage.objects.filter(state="delivered").count() == len(arrived)


def _work(is_over: threading.Event) -> None:
    try:
        while not is_over.is_set():
            outbox.drain() or is_over.wait(0.05)
    finally:
        connection.close()


def _until(is_so: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
