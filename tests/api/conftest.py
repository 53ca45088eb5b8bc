"""A program with a key of Café Aurora, asking at the front door."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from django.db import connection

from consent.api import breaker, decisions, front, keys
from consent.sample import Sample


@dataclass
class Heard:
    """What came back over WSGI."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Program:
    """A program that asks; wsgiref's validator stands between it and us and checks the protocol."""

    key: str
    passed_on: list[str] = field(default_factory=list)

    def ask(
        self, contact: object = "+5511987654321", *, channel: object = "sms", purpose: object = "novidades"
    ) -> Heard:
        return self.send(json.dumps({"contact": contact, "channel": channel, "purpose": purpose}).encode())

    def send(self, body: bytes, **environ: Any) -> Heard:
        """One request; a variable given as None is left out."""
        asked: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": decisions.PATH,
            "QUERY_STRING": "",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": f"Bearer {self.key}",
            "wsgi.input": io.BytesIO(body),
        } | environ
        asked = {name: value for name, value in asked.items() if value is not None}
        setup_testing_defaults(asked)
        heard: list[Any] = []
        answered = validator(front.Front(self._django))(
            asked, lambda status, headers: heard.extend([status, headers])
        )
        body = b"".join(answered)
        answered.close()
        return Heard(int(heard[0].split()[0]), dict(heard[1]), body)

    def _django(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        self.passed_on.append(environ["PATH_INFO"])
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"Django's"]


@pytest.fixture(autouse=True)
def _remember_no_key() -> None:
    keys.forget()
    breaker.forget()


@pytest.fixture
def program(aurora: Sample, monkeypatch: pytest.MonkeyPatch) -> Program:
    if (
        connection.in_atomic_block
    ):  # this test's own transaction must stay, as it does under Django's test client
        monkeypatch.setattr(front, "_let_go", lambda: None)
    monkeypatch.setattr(keys, "SECONDS", 60.0)  # no test is slower than the memory for keys
    return Program(keys.issue(aurora.company, name="Loja"))
