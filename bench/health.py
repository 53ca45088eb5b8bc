"""A number's health among millions of outcomes: its page, where trouble comes from, how soon a reading counts."""

from bench import figures, house

house.begin()

import contextlib
import http.client
import json
import os
import statistics
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench import decision, load, outcomes, people
from consent import sample
from consent.api import keys
from consent.models import Sender
from consent.quality import counting, keeping, source_days, sources
from consent.quality.reading import BLOCKED, FREE, Kind, Reading, Source
from consent.sample import Sample

PAGE, ATTRIBUTION, NEWS, HEARD = 0.3, 5.0, 1.0, 1.0  # seconds, as promised
LOOKS = 9
WHERE = "where a year's trouble comes from"
NOTHING = f"{WHERE}, everybody summed up from nothing"
SAID_TO_BE_SO = 200  # answers in a row of one process before it counts as told
CONNECTIONS = 8  # at once, until both processes have some
PATIENCE = 20  # seconds


def main() -> None:
    chosen = figures.arguments(__doc__ or "", records=10_000_000)
    records = min(chosen.records, 200_000) if chosen.quick else chosen.records
    aurora = sample.seed()
    number = Sender.objects.select_related("company").get(address=sample.AT_META)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as raw:
        begun = time.monotonic()
        outcomes.fill(raw, aurora, number, messages=records)
        figures.say(f"  filled {records:,} outcomes in {time.monotonic() - begun:.0f} s")
    _rate(number)
    looked = {
        NOTHING: _middle(lambda: _attribute_anew(number), 3),
        WHERE: _middle(lambda: _attribute(number), LOOKS),
        "the worker's counts of a minute": _middle(lambda: _count(number), 3),
        "the page": _page(number),
        "what is new": _news(aurora, number, records),
    }
    [known, *_] = people.fill(os.environ["DATABASE_URL"], aurora, records=40)
    questions = decision.ask_all([known], keys.issue(aurora.company, name="bench"))
    heard = [_heard(aurora, questions) for _ in range(chosen.rounds)]
    for what, seconds in looked.items():
        figures.say(f"  {what}: {seconds * 1000:,.0f} ms")
    among = f"{records:,} outcomes"
    figures.report(
        [
            _promise(f"a number's page among {among}", looked["the page"], PAGE),
            _promise(f"{NOTHING}, {among}", looked[NOTHING], ATTRIBUTION),
            _promise(f"{WHERE}, {among}", looked[WHERE], ATTRIBUTION),
            _promise(f"the same, {outcomes.NEWS:,} new records later", looked["what is new"], NEWS),
            _promise("a reading changes the decisions of both processes", max(heard), HEARD),
        ],
        command=f"python -m bench.health --records {records}",
        machine=house.machine(),
    )  # fmt: skip


def _promise(what: str, seconds: float, goal: float) -> figures.Promise:
    return figures.Promise(
        what, seconds / goal, f"{seconds * 1000:,.0f} ms", f"{goal * 1000:,.0f} ms", 1, False
    )


def _middle(run: Callable[[], object], times: int) -> float:
    """The median of the seconds that something takes."""
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        spent.append(time.perf_counter() - begun)
    return statistics.median(spent)


