"""Whoever changes, removes, adds or swaps anything in the log is found, with the place.

OPTIN_EXHAUSTIVE=1 flips every single byte (minutes); otherwise every sixteenth of each row, another one each time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from consent import vault
from consent.log import audit, cosignature, merkle, published, tree
from consent.models import Checkpoint, Cosignature, LogEntry, LogEra, LogHead, LogPending, LogTile, triggers

SIZE = 200
MOMENT = timedelta(seconds=1)
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


@pytest.mark.parametrize(("size", "index"), [(1, 0), (3, 1), (63, 3)])
def test_a_checkpoint_removed_before_the_newest_is_missed_where_it_was(
    log: None, size: int, index: int
) -> None:
    execute("DELETE FROM consent_checkpoint WHERE size = %s", size)

    assert broken().index == index


def test_counting_the_others_again_does_not_hide_a_removed_checkpoint(log: None) -> None:
    execute("DELETE FROM consent_checkpoint WHERE size = 3")
    execute("UPDATE consent_checkpoint SET number = number - 1 WHERE size > 3")

    assert broken().index == 62


def test_every_character_of_every_count_counts_and_so_does_when_it_was_published(log: None) -> None:
    for row in Checkpoint.objects.all():
        for position in range(row.size % STRIDE, len(row.counted), STRIDE):
            character = row.counted[position]
            changed = (
                row.counted[:position] + ("a" if character != "a" else "b") + row.counted[position + 1 :]
            )
            with tampering():
                execute("UPDATE consent_checkpoint SET counted = %s WHERE size = %s", changed, row.size)
                assert broken().index == row.size - 1
        for column, value in (("number", row.number + 1), ("published_at", row.published_at + MOMENT)):
            with tampering():
                execute(f"UPDATE consent_checkpoint SET {column} = %s WHERE size = %s", value, row.size)
                assert broken().index == row.size - 1


def test_an_added_checkpoint_is_found(log: None) -> None:
    row = Checkpoint.objects.get(size=63)
    Checkpoint.objects.create(
        size=100, note=row.note, published_at=row.published_at, number=4, counted=row.counted
    )

    assert broken().index == 99


def test_swapped_and_removed_tiles_are_named(db: None) -> None:
    for _number in range(600):
        LogPending.objects.create(id=vault.new_id(), arrival=timezone.now(), data=vault.new_id().bytes)
    assert tree.sequence() == 600
    triggers.remove(connection)
    for level, index, first in ((0, 0, 0), (0, 1, 256), (0, 2, 512), (1, 0, 0)):
        with tampering():
            execute('DELETE FROM consent_logtile WHERE level = %s AND "index" = %s', level, index)
            assert broken().index == first
    first_tile, second = LogTile.objects.filter(level=0, index__lt=2).order_by("index")
    execute("UPDATE consent_logtile SET hashes = %s WHERE id = %s", bytes(second.hashes), first_tile.pk)
    execute("UPDATE consent_logtile SET hashes = %s WHERE id = %s", bytes(first_tile.hashes), second.pk)

    assert broken().index == 0


def test_every_character_of_an_era_counts(log: None) -> None:
    [era] = LogEra.objects.all()
    trusted = published.keys()
    for position in range(0, len(era.keys), STRIDE):
        character = era.keys[position]
        changed = era.keys[:position] + ("a" if character != "a" else "b") + era.keys[position + 1 :]
        with tampering():
            execute("UPDATE consent_logera SET keys = %s", changed)
            with pytest.raises(audit.LogBroken) as caught:
                audit.verify(rows(), logs=trusted)
            assert caught.value.index == 0
    with tampering():
        execute("UPDATE consent_logera SET start = 2")
        assert broken().index == 0


@pytest.fixture
def cosigned(log: None) -> Cosignature:
    witness = cosignature.Cosigner.from_seed("witness.example", b"w" * 32)
    text = Checkpoint.objects.get(size=63).note.partition("\n\n")[0] + "\n"
    return Cosignature.objects.create(
        size=63, witness=str(witness.verifier), line=witness.cosign(text, time=1_800_000_000),
        cosigned_at=datetime.fromtimestamp(1_800_000_000, UTC),
    )  # fmt: skip


def test_a_cosignature_that_was_changed_or_belongs_to_nothing_is_found(cosigned: Cosignature) -> None:
    audit.check_cosignatures()

    changes: list[tuple[str, object]] = [
        ("size", 3),
        ("size", 99),
        ("cosigned_at", cosigned.cosigned_at + MOMENT),
    ]
    for column in ("line", "witness"):
        text = getattr(cosigned, column)
        for position in range(0, len(text), STRIDE):
            letter = "a" if text[position] != "a" else "b"
            changes.append((column, text[:position] + letter + text[position + 1 :]))
    for column, value in changes:
        with tampering():
            execute(f"UPDATE consent_cosignature SET {column} = %s", value)
            with pytest.raises(audit.LogBroken) as caught:
                audit.check_cosignatures()
            assert caught.value.index == Cosignature.objects.get().size - 1
    verify()  # the log itself is none the worse


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
