"""Known and unknown numbers cannot be told apart by answer, size or time, at the real web server with its worker."""

import http.client
import math
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import pytest

from tests import cast, ports
from tests.faults.installation import Installation, installed

pytestmark = [pytest.mark.engine, pytest.mark.fault, pytest.mark.slow]

EACH = 100
FEW = 40  # see a server that takes much longer
WARM = 20  # the first answers of a server are slow, whoever asks
# Standard deviations of the rank sum. By chance five are passed once in 1.7 million times.
FAR = 5.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PEOPLE = f"""
from consent import recording, sample
from consent.models import CapturePoint, Company, NoticeVersion, Purpose
from consent.recording import ConsentEvent
from django.utils import timezone
from tests import cast
company, now = Company.objects.get(), timezone.now()
purpose, point = Purpose.objects.get(slug="novidades"), CapturePoint.objects.get(slug="novidades")
version = NoticeVersion.objects.filter(state="published", notice=point.notice).first()
for number in range({EACH}):
    recording.record(ConsentEvent(
        company=company, contact=cast.stranger(number), purpose=purpose, channel="sms", state="given",
        notice=version, language="pt-BR", event_time=now, method="website", evidence={{"text": "yes"}},
        reference=f"known:{{number}}", possession="code", point=point,
    ))
print("people")
"""


@dataclass
class Seen:
    """What somebody who guesses sees of one kind of number: what came back, and after how long."""

    answers: set[tuple[object, ...]] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("known")) as made:
        made.manage("shell", "-c", PEOPLE)
        made.start("worker")
        yield made


def test_neither_the_number_nor_the_code_tells_who_is_known(installation: Installation) -> None:
    served(installation)
    typed, tried = look(installation, "code", unknown_from=10_000)

    assert typed[0].answers == typed[1].answers
    assert tried[0].answers == tried[1].answers
    assert {status for status, *_ in tried[0].answers} == {422}
    assert abs(apart(typed)) < FAR
    assert abs(apart(tried)) < FAR


def test_a_stop_by_number_does_not_tell_either(installation: Installation) -> None:
    served(installation)
    typed, _tried = look(installation, "stop", unknown_from=20_000)

    assert typed[0].answers == typed[1].answers
    assert abs(apart(typed)) < FAR


def test_a_server_that_gives_it_away_would_be_found_out(installation: Installation) -> None:
    port = ports.free()
    leaks = {**installation.variables, "DJANGO_SETTINGS_MODULE": "tests.faults.planted", "PORT": str(port)}
    leaking = replace(installation, port=port, variables=leaks, running={})
    try:
        served(leaking)
        typed, _tried = look(leaking, "code", unknown_from=30_000, each=FEW)
    finally:
        leaking.kill_everything()

    assert typed[0].answers == typed[1].answers
    assert apart(typed) > FAR


def served(installation: Installation) -> None:
    if "web" not in installation.running:
        installation.start("web")
    installation.wait_for_web()


def look(
    installation: Installation, wish: str, *, unknown_from: int, each: int = EACH
) -> tuple[list[Seen], list[Seen]]:
    """Type known and unknown numbers in an order that tells nothing, and for a code a wrong one after each."""
    typed, tried = [Seen(), Seen()], [Seen(), Seen()]
    order = [0, 1] * each
    random.Random(unknown_from).shuffle(order)
    numbers = [iter(range(each)), iter(range(unknown_from, unknown_from + each))]
    with closing(http.client.HTTPConnection("127.0.0.1", installation.port, timeout=60)) as line:
        for spare in range(WARM):
            fields = {"phone": cast.stranger(unknown_from + each + spare).value, "wish": wish}
            post(line, "/preferences/?lang=en", fields, Seen())
        for kind in order:
            fields = {"phone": cast.stranger(next(numbers[kind])).value, "wish": wish}
            page = post(line, "/preferences/?lang=en", fields, typed[kind])
            if wish == "code":
                post(line, page, {"code": "00000000"}, tried[kind])
    return typed, tried


def post(line: http.client.HTTPConnection, path: str, fields: dict[str, str], seen: Seen) -> str:
    """Post a form; where it leads."""
    started = time.perf_counter()
    line.request("POST", path, urlencode(fields), FORM)
    answer = line.getresponse()
    body = answer.read()
    seen.seconds.append(time.perf_counter() - started)
    headers = [(name, len(value)) for name, value in answer.getheaders()]
    seen.answers.add((answer.status, len(body), *headers))
    return answer.getheader("Location") or ""


def apart(seen: Sequence[Seen]) -> float:
    """How far the two are apart in time, in standard deviations (Mann and Whitney's rank sum); positive where the
    known take longer."""
    known, unknown = (one.seconds for one in seen)
    ranked = sorted([(seconds, True) for seconds in known] + [(seconds, False) for seconds in unknown])
    ranks = sum(rank for rank, (_seconds, is_known) in enumerate(ranked, start=1) if is_known)
    first, second = len(known), len(unknown)
    above = ranks - first * (first + 1) / 2 - first * second / 2
    return above / math.sqrt(first * second * (first + second + 1) / 12)
