"""Two real web servers on one database: a revoked key opens neither, and a write sent to both is one write."""

import http.client
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from consent import codes
from consent.api import keys
from tests import ports
from tests.faults.installation import Installation, installed
from tests.faults.test_same_at_once import together

pytestmark = [pytest.mark.engine, pytest.mark.fault, pytest.mark.slow]

TIMES = 24
GUESSES, GUESSERS = 200, 20
ISSUE = """
from consent.api import keys; from consent.models import Company
print("key", keys.issue(Company.objects.get(), name="Two servers"))
"""
REVOKE = """
from django.utils import timezone; from consent.models import ApiKey
print("revoked", ApiKey.objects.update(revoked_at=timezone.now()))
"""
RECORDS = "from consent.models import ConsentRecord; print('records', ConsentRecord.objects.count())"
QUESTION = {"contact": "+5511987654321", "channel": "sms", "purpose": "novidades"}


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[Installation]]:
    with installed(tmp_path) as first:
        port = ports.free()
        second = replace(first, port=port, running={}, variables={**first.variables, "PORT": str(port)})
        try:
            for one in (first, second):
                one.start("web")
            for one in (first, second):
                one.wait_for_web()
            yield [first, second]
        finally:
            second.kill_everything()


def said(server: Installation, word: str, program: str) -> str:
    [line] = [one for one in server.manage("shell", "-c", program).splitlines() if one.startswith(f"{word} ")]
    return line.partition(" ")[2]


def post(server: Installation, path: str, body: Any, key: str, **headers: str) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        everything = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
        connection.request("POST", f"/api/v1/{path}", json.dumps(body), everything)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_two_servers_act_as_one(servers: list[Installation]) -> None:
    key = said(servers[0], "key", ISSUE)
    assert [post(one, "decisions", QUESTION, key)[0] for one in servers] == [200, 200]

    one_write_is_one_wherever_it_arrives(servers, key)
    an_answer_that_nobody_heard_is_given_again(servers[0], key)
    requests_that_lie_about_their_length_record_nothing(servers[0], key)
    of_many_guesses_at_a_code_five_are_evaluated(servers)
    a_revoked_key_is_refused_within_a_second(servers, key)


def one_write_is_one_wherever_it_arrives(servers: list[Installation], key: str) -> None:
    ready = threading.Barrier(TIMES)
    answers: list[tuple[int, bytes]] = []

    def withdraw(server: Installation) -> None:
        ready.wait(60)
        body = {"contact": QUESTION["contact"], "channel": "sms"}
        answers.append(post(server, "withdrawals", body, key, **{"Idempotency-Key": "once"}))

    together([lambda server=servers[number % 2]: withdraw(server) for number in range(TIMES)])  # type: ignore[misc]
    assert len(answers) == TIMES
    [(status, _body)] = set(answers)  # byte for byte
    assert status == 201
    assert said(servers[0], "records", RECORDS) == "1"


def an_answer_that_nobody_heard_is_given_again(server: Installation, key: str) -> None:
    body, once = {"contact": "+5511987650002", "channel": "sms"}, {"Idempotency-Key": "unheard"}
    everything = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **once}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("POST", "/api/v1/withdrawals", json.dumps(body), everything)
    [(status, _body)] = {post(server, "withdrawals", body, key, **once) for _ in range(2)}
    assert status == 201


def of_many_guesses_at_a_code_five_are_evaluated(servers: list[Installation]) -> None:
    answered = form(servers[0], "/preferences/", {"phone": QUESTION["contact"], "wish": "code"})
    page = answered.getheader("Location") or ""
    ready = threading.Barrier(GUESSERS)
    statuses: list[int] = []

    def guess(server: Installation) -> None:
        ready.wait(60)
        statuses.extend(form(server, page, {"code": "00000000"}).status for _ in range(GUESSES // GUESSERS))

    together([lambda server=servers[number % 2]: guess(server) for number in range(GUESSERS)])  # type: ignore[misc]
    assert Counter(statuses) == {422: codes.PER_CODE, 429: GUESSES - codes.PER_CODE}


def form(server: Installation, path: str, fields: dict[str, str]) -> http.client.HTTPResponse:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request(
            "POST", path, urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"}
        )
        answer = connection.getresponse()
        answer.read()
        return answer


def requests_that_lie_about_their_length_record_nothing(server: Installation, key: str) -> None:
    body = json.dumps({"contact": "+5511987650001"})
    head = (
        f"POST /api/v1/withdrawals HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nIdempotency-Key: lies\r\nConnection: close\r\n"
    )
    for lie in (
        f"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{body}\r\n0\r\n\r\n",
        f"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{body}\r\n0\r\n\r\n",
        f"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nQQ\r\n{body}\r\n",
        f"Content-Length: 5\r\nContent-Length: 7\r\n\r\n{body}",
        f"Content-Length: {len(body) - 5}\r\n\r\n{body}",
        f"Content-Length: -1\r\n\r\n{body}",
        f"Content-Length: {len(body)}\r\n\r\n{body[:-1]}",
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall((head + lie).encode())
            connection.shutdown(socket.SHUT_WR)
            heard = b"".join(iter(lambda: connection.recv(65536), b""))
        assert heard == b"" or heard.startswith(b"HTTP/1.1 4"), (lie, heard[:200])
    assert said(server, "records", RECORDS) == "2"  # one of each of the two who were heard
    assert post(server, "decisions", QUESTION, key)[0] == 200


def a_revoked_key_is_refused_within_a_second(servers: list[Installation], key: str) -> None:
    assert [post(one, "decisions", QUESTION, key)[0] for one in servers] == [200, 200]
    assert said(servers[0], "revoked", REVOKE) == "1"
    revoked = time.monotonic()  # or before
    for server in servers:
        while True:
            asked = time.monotonic()
            status, body = post(server, "decisions", QUESTION, key)
            if status == 401:
                break
            assert asked - revoked < keys.SECONDS, f"{status} {body!r}"
        assert json.loads(body)["code"] == "key.unknown"
