"""Whoever changes, removes, adds or swaps anything in the log is found, with the place.

OPTIN_EXHAUSTIVE=1 flips every single byte (minutes); otherwise every sixteenth of each row, another one each time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.utils import timezone

from consent import vault
from consent.log import audit, merkle, published, tree
from consent.models import Checkpoint, LogEntry, LogHead, LogPending, LogTile, triggers

SIZE = 200
STRIDE = 1 if os.environ.get("OPTIN_EXHAUSTIVE") else 16


class _Undo(Exception):
    pass


@contextmanager
def tampering() -> Iterator[None]:
    """Whatever is done inside is undone."""
    try:
        with transaction.atomic():
            yield
            raise _Undo
    except _Undo:
        pass


@pytest.fixture
def log(db: None) -> None:
    """A log of 200 small entries under several checkpoints, with nothing to hold a tamperer back."""
    for batch in (1, 2, 60, 137):
        for _number in range(batch):
            LogPending.objects.create(id=vault.new_id(), arrival=timezone.now(), data=vault.new_id().bytes)
        assert tree.sequence() == batch
    triggers.remove(connection)


def rows() -> list[tuple[int, bytes]]:
    return [
        (index, bytes(data))
        for index, data in LogEntry.objects.order_by("index").values_list("index", "data")
    ]


def verify() -> audit.Verified:
    return audit.verify(rows(), logs=published.keys())


def broken() -> audit.LogBroken:
    with pytest.raises(audit.LogBroken) as caught:
        verify()
    return caught.value


def flips(data: bytes, *, start: int = 0) -> Iterator[tuple[int, bytes]]:
    for position in range(start % STRIDE, len(data), STRIDE):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        yield position, bytes(changed)


def execute(sql: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_an_untouched_log_holds(log: None) -> None:
    verified = verify()

    assert (verified.size, verified.checkpoints) == (SIZE, 4)
    assert verified.root == merkle.root([merkle.leaf_hash(data) for _index, data in rows()])


def test_every_byte_of_every_entry_counts(log: None) -> None:
    entries = rows()
    for index, data in entries:
        for _position, changed in flips(data, start=index):
            with pytest.raises(audit.LogBroken) as caught:
                audit.verify(
                    [*entries[:index], (index, changed), *entries[index + 1 :]], logs=published.keys()
                )
            assert caught.value.index == index


def test_every_byte_of_every_tile_counts(log: None) -> None:
    for tile in LogTile.objects.all():
        for position, changed in flips(bytes(tile.hashes)):
            with tampering():
                execute("UPDATE consent_logtile SET hashes = %s WHERE id = %s", changed, tile.pk)
                assert broken().index == position // merkle.HASH << 8 * tile.level


def test_every_byte_of_the_head_counts(log: None) -> None:
    for _position, changed in flips(bytes(LogHead.objects.get().root)):
        with tampering():
            execute("UPDATE consent_loghead SET root = %s", changed)
            assert broken().index == SIZE
    with tampering():
        execute("UPDATE consent_loghead SET size = size + 1")
        assert broken().index == SIZE


def test_every_character_of_every_checkpoint_counts(log: None) -> None:
    for row in Checkpoint.objects.all():
        for position in range(row.size % STRIDE, len(row.note), STRIDE):
            character = row.note[position]
            changed = row.note[:position] + ("a" if character != "a" else "b") + row.note[position + 1 :]
            with tampering():
                execute("UPDATE consent_checkpoint SET note = %s WHERE size = %s", changed, row.size)
                assert broken().index == row.size - 1


@pytest.mark.parametrize("index", [0, 1, 62, 63, SIZE - 1])
def test_a_removed_entry_is_named(log: None, index: int) -> None:
    execute('DELETE FROM consent_logentry WHERE "index" = %s', index)

    assert broken().index == index


def test_an_added_entry_is_named(log: None) -> None:
    LogEntry.objects.create(index=SIZE, id=vault.new_id(), data=b"one more")

    assert broken().index == SIZE


def test_swapped_entries_are_named(log: None) -> None:
    entries = rows()
    entries[7], entries[90] = (7, entries[90][1]), (90, entries[7][1])

    with pytest.raises(audit.LogBroken) as caught:
        audit.verify(entries, logs=published.keys())

    assert caught.value.index == 7


@pytest.mark.parametrize("table", ["consent_logtile", "consent_loghead"])
def test_a_removed_tile_or_head_is_missed(log: None, table: str) -> None:
    execute(f"DELETE FROM {table}")

    assert broken()


def test_an_added_tile_is_found(log: None) -> None:
    LogTile.objects.create(level=2, index=0, hashes=b"x" * merkle.HASH)

    assert broken().index == SIZE


def test_removing_the_newest_entries_with_their_tiles_and_head_does_not_help(log: None) -> None:
    execute('DELETE FROM consent_logentry WHERE "index" >= 63')
    execute("UPDATE consent_loghead SET size = 63")

    assert broken().index == 63


def test_a_log_cut_back_to_an_earlier_checkpoint_is_behind_the_later_ones(log: None) -> None:
    root = merkle.root([merkle.leaf_hash(data) for _index, data in rows()[:63]])
    execute('DELETE FROM consent_logentry WHERE "index" >= 63')
    execute("UPDATE consent_loghead SET size = 63, root = %s", root)
    for tile in LogTile.objects.filter(level=0):
        execute("UPDATE consent_logtile SET hashes = %s", bytes(tile.hashes)[: 63 * merkle.HASH])

    assert "entries were removed" in str(broken())


def test_the_newest_checkpoint_cannot_go_unnoticed(log: None) -> None:
    execute("DELETE FROM consent_checkpoint WHERE size = %s", SIZE)

    assert broken().index == SIZE - 1


def test_a_checkpoint_of_a_stranger_does_not_count(log: None) -> None:
    stranger = audit.note.Signer.from_seed("elsewhere.example/log", b"s" * 32)

    with pytest.raises(audit.LogBroken) as caught:
        audit.verify(rows(), logs=(stranger.verifier,))

    assert caught.value.index == 0


def test_a_checkpoint_of_another_size_than_its_row_is_found(log: None) -> None:
    newest = Checkpoint.objects.order_by("-size").first()
    assert newest is not None
    execute("UPDATE consent_checkpoint SET note = %s WHERE size = 63", newest.note)

    assert broken().index == 62
