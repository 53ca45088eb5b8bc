"""The log in the database: sequenced by one writer, each entry once, whatever crashes or races."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from consent import sample, vault
from consent.log import checkpoint, guard, merkle, proofs, published, tiles, tree
from consent.models import Checkpoint, LogEntry, LogHead, LogPending, LogTile
from consent.sample import Sample
from tests.cast import says

MICROSECOND = timedelta(microseconds=1)

committing = pytest.mark.django_db(transaction=True)


def wait(count: int) -> list[bytes]:
    """Have `count` entries wait, as captures leave them behind; returns their bytes."""
    now = timezone.now()
    waiting = [
        LogPending(id=vault.new_id(), arrival=now + number * MICROSECOND, data=f'{{"n":{number}}}'.encode())
        for number in range(count)
    ]
    LogPending.objects.bulk_create(waiting)
    return [bytes(entry.data) for entry in waiting]


def sequenced() -> list[bytes]:
    return [bytes(data) for data in LogEntry.objects.order_by("index").values_list("data", flat=True)]


def root_of(entries: list[bytes]) -> bytes:
    return merkle.root([merkle.leaf_hash(entry) for entry in entries])


def whole_log() -> dict[str, Any]:
    """Everything a step of the sequencer could leave half done."""
    return {
        "entries": list(LogEntry.objects.order_by("index").values_list("index", "id")),
        "waiting": sorted(LogPending.objects.values_list("id", flat=True)),
        "head": [(head.size, bytes(head.root)) for head in LogHead.objects.all()],
        "checkpoints": list(Checkpoint.objects.order_by("size").values_list("size", "note")),
        "tiles": sorted((tile.level, tile.index, bytes(tile.hashes)) for tile in LogTile.objects.all()),
    }


def check_everything() -> None:
    """The log is whole: indices without gaps, one root, and every checkpoint the beginning of the next."""
    entries = sequenced()
    assert list(LogEntry.objects.order_by("index").values_list("index", flat=True)) == [*range(len(entries))]
    head = LogHead.objects.get()
    assert (head.size, bytes(head.root)) == (len(entries), root_of(entries))
    signed = [
        checkpoint.verify(note, log=published.signing_key().verifier).checkpoint
        for note in Checkpoint.objects.order_by("size").values_list("note", flat=True)
    ]
    for one in signed:
        assert one.root == root_of(entries[: one.size])
    for old, new in itertools.combinations(signed, 2):
        merkle.verify_consistency(
            old_size=old.size,
            old_root=old.root,
            size=new.size,
            root=new.root,
            proof=proofs.consistency(old.size, new.size, published.read_tile),
        )
    assert (signed[-1].size if signed else 0) == len(entries)


# --- one sequencer


def test_a_new_log_is_empty(db: None) -> None:
    head = LogHead.objects.get()
    assert (head.size, bytes(head.root)) == (0, merkle.EMPTY_ROOT)
    assert published.latest() is None


def test_beginning_again_changes_nothing(db: None) -> None:
    wait(1)
    tree.sequence()
    before = whole_log()
    tree.begin()
    assert whole_log() == before


def test_where_nothing_waits_nothing_is_published(db: None) -> None:
    assert tree.sequence() == 0
    assert not Checkpoint.objects.exists()


def test_entries_get_places_without_gaps_in_the_order_in_which_they_came(db: None) -> None:
    expected: list[bytes] = []
    for count in (1, 2, 3, 250, 1, 1, 300):  # over the edge of a tile, and exactly onto it
        expected += wait(count)
        assert tree.sequence() == count
    assert sequenced() == expected
    assert not LogPending.objects.exists()
    check_everything()


def test_what_has_left_is_not_looked_through_for_what_still_waits(db: None) -> None:
    wait(3)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # which so small a table is read by
        explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
        cursor.execute(explain + tree._PLACE.partition("RETURNING")[0], [0, 2])
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "log_waiting_in_order" in plan
    assert "Sort" not in plan


def test_every_round_publishes_one_signed_checkpoint(aurora: Sample) -> None:
    for size in (1, 2, 3):
        says(aurora)
        tree.sequence()
        latest = published.latest()
        assert latest is not None
        signed = checkpoint.verify(latest.note, log=published.signing_key().verifier)
        assert (signed.checkpoint.origin, signed.checkpoint.size) == (settings.OPTIN_LOG_ORIGIN, size)
    times = list(Checkpoint.objects.order_by("size").values_list("published_at", flat=True))
    assert times == sorted(times)


def test_every_entry_can_be_proved_under_every_checkpoint_after_it(db: None) -> None:
    for count in (1, 4, 255, 3):
        wait(count)
        tree.sequence()
    entries = sequenced()
    for size in Checkpoint.objects.values_list("size", flat=True):
        for index in {0, size // 2, size - 1}:
            merkle.verify_inclusion(
                merkle.leaf_hash(entries[index]),
                index=index,
                size=size,
                root=root_of(entries[:size]),
                proof=proofs.inclusion(index, size, published.read_tile),
            )


def test_an_entry_knows_its_place_once_it_is_published(aurora: Sample) -> None:
    first, second = says(aurora), says(aurora)
    (entry,) = second.records
    assert published.place_of(entry) is None
    tree.sequence()
    place = published.place_of(entry)
    assert place is not None
    assert (place.index, place.size) == (1, 2)
    assert published.place_of(first.act) is None


def test_tiles_and_bundles_are_handed_out_as_wide_as_the_log_is(db: None) -> None:
    expected = wait(258)
    tree.sequence()
    leaves = [merkle.leaf_hash(entry) for entry in expected]
    assert published.read_tile(0, 0, 256) == b"".join(leaves[:256])
    assert published.read_tile(0, 1, 1) == leaves[256]
    assert published.read_tile(1, 0, 1) == merkle.root(leaves[:256])
    assert tiles.decode_entries(published.read_entries(1, 2)) == expected[256:]
    for read, place in (
        (published.read_tile, (0, 1, 3)),
        (published.read_tile, (0, 2, 1)),
        (published.read_entries, (1, 3)),
    ):
        with pytest.raises(LookupError):
            read(*place)  # type: ignore[operator]


def test_no_more_than_the_limit_is_taken_at_once(db: None) -> None:
    wait(5)
    assert [tree.sequence(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    check_everything()


@pytest.mark.slow
def test_a_backlog_is_taken_batch_by_batch(db: None) -> None:
    expected = wait(2 * tree.BATCH + 500)
    assert [tree.sequence(), tree.sequence(), tree.sequence(), tree.sequence()] == [1000, 1000, 500, 0]
    assert sequenced() == expected
    check_everything()


# --- a crash at any step


@contextmanager
def failing_at(number: int) -> Iterator[None]:
    """Let the `number`th statement fail, as when the database goes away under it."""
    count = itertools.count(1)

    def fail(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if next(count) == number:
            raise DatabaseError("gone")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


def test_a_crash_at_any_statement_leaves_nothing_of_the_batch(db: None) -> None:
    wait(250)
    tree.sequence()
    wait(20)  # over the edge of a tile: every kind of row is written
    before = whole_log()
    for number in itertools.count(1):
        try:
            with transaction.atomic(), failing_at(number):
                tree.sequence()
                break
        except DatabaseError:
            assert whole_log() == before, f"statement {number}"
    assert number > 8, "the sequencer did not get far"
    assert LogHead.objects.get().size == 270
    check_everything()


@committing
def test_a_crash_before_the_memory_is_written_hinders_nobody() -> None:
    wait(3)
    tree.sequence()
    remembered = (settings.OPTIN_DATA_DIR / guard.FILE).read_text()
    wait(3)
    tree.sequence()
    (settings.OPTIN_DATA_DIR / guard.FILE).write_text(remembered)
    wait(3)
    assert tree.sequence() == 3
    check_everything()


# --- several sequencers


def in_threads(*work: Callable[[], Any]) -> list[BaseException]:
    """Run everything at once; returns what was raised."""
    raised: list[BaseException] = []

    def do(one: Callable[[], Any]) -> None:
        try:
            one()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=[one]) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@committing
def test_four_sequencers_under_load_make_one_log() -> None:
    aurora = sample.seed()
    captured = threading.Event()

    def capture() -> None:
        try:
            for _ in range(60):
                says(aurora)
        finally:
            captured.set()

    def sequence() -> None:
        while not captured.is_set() or LogPending.objects.exists():
            tree.sequence(limit=7)

    assert in_threads(capture, *[sequence] * 4) == []
    assert LogEntry.objects.count() == 60
    check_everything()


@committing
def test_what_another_sequencer_took_in_the_meantime_is_not_missed() -> None:
    wait(3)

    def overtake(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith("BEGIN") or "FOR UPDATE" in sql:  # just before this one has the log to itself
            assert in_threads(tree.sequence) == []
        return execute(sql, params, many, context)

    with connection.execute_wrapper(overtake):
        assert tree.sequence() == 0
    check_everything()


@committing
@pytest.mark.postgres  # SQLite lets only one in; whoever comes second waits
def test_a_sequencer_that_finds_another_at_work_leaves_it_to_it() -> None:
    wait(3)
    counts = []
    with transaction.atomic():
        LogHead.objects.select_for_update().get()
        assert in_threads(lambda: counts.append(tree.sequence())) == []
    assert counts == [0]


def test_a_sequencer_whose_head_moved_writes_nothing(db: None) -> None:
    wait(3)
    before = whole_log()

    def move(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith('UPDATE "consent_loghead"'):
            execute("UPDATE consent_loghead SET size = 10", None, False, context)
        return execute(sql, params, many, context)

    with pytest.raises(tree.HeadMoved), connection.execute_wrapper(move), transaction.atomic():
        tree.sequence()
    assert whole_log() == before


# --- an old backup


@committing
def test_a_database_that_forgot_what_was_published_appends_nothing() -> None:
    wait(3)
    tree.sequence()
    note = (settings.OPTIN_DATA_DIR / guard.FILE).read_text()
    wait(2)
    tree.sequence()
    ahead = (settings.OPTIN_DATA_DIR / guard.FILE).read_text()
    assert ahead != note
    forged = checkpoint.sign(
        origin=settings.OPTIN_LOG_ORIGIN, size=9, root=bytes(32), key=published.signing_key()
    )
    guard.remember(forged)
    wait(1)
    with pytest.raises(guard.LogBehind, match="5 entries"):
        tree.sequence()
    assert LogPending.objects.count() == 1
    guard.remember(ahead)
    assert tree.sequence() == 1
