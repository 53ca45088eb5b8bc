"""What is spooled is on disk, sealed, and taken out once."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from consent import spool


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.OPTIN_DATA_DIR = tmp_path
    return tmp_path / "spool"


def drained(door: str = "sms") -> list[bytes]:
    """What a worker takes in, once the time to wait is over."""
    spool._put_off.clear()
    taken: list[bytes] = []
    spool.drain(door, taken.append)
    return taken


def test_what_was_written_comes_out_once_in_order() -> None:
    for number in range(3):
        spool.write("sms", b"%d" % number)

    assert drained() == [b"0", b"1", b"2"]
    assert drained() == []


def test_each_door_takes_its_own() -> None:
    spool.write("sms", b"a message")
    spool.write("status", b"a status")

    assert drained("status") == [b"a status"]
    assert drained("sms") == [b"a message"]


def test_an_empty_spool_needs_no_folder(folder: Path) -> None:
    assert drained() == []
    assert not folder.exists()


def test_only_the_owner_may_look_into_the_folder(folder: Path) -> None:
    spool.write("sms", b"a message")

    assert folder.stat().st_mode & 0o077 == 0


def test_what_fails_to_be_taken_in_stays() -> None:
    spool.write("sms", b"a message")

    def fail(_content: bytes) -> None:
        raise RuntimeError("not now")

    with pytest.raises(RuntimeError):
        spool.drain("sms", fail)
    assert drained() == [b"a message"]


def test_what_fails_keeps_no_other_waiting() -> None:
    for content in (b"first", b"poison", b"last"):
        spool.write("sms", content)
    taken: list[bytes] = []

    def handle(content: bytes) -> None:
        if content == b"poison":
            raise ValueError("never")
        taken.append(content)

    with pytest.raises(ValueError, match="never"):
        spool.drain("sms", handle)
    assert taken == [b"first", b"last"]
    assert drained() == [b"poison"]


def test_while_the_database_refuses_nothing_else_is_tried() -> None:
    for content in (b"first", b"last"):
        spool.write("sms", content)

    def handle(_content: bytes) -> None:
        raise OperationalError

    with pytest.raises(OperationalError):
        spool.drain("sms", handle)
    assert drained() == [b"first", b"last"]


def test_a_file_that_does_not_open_is_put_aside_and_stops_nobody(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool.write("sms", b"first")
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    spool.write("sms", b"second")

    with caplog.at_level(logging.ERROR):
        assert drained() == [b"second"]
    assert [left.suffix for left in folder.iterdir()] == [".broken"]
    assert "put aside" in caplog.text


def test_a_file_that_the_disk_does_not_give_keeps_no_other_waiting(folder: Path) -> None:
    spool.write("sms", b"first")
    (path,) = folder.iterdir()
    spool.write("sms", b"second")
    path.unlink()
    path.mkdir()  # whoever runs as root may read every file, and no folder
    got: list[bytes] = []

    with pytest.raises(IsADirectoryError):
        spool.drain("sms", got.append)
    assert got == [b"second"]


def test_what_fails_is_tried_again_later_and_seen_by_whoever_watches() -> None:
    spool.write("sms", b"first")
    tried: list[bytes] = []

    def fails(content: bytes) -> None:
        tried.append(content)
        raise LookupError("odd")

    with pytest.raises(LookupError):
        spool.drain("sms", fails)
    assert spool.drain("sms", fails) == 0
    assert len(tried) == 1, "not again at once"
    assert spool.stuck(timezone.now()) == 0
    assert spool.stuck(timezone.now() + timedelta(minutes=6)) == 1

    assert drained() == [b"first"], "once the cause is mended"
    assert spool.stuck(timezone.now() + timedelta(minutes=6)) == 0


def test_what_meets_a_row_of_somebody_else_is_tried_again_at_once() -> None:
    spool.write("sms", b"first")
    tried: list[bytes] = []

    def meets(content: bytes) -> None:
        tried.append(content)
        if len(tried) == 1:
            raise IntegrityError("somebody was faster")

    assert spool.drain("sms", meets) == 1


def test_a_file_that_does_not_open_is_seen_by_whoever_watches(folder: Path) -> None:
    spool.write("sms", b"first")
    (path,) = folder.iterdir()
    path.write_bytes(b"broken")
    assert drained() == []
    assert spool.stuck(timezone.now()) == 1


def test_a_file_under_another_name_does_not_open(folder: Path) -> None:
    spool.write("sms", b"a message")
    (path,) = folder.iterdir()
    path.rename(folder / "sms-00000000000000000000000000000000.sealed")

    assert drained() == []


def test_a_half_written_file_is_not_taken(folder: Path) -> None:
    spool.write("sms", b"a message")
    (folder / "sms-1.partial").write_bytes(b"half")

    assert drained() == [b"a message"]


def test_two_workers_may_reach_for_the_same_file(folder: Path) -> None:
    """The other one took it between our look into the folder and our hand on the file."""
    spool.write("sms", b"first")
    spool.write("sms", b"second")

    def take_everything(_content: bytes) -> None:
        for path in folder.iterdir():
            path.unlink()

    assert spool.drain("sms", take_everything) == 1
