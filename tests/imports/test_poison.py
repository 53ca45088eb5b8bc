"""A list that cannot be worked on keeps no other waiting, says so, goes on once it is mended, and can be closed."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from consent.errors import BadInput
from consent.imports import keeping, steps, working
from consent.imports.judging import Judge
from consent.models import ConsentRecord, Import, ImportPart
from consent.sample import Sample
from tests.imports import lists

ROWS = "".join(f"119876500{number:02},2024-03-01\n" for number in range(6))
LIST = f"tel,date\n{ROWS}"
OTHER = "tel,date\n11987650077,2024-03-01\n"


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PART", 2)


def broken(aurora: Sample, *, number: int = 1) -> tuple[Import, bytes]:
    """A list that is being recorded and one part of which does not open; with that part as it was."""
    batch = lists.bring(aurora, LIST)
    lists.try_out(batch)
    part = ImportPart.objects.get(batch=batch, number=number)
    ImportPart.objects.filter(pk=part.pk).update(sealed=b"broken")
    steps.commit(batch, entity="staff:1", at=batch.created_at)
    return batch, bytes(part.sealed)


def again(batch: Import) -> Counter[str]:
    """What a worker does once the time to wait is over."""
    Import.objects.filter(pk=batch.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    return lists.work(batch)


def test_a_list_that_does_not_open_keeps_no_other_waiting(aurora: Sample) -> None:
    batch, _part = broken(aurora)
    other = lists.bring(aurora, OTHER)
    lists.try_out(other)
    assert lists.record(other) == Counter(given=1)

    batch.refresh_from_db()
    assert (batch.state, batch.trouble, batch.counts) == ("committing", "seal.broken", {"given": 2})
    assert batch.lease_until is not None
    assert batch.lease_until > timezone.now() + timedelta(minutes=9), "it is not tried again at once"


def test_once_its_bytes_are_back_it_goes_on_where_it_was(aurora: Sample) -> None:
    batch, part = broken(aurora)
    lists.work(batch)
    ImportPart.objects.filter(batch=batch, number=1).update(sealed=part)

    assert again(batch) == Counter(given=6)
    assert (batch.state, batch.trouble) == ("done", "")
    assert ConsentRecord.objects.count() == 6


def test_one_that_stays_broken_is_closed_and_its_file_brought_again(aurora: Sample) -> None:
    batch, _part = broken(aurora)
    lists.work(batch)
    steps.leave(batch, at=timezone.now())
    batch.refresh_from_db()
    assert (batch.state, batch.counts) == ("done", {"given": 2, "row.lost": 4})
    assert not ImportPart.objects.exclude(sealed=b"").exists()

    second = lists.bring(aurora, LIST)
    assert lists.try_out(second) == Counter(duplicate=2, given=4)
    assert lists.record(second) == Counter(duplicate=2, given=4)
    assert ConsentRecord.objects.count() == 6


def test_only_a_list_in_trouble_is_closed(aurora: Sample) -> None:
    batch = lists.bring(aurora, LIST)
    lists.try_out(batch)
    steps.commit(batch, entity="staff:1", at=batch.created_at)
    with pytest.raises(steps.BadInput) as refused:
        steps.leave(batch, at=timezone.now())
    assert refused.value.code == "import.moved"


def test_something_unexpected_is_said_as_such(aurora: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = lists.bring(aurora, LIST)
    monkeypatch.setattr(Judge, "judge", _raising(LookupError("odd")))
    lists.try_out(batch)
    assert (batch.state, batch.trouble) == ("checking", "unexpected")


def test_columns_of_a_list_that_does_not_open_are_guessed_anew(aurora: Sample) -> None:
    batch = lists.bring(aurora, LIST)
    lists.try_out(batch)
    lists.record(batch)
    Import.objects.update(sealed=b"broken")
    assert lists.try_out(lists.bring(aurora, OTHER)) == Counter(given=1)


def test_a_dry_run_in_several_goes_knows_what_stood_higher_up(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "AT_ONCE", -1.0)  # one part at a time
    batch = lists.bring(aurora, f"{LIST}11987650000,2024-03-01\n11987650077,2024-03-01\n")
    assert lists.try_out(batch) == Counter(given=7, duplicate=1)


def test_a_dry_run_that_another_worker_went_on_with_takes_no_row_for_a_duplicate(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "AT_ONCE", -1.0)  # one part at a time
    batch = lists.bring(aurora, LIST)
    steps.begin(batch, _columns(batch))
    assert working.drain() == 1
    first, working._trials = working._trials, {}
    assert working.drain() == 0, "it waits for the worker that knows what stood higher up"
    Import.objects.filter(pk=batch.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert working.drain() == 1, "the first one died, as it seemed, and this one began anew"
    other, working._trials = working._trials, first
    assert working.drain() == 0
    working._trials = other

    assert lists.work(batch) == Counter(given=6)
    assert batch.state == "checked"


def test_a_dry_run_that_the_database_broke_off_takes_no_row_for_a_duplicate(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = lists.bring(aurora, LIST)
    steps.begin(batch, _columns(batch))
    real = Judge.judge

    def judge(self: Judge, read: Any) -> Any:
        real(self, read)
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(Judge, "judge", judge)
        with pytest.raises(OperationalError):
            working.drain()
    assert lists.work(batch) == Counter(given=6)


def _columns(batch: Import) -> Any:
    from dataclasses import replace

    return replace(keeping.about(batch).columns, purpose="novidades", channel="sms", source="Fair 2024")


def _raising(error: Exception) -> Any:
    def fails(*_given: Any, **_named: Any) -> None:
        raise error

    return fails


@pytest.mark.django_db(transaction=True)
def test_of_recording_and_undoing_at_once_one_happens(aurora: Sample) -> None:
    states = set()
    for number in range(6):
        batch = lists.bring(aurora, f"tel,date\n1198765{number:04},2024-03-01\n")
        lists.try_out(batch)
        before = ConsentRecord.objects.count()
        barrier = threading.Barrier(2)

        def press(step: Callable[..., None], barrier: threading.Barrier, batch: Import) -> bool:
            mine = Import.objects.get(pk=batch.pk)
            barrier.wait()
            try:
                step(mine, entity="staff:1", at=timezone.now())
            except BadInput:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(2) as both:
            done = [both.submit(press, step, barrier, batch) for step in (steps.commit, steps.undo)]
            while not all(one.done() for one in done):
                working.drain()
        assert sorted(one.result() for one in done) == [False, True]

        lists.work(batch)
        states.add(batch.state)
        is_recorded = batch.state == "done"
        assert is_recorded == done[0].result()
        assert ConsentRecord.objects.count() == before + is_recorded
        assert not batch.parts.exclude(sealed=b"").exists()
    assert states <= {"done", "undone"}


@pytest.mark.django_db(transaction=True)
def test_a_list_is_undone_while_it_is_tried(aurora: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = lists.bring(aurora, LIST)
    steps.begin(batch, _columns(batch))
    judge, tried = Judge.judge, threading.Event()

    def judges(self: Judge, read: Any) -> Any:
        tried.set()
        return judge(self, read)

    def undo() -> None:
        tried.wait(60)
        try:
            steps.undo(Import.objects.get(pk=batch.pk), entity="staff:1", at=timezone.now())
        finally:
            connection.close()

    monkeypatch.setattr(Judge, "judge", judges)
    with ThreadPoolExecutor(1) as staff:
        pressed = staff.submit(undo)
        while not pressed.done():
            working.drain()
        pressed.result()
    lists.work(batch)
    assert batch.state == "undone"
    assert not batch.parts.exclude(sealed=b"").exists()
    assert not ConsentRecord.objects.exists()
