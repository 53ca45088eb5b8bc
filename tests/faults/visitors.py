"""People who fill in the form while the server is killed under them, and note down what they were told."""

import contextlib
import http.client
import itertools
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from consent import receipts, vault
from tests.cast import stranger

FORM = "/c/aurora/novidades/"
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
PATIENCE = 300  # seconds; a busy machine takes long to start a server, and what counts is what comes back

_number = itertools.count(1)


@dataclass
class Journal:
    """What was acknowledged: the acts of forms and of confirmations, and everything that should not happen."""

    forms: list[UUID] = field(default_factory=list)
    confirmations: list[UUID] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    lost_answers: int = 0


class Visitor(threading.Thread):
    """Sends forms for one new number after another; confirms every second one with its code."""

    def __init__(self, port: int, journal: Journal, is_over: threading.Event) -> None:
        super().__init__(name="visitor")
        self.port, self.journal, self.is_over = port, journal, is_over
        self.token = ""

    def run(self) -> None:
        try:
            self.token = self._open()
            while not self.is_over.is_set():
                self._visit(next(_number))
        except Exception as error:
            self.journal.strange.append(repr(error))

    def _visit(self, number: int) -> None:
        fields = {"token": self.token, "phone": stranger(number).value, "box.novidades.sms": "yes"}
        asked = self._until_answered("POST", f"{FORM}?lang=pt-BR", fields)
        act = self._act(asked, lambda token: vault.read_act_token(token, use="confirm"))
        self.journal.forms.append(act)
        if number % 2 == 0:
            page = f"{FORM}confirm/{vault.act_token(act, use='confirm')}/"
            answered = self._until_answered("POST", page, {"code": vault.code(act)})
            self.journal.confirmations.append(self._act(answered, receipts.read_token))

    def _open(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self._until_answered("GET", FORM, {}))
        assert found, "the form has no token"
        return found[1]

    def _act(self, address: str, read: Callable[[str], UUID | None]) -> UUID:
        """The act an answer leads to."""
        found = [read(part) for part in address.split("?")[0].split("/")]
        acts = [act for act in found if act is not None]
        if len(acts) != 1:
            raise AssertionError(f"This leads to no one act: {address[:300]}")
        return acts[0]

    def _until_answered(self, method: str, path: str, fields: dict[str, str]) -> str:
        """Send the same thing until an answer comes: where it leads to, or what it says."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                return self._send(method, path, fields)
            except ConnectionRefusedError:  # nobody is there
                time.sleep(0.2)
            except (OSError, http.client.HTTPException):  # somebody was, and may have recorded it
                self.journal.lost_answers += 1
                time.sleep(0.2)
        raise TimeoutError(f"Nobody answered {method} for {PATIENCE} seconds.")

    def _send(self, method: str, path: str, fields: dict[str, str]) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, urlencode(fields), FORM_TYPE if fields else {})
            response = connection.getresponse()
            body = response.read().decode()
        if response.status == (200 if method == "GET" else 303):
            return response.headers["Location"] or body
        if response.status == 503:  # said politely: not now
            raise ConnectionError("503")
        raise AssertionError(f"{method} was answered with {response.status}: {body[-300:]}")
