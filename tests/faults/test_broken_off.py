"""On the real web server, bodies that break off: of requests, and of answers while they are read."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.installation import Installation, installed
from tests.faults.test_two_servers import ISSUE, QUESTION, post, said

pytestmark = [pytest.mark.engine, pytest.mark.fault, pytest.mark.slow]

FORM = b"phone=%2B5511987654321&wish=code"
VISITS = "from consent.models import Visit; print('visits', Visit.objects.count())"
LISTED = """
import os, uuid; from django.utils import timezone
from consent.models import Company, Import, ImportPart
batch = Import.objects.create(id=uuid.uuid4(), company=Company.objects.get(), entity="staff:1", digest=os.urandom(32),
    columns=os.urandom(32), sealed=b"-", created_at=timezone.now())
for number, verdicts in enumerate([[[2, "ok"]], [["broken"]], [[4, "ok"]]]):
    ImportPart.objects.create(batch=batch, number=number, rows=1, sealed=b"-", verdicts=verdicts)
print("batch", batch.pk)
"""
LEAVERS = 48  # three times as many as the web server has threads


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as made:
        made.start("web")
        made.wait_for_web()
        yield made


def heard(server: Installation, head: str, body: bytes, *, goes: bool = False) -> bytes:
    """The first line of what is answered to somebody who sends this, and then perhaps `goes`."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        start = f"{head}\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n"
        connection.sendall(start.encode() + body)
        if goes:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n")[0]


def refused(answer: bytes) -> bool:
    """Whether that, or nothing, is said to somebody who went away."""
    return answer == b"" or b" 400 " in answer


def test_what_broke_off_is_never_taken_for_whole(server: Installation) -> None:
    key = said(server, "key", ISSUE)
    a_form_of_which_a_part_came_is_refused(server)
    an_upload_of_which_a_part_came_is_refused(server)
    a_list_that_fails_while_it_is_read_says_so(server, key)
    whoever_leaves_halfway_keeps_no_thread(server, key)


def a_form_of_which_a_part_came_is_refused(server: Installation) -> None:
    head = (
        "POST /preferences/ HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
    )
    before = int(said(server, "visits", VISITS))
    for missing in (1, 40):
        assert refused(heard(server, f"{head}{len(FORM) + missing}", FORM, goes=True))
    assert int(said(server, "visits", VISITS)) == before
    assert b" 303 " in heard(server, f"{head}{len(FORM)}", FORM)
    assert int(said(server, "visits", VISITS)) == before + 1


def an_upload_of_which_a_part_came_is_refused(server: Installation) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = part % (b"phone", b"+5511987654321") + part % (b"wish", b"code")
    head = "POST /preferences/ HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: "
    before = int(said(server, "visits", VISITS))
    assert refused(heard(server, f"{head}{len(body) + 5}", body, goes=True))
    assert int(said(server, "visits", VISITS)) == before
    whole = body + b"--x--\r\n"
    assert b" 303 " in heard(server, f"{head}{len(whole)}", whole)


def a_list_that_fails_while_it_is_read_says_so(server: Installation, key: str) -> None:
    path = f"/api/v1/imports/{said(server, 'batch', LISTED)}/verdicts"
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        first, last = connection.getresponse().read().splitlines()
    assert json.loads(first) == {"row": 2, "verdict": "ok"}
    assert json.loads(last)["code"] == "failed"


def whoever_leaves_halfway_keeps_no_thread(server: Installation, key: str) -> None:
    head = (
        f"GET /api/v1/export HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {key}\r\n\r\n"
    )
    for _ in range(LEAVERS):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(head.encode())
            connection.recv(16)
    assert post(server, "decisions", QUESTION, key)[0] == 200
