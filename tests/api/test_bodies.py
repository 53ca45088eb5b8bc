"""Bodies as the real web server hands them in: every line of them, or a word that they cannot be read."""

import contextlib
import http.client
import io
import json
import socket
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.installation import Installation, installed

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.engine]

AUDIENCE = "/api/v1/preflight?channel=sms&purpose=novidades"
ROWS = [f"+55119{70_000_000 + number}" for number in range(20_000)]
KEY = (
    "from consent.api import keys; from consent.models import ApiKey, Company;"
    "print(keys.issue(Company.objects.get(slug='aurora'), name='CRM', scopes=ApiKey.Scope.values))"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("bodies")) as made:
        made.start("web")
        made.wait_for_web()
        yield made


@pytest.fixture(scope="module")
def key(place: Installation) -> str:
    return place.manage("shell", "-v", "0", "-c", KEY).split()[-1]


def heads(path: str, key: str, media_type: str, *more: str) -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", f"Authorization: Bearer {key}",
             f"Content-Type: {media_type}", *more)  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode()


def say(place: Installation, sent: bytes) -> tuple[int, bytes]:
    """What is answered to some bytes."""
    with socket.create_connection(("127.0.0.1", place.port), timeout=60) as line:
        line.sendall(sent)
        with contextlib.closing(http.client.HTTPResponse(line)) as answer:
            answer.begin()
            return answer.status, answer.read()


def test_every_row_of_an_audience_is_judged(place: Installation, key: str) -> None:
    body = "\n".join(["tel", *ROWS]).encode()

    status, content = say(place, heads(AUDIENCE, key, "text/csv", f"Content-Length: {len(body)}") + body)

    assert status == 200
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        summary: dict[str, Any] = json.loads(archive.read("summary.json"))
        denied = archive.read("denied.csv").splitlines()
    assert summary["reasons"] == {"no_record": len(ROWS)}
    assert (summary["rows"], len(denied) - 1) == (len(ROWS), len(ROWS))


@pytest.mark.parametrize("path", [AUDIENCE, "/api/v1/imports", "/api/v1/withdrawals", "/api/v1/decisions"])
def test_a_body_of_no_said_length_is_refused_and_not_taken_for_an_empty_one(
    place: Installation, key: str, path: str
) -> None:
    media_type = "text/csv" if path in (AUDIENCE, "/api/v1/imports") else "application/json"
    more = ("Transfer-Encoding: chunked", "Idempotency-Key: k")

    status, content = say(place, heads(path, key, media_type, *more) + b"2\r\n{}\r\n0\r\n\r\n")

    assert (status, json.loads(content)["code"]) == (411, "body.length_required")
