"""Group commit: many acts in one transaction, none lost, none twice, and no bad neighbour."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from consent import recording, sample
from consent.models import Act, ConsentRecord, ContactPoint, Evidence, LogPending, SubjectKey
from consent.recording import Recorded, Telling, committer
from consent.sample import Sample
from consent.vocabulary import Channel
from tests.cast import ANA, BRUNO, CLARA, event, stranger

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 32


@pytest.fixture
def shop(settings: Any) -> Iterator[Sample]:
    """The sample company in a process that commits in groups, as the web server does."""
    settings.OPTIN_GROUP_COMMIT = True
    yield sample.seed()
    committer.stop()


def together(*work: Callable[[], Any]) -> list[Any]:
    """Do everything at once, each in a thread of its own; results and exceptions in order."""
    barrier = threading.Barrier(len(work))

    def do(one: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return one()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(do, work))


class Gate:
    """Holds the committer inside an act until it is opened, so that what comes meanwhile is one batch."""

    def __init__(self, shop: Sample) -> None:
        self._is_open = threading.Event()
        self._is_in = threading.Event()
        self._thread = threading.Thread(
            target=recording.record, args=[event(shop)], kwargs={"tell": self._wait}
        )

    def _wait(self, _act: UUID) -> list[Telling]:
        self._is_in.set()
        assert self._is_open.wait(120)
        return []

    def __enter__(self) -> None:
        self._thread.start()
        assert self._is_in.wait(120)

    def __exit__(self, *_: object) -> None:
        while committer._queue.qsize() < self.expected:  # what the test queued is all there
            threading.Event().wait(0.01)
        self._is_open.set()
        self._thread.join()

    expected = 0


def test_32_threads_lose_nothing_and_record_nothing_twice(shop: Sample) -> None:
    acts = 8

    def capture(thread: int) -> list[Recorded]:
        recorded = []
        for number in range(acts):
            contact = stranger(thread * acts + number)
            first = event(shop, contact=contact, reference=f"website:{thread}-{number}")
            second = event(
                shop,
                contact=contact,
                reference=first.reference,
                evidence=first.evidence,
                channel=Channel.WHATSAPP,
            )
            recorded.append(recording.record(first, second))
        return recorded

    results = together(*(lambda thread=thread: capture(thread) for thread in range(THREADS)))  # type: ignore[misc]
    journal = [recorded for result in results for recorded in result]
    assert all(recorded.is_new for recorded in journal)
    assert Act.objects.count() == Evidence.objects.count() == len(journal) == THREADS * acts
    assert ContactPoint.objects.count() == SubjectKey.objects.count() == THREADS * acts
    kept = {(record.uid, record.act_id, record.subject) for record in ConsentRecord.objects.all()}
    assert kept == {(uid, recorded.act, recorded.subject) for recorded in journal for uid in recorded.records}
    assert set(LogPending.objects.values_list("id", flat=True)) == {uid for uid, _act, _subject in kept}


def test_one_form_sent_by_32_threads_at_once_is_one_act(shop: Sample) -> None:
    same = event(shop)
    results = together(*[lambda: recording.record(same)] * THREADS)
    assert sum(recorded.is_new for recorded in results) == 1
    assert len({(recorded.act, recorded.subject, recorded.records) for recorded in results}) == 1
    assert Act.objects.count() == ConsentRecord.objects.count() == LogPending.objects.count() == 1


def test_a_new_person_met_by_32_threads_at_once_is_one_person(shop: Sample) -> None:
    results = together(*[lambda: recording.record(event(shop))] * THREADS)
    assert len({recorded.subject for recorded in results}) == 1
    assert ContactPoint.objects.count() == SubjectKey.objects.count() == 1
    assert ConsentRecord.objects.count() == THREADS


def test_a_new_person_met_by_several_processes_at_once_is_one_person(shop: Sample, settings: Any) -> None:
    """Each thread with a connection of its own, as other processes have."""
    settings.OPTIN_GROUP_COMMIT = False
    results = together(*[lambda: recording.record(event(shop))] * 6)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert len({recorded.subject for recorded in results}) == 1
    assert ConsentRecord.objects.count() == 6


@pytest.mark.postgres  # SQLite has one writer, who finds nothing changed
def test_whoever_loses_the_race_for_a_new_person_takes_the_winners_word(shop: Sample, settings: Any) -> None:
    settings.OPTIN_GROUP_COMMIT = False
    winner: list[Recorded] = []

    def lose(_act: UUID) -> list[Telling]:
        if not winner:  # between our look and our insert, somebody else meets the same person
            winner.extend(together(lambda: recording.record(event(shop))))
        return []

    recorded = recording.record(event(shop), tell=lose)
    assert recorded.subject == winner[0].subject
    assert recorded.is_new
    assert ConsentRecord.objects.count() == 2


@pytest.mark.postgres
def test_whoever_loses_the_race_for_a_reference_gets_the_winners_receipt(shop: Sample, settings: Any) -> None:
    settings.OPTIN_GROUP_COMMIT = False
    same = event(shop)
    winner: list[Recorded] = []

    def lose(_act: UUID) -> list[Telling]:
        if not winner:
            winner.extend(together(lambda: recording.record(same)))
        return []

    recorded = recording.record(same, tell=lose)
    assert (recorded.act, recorded.records, recorded.is_new) == (winner[0].act, winner[0].records, False)
    assert ConsentRecord.objects.count() == 1


def test_a_bad_act_leaves_its_neighbours_in_the_batch_alone(shop: Sample) -> None:
    def refuse(_act: UUID) -> list[Telling]:
        raise LookupError("no wording")

    gate = Gate(shop)
    gate.expected = 3
    with gate:
        pool = ThreadPoolExecutor(3)
        good = pool.submit(recording.record, event(shop, contact=BRUNO))
        bad = pool.submit(recording.record, event(shop, contact=CLARA), tell=refuse)
        also_good = pool.submit(recording.record, event(shop, contact=stranger(1)))
    assert isinstance(bad.exception(10), LookupError)
    assert good.result(10).is_new
    assert also_good.result(10).is_new
    assert ConsentRecord.objects.count() == 3  # with the one at the gate
    pool.shutdown()


def test_more_acts_than_a_batch_takes_are_all_written(shop: Sample) -> None:
    gate = Gate(shop)
    gate.expected = committer.BATCH + 6
    with gate:
        pool = ThreadPoolExecutor(gate.expected)
        waiting = [
            pool.submit(recording.record, event(shop, contact=stranger(number)))
            for number in range(gate.expected)
        ]
    assert all(future.result(30).is_new for future in waiting)
    assert ConsentRecord.objects.count() == gate.expected + 1
    pool.shutdown()


@pytest.mark.postgres
def test_a_lost_connection_costs_one_act_its_answer_and_the_next_nothing(shop: Sample) -> None:
    def cut(_act: UUID) -> list[Telling]:  # in the committer's thread, on its connection
        connection.connection.close()
        return []

    same = event(shop)
    with pytest.raises(DatabaseError):
        recording.record(same, tell=cut)
    assert recording.record(same).is_new
    assert ConsentRecord.objects.count() == 1


@pytest.mark.postgres
def test_a_connection_lost_under_a_batch_costs_nobody_anything(shop: Sample) -> None:
    is_cut = []

    def cut(_act: UUID) -> list[Telling]:
        if not is_cut:
            is_cut.append(True)
            connection.connection.close()
        return []

    gate = Gate(shop)
    gate.expected = 2
    with gate:
        pool = ThreadPoolExecutor(2)
        first = pool.submit(recording.record, event(shop, contact=BRUNO), tell=cut)
        second = pool.submit(recording.record, event(shop, contact=CLARA))
    assert first.result(10).is_new
    assert second.result(10).is_new
    assert ConsentRecord.objects.count() == 3
    pool.shutdown()


def test_inside_a_transaction_an_act_belongs_to_it(shop: Sample) -> None:
    with transaction.atomic():
        recording.record(event(shop))
        transaction.set_rollback(True)
    assert not Act.objects.exists()


def test_the_committer_starts_again_after_it_was_stopped(shop: Sample) -> None:
    committer.stop()
    assert recording.record(event(shop, contact=ANA)).is_new
    committer.stop()
    committer.stop()
    assert recording.record(event(shop, contact=BRUNO)).is_new
