"""The background: every drain in a thread of its own, none stopped by another, all stopped when told."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from consent import sample, work
from consent.log import guard, tree
from consent.log.errors import LogRefuses
from consent.models import Checkpoint, LogEntry, LogPending, OutboundMessage
from tests.cast import asks, says

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second of a test is long: look more often, and do not sulk after trouble."""
    monkeypatch.setattr(work, "IDLE", 0.01)
    monkeypatch.setattr(work, "AFTER_TROUBLE", 0.02)
    monkeypatch.setattr(work, "SEQUENCE_EVERY", 0.0)


@pytest.fixture
def run() -> Iterator[Callable[..., None]]:
    """Runs the background until something has come true."""

    def until(is_done: Callable[[], bool], *, drains: tuple[Callable[[], int], ...] | None = None) -> None:
        stop = threading.Event()
        with pytest.MonkeyPatch.context() as patch:
            if drains is not None:
                patch.setattr(work, "DRAINS", drains)
            worker = threading.Thread(target=_run, args=[stop])
            worker.start()
            deadline = time.monotonic() + 120
            while not is_done() and time.monotonic() < deadline:
                time.sleep(0.01)
            stop.set()
            worker.join(120)
        assert not worker.is_alive()
        assert is_done()

    def _run(stop: threading.Event) -> None:
        try:
            work.run(stop)
        finally:
            connection.close()

    yield until
    assert [thread for thread in threading.enumerate() if thread.name.startswith("drain")] == []


def test_what_waits_is_sequenced_and_what_is_queued_is_tried(run: Any, settings: Any) -> None:
    settings.OPTIN_PUBLIC_URL = "http://127.0.0.1:9"  # nobody listens there
    aurora = sample.seed()
    asks(aurora)
    says(aurora)
    run(lambda: not LogPending.objects.exists() and OutboundMessage.objects.filter(attempts=1).exists())
    assert LogEntry.objects.count() == 2


def test_a_drain_that_hangs_holds_up_no_other(run: Any) -> None:
    says(sample.seed())
    let_go = threading.Event()

    def hang() -> int:
        let_go.wait(120)
        return 0

    def is_done() -> bool:
        if LogEntry.objects.exists():
            let_go.set()
        return let_go.is_set()

    run(is_done, drains=(hang, work.sequence))


def test_a_log_that_refuses_is_said_and_left_in_peace_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> int:
        raise LogRefuses("docs/log-succession.md says what to do.")

    assert work._once(refuse) == work.AFTER_REFUSAL
    assert [(said.levelname, said.exc_info) for said in caplog.records] == [("CRITICAL", None)]
    assert "docs/log-succession.md" in caplog.text


@pytest.mark.parametrize("error", [DatabaseError("gone"), LookupError("?"), tree.HeadMoved("1")])
def test_a_drain_that_fails_is_tried_again_and_stops_no_other(run: Any, error: Exception) -> None:
    says(sample.seed())
    times = []

    def fail() -> int:
        times.append(1)
        raise error

    run(lambda: LogEntry.objects.exists() and len(times) > 2, drains=(fail, work.sequence))


def test_a_drain_that_did_something_is_run_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert work._once(lambda: 1) == 0.0
    assert work._once(lambda: 0) == work.IDLE


def test_the_log_is_sequenced_no_more_often_than_it_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "SEQUENCE_EVERY", 3600.0)
    monkeypatch.setattr(work, "_last_sequenced", -3600.0)
    aurora = sample.seed()
    says(aurora)
    assert work.sequence() == 1
    says(aurora)
    assert work.sequence() == 0


def test_a_backlog_is_sequenced_in_one_go_though_more_keeps_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with a batch that is not full; under load it would otherwise never end."""
    monkeypatch.setattr(tree, "BATCH", 2)
    monkeypatch.setattr(tree.sequence, "__kwdefaults__", {**tree.sequence.__kwdefaults__, "limit": 2})
    aurora = sample.seed()
    for _ in range(5):
        says(aurora)
    assert work.sequence() == 5
    assert Checkpoint.objects.count() == 3


def test_the_worker_does_not_start_where_an_old_backup_was_restored() -> None:
    says(sample.seed())
    tree.sequence()
    with transaction.atomic():
        says(sample.seed())
        tree.sequence()
        behind = Checkpoint.objects.latest("size").note
        transaction.set_rollback(True)
    guard.remember(behind)
    with pytest.raises(Exception, match="Nothing is appended"):
        work.run(threading.Event())


def test_the_command_works_until_it_is_told_to_stop() -> None:
    says(sample.seed())
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    done = []

    def stop_it() -> None:
        try:
            deadline = time.monotonic() + 120
            while not LogEntry.objects.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            done.append(LogEntry.objects.exists())
        finally:
            connection.close()
            signal.raise_signal(signal.SIGTERM)

    helper = threading.Thread(target=stop_it)
    helper.start()
    try:
        call_command("work")
    finally:
        helper.join()
        for number, handler in before.items():
            signal.signal(number, handler)
    assert done == [True]


def test_what_somebody_waits_for_at_a_phone_is_looked_for_five_times_a_second() -> None:
    assert {work._once(drain) for drain in work.CAN_WAIT} == {work.UNHURRIED}
    assert {work._once(drain) for drain in set(work.DRAINS) - work.CAN_WAIT} == {work.IDLE}
    assert set(work.DRAINS) > work.CAN_WAIT