def _rate(number: Sender) -> None:
    """A year of what a provider says: the same again every day, another colour every few days."""
    now = timezone.now()
    found = []
    for day in range(365):
        at = now - timedelta(days=365 - day)
        colour = ("green", "yellow", "green", "red")[day // 5 % 4]
        for kind, value in ((Kind.RATING, colour), (Kind.STATUS, "connected"), (Kind.LIMIT, "100000")):
            found.append(Reading(kind=kind, value=value, raw=value, said_at=at, number=number.pk))
    keeping.keep(number, found, source=Source.WEBHOOK, read_at=now)


def _attribute_anew(number: Sender) -> None:
    """Sum everybody up from nothing, and rank the sources."""
    source_days.recount()
    _attribute(number)


def _attribute(number: Sender) -> None:
    """Rank the sources of a year, from the sums that the worker keeps."""
    assert sources.ranked(number.company_id, number.channel, since=timezone.now() - sources.YEAR)[
        0
    ].is_to_blame


def _count(number: Sender) -> None:
    now = timezone.now()
    counting.tally(number, since=(now - timedelta(days=2)).date(), at=now)
    counting.watch(number, at=now)


def _page(number: Sender) -> float:
    """Seconds for the page as the product renders it, every query included."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.create(username="bench", is_superuser=True, is_staff=True))
    address = reverse("admin:consent_sender_health", args=[number.pk])

    def look() -> None:
        answer = client.get(address, secure=True)
        assert answer.status_code == 200, answer
        assert b"</html>" in answer.content

    look()
    return _middle(look, LOOKS)


def _news(aurora: Sample, number: Sender, messages: int) -> float:
    """Seconds until new records are followed to their sources and the ranking is there again."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as raw:
        outcomes.arrive(raw, aurora, messages=messages)
    begun = time.perf_counter()
    followed = sources.drain()
    sources.ranked(number.company_id, number.channel, since=timezone.now() - sources.YEAR)
    spent = time.perf_counter() - begun
    assert followed == outcomes.NEWS, followed
    return spent


def _heard(aurora: Sample, questions: load.Post) -> float:
    """Seconds from a reading that blocks a number to the last answer of either process that still says yes."""
    number = Sender.objects.get(pk=aurora.sender.pk)
    _say(number, FREE)
    with house.serving():
        asked, processes = _both(questions)
        noes = dict.fromkeys(processes, 0)
        begun = last = time.monotonic()
        saying = threading.Thread(target=_say, args=(number, BLOCKED))  # questions go on while it is written
        saying.start()
        while min(noes.values()) < SAID_TO_BE_SO:
            assert time.monotonic() < begun + PATIENCE, "a process went on saying yes"
            for one, process in zip(asked, processes, strict=True):
                _ask(one, questions)
                if _allows(one):
                    last, noes[process] = time.monotonic(), 0
                else:
                    noes[process] += 1
        saying.join()
        assert last > begun, "nobody said yes before the reading came"
    figures.say(f"  round: a reading counted everywhere after {last - begun:.2f} s")
    return last - begun


def _say(number: Sender, value: str) -> None:
    """What a provider says of a number; written as the webhook writes it."""
    now = timezone.now()
    one = Reading(kind=Kind.RESTRICTION, about="bench", value=value, raw=value, said_at=now, number=number.pk)
    keeping.keep(number, [one], source=Source.WEBHOOK, read_at=now)
    connection.close()  # of this thread


def _both(questions: load.Post) -> tuple[list[http.client.HTTPConnection], list[int]]:
    """Connections that are open, and the process that holds each: more of them until there are two processes."""
    asked: list[http.client.HTTPConnection] = []
    processes: list[int] = []
    deadline = time.monotonic() + PATIENCE
    while len(set(processes)) < 2:
        assert time.monotonic() < deadline, "one process took every connection"
        more = [_open() for _ in range(CONNECTIONS)]
        for one in more:  # all at once, so that both processes have something to do
            _ask(one, questions)
        assert all(_allows(one) for one in more)
        asked += more
        processes += map(_process, more)
    return asked, processes


def _open() -> http.client.HTTPConnection:
    opened = http.client.HTTPConnection("127.0.0.1", house.PORT, timeout=PATIENCE)
    opened.connect()
    return opened


def _ask(opened: http.client.HTTPConnection, questions: load.Post) -> None:
    opened.request("POST", questions.path, questions.bodies[0], questions.headers)


def _allows(opened: http.client.HTTPConnection) -> bool:
    """Whether the answer to what was asked is yes."""
    answer = opened.getresponse()
    said = json.loads(answer.read())
    assert answer.status == 200, said
    return bool(said["allow"])


def _process(opened: http.client.HTTPConnection) -> int:
    """The process of the web server that holds the other end of a connection."""
    port = f":{opened.sock.getsockname()[1]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    [inode] = [row[9] for row in rows if row[2].endswith(port) and row[1].endswith(f":{house.PORT:04X}")]
    for end in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # another user's, or gone by now
            if str(end.readlink()) == f"socket:[{inode}]":
                return int(end.parts[2])
    raise load.LoadFailed("Nobody holds the other end of a connection.")


if __name__ == "__main__":
    main()
