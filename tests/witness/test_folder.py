"""What a partner keeps of a witness, and what it does without."""

from pathlib import Path

import pytest

from consent.log import note
from consent.log.cosignature import Cosigner
from consent.witness import folder
from consent.witness.memory import Memory
from tests.witness.growing import LOG_KEYS, Log

NAME = "witness.example"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder.create(tmp_path / "witness", name=NAME)
    return tmp_path / "witness"


def write_logs(made: Path, *lines: object) -> None:
    (made / folder.LOGS).write_text("".join(f"{line}\n" for line in lines))


def test_a_new_witness_has_a_key_of_its_own(made: Path, tmp_path: Path) -> None:
    other = folder.create(tmp_path / "another", name=NAME)

    key = folder.read_key(made)
    assert key.verifier.name == NAME
    assert key.verifier.type == note.COSIGNATURE
    assert key.verifier != other


def test_nobody_else_may_read_the_key(made: Path) -> None:
    assert (made / folder.KEY).stat().st_mode & 0o777 == 0o600
    assert made.stat().st_mode & 0o777 == 0o700


def test_a_witness_is_made_once(made: Path) -> None:
    before = (made / folder.KEY).read_text()

    with pytest.raises(folder.FolderUnusable, match="is not empty"):
        folder.create(made, name=NAME)

    assert (made / folder.KEY).read_text() == before


def test_an_empty_folder_may_be_there_already(tmp_path: Path) -> None:
    assert folder.create(tmp_path, name=NAME).name == NAME


def test_a_name_that_no_key_may_have_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(folder.FolderUnusable, match="no spaces"):
        folder.create(tmp_path / "witness", name="a witness")

    assert not (tmp_path / "witness").exists()


def test_it_begins_without_logs(made: Path) -> None:
    assert folder.read_logs(made) == {}


def test_logs_are_listed_with_comments_and_two_keys_while_one_changes(made: Path) -> None:
    first, second = LOG_KEYS
    bruno = Log(origin="bruno.example/log").vkeys[0]
    write_logs(made, "# ours", first, "", f"{second}  # its next key", bruno)

    assert folder.read_logs(made) == {"ana.example/log": [first, second], "bruno.example/log": [bruno]}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ana.example/log", "joined by"),
        (str(LOG_KEYS[0]).replace("+", "+0", 1), "is not that of its name and key"),
        (Cosigner.from_seed("w.example", bytes(32)).verifier, "key of a witness, not of a log"),
    ],
)
def test_a_line_that_is_no_key_of_a_log_is_named(made: Path, line: object, why: str) -> None:
    write_logs(made, line)

    with pytest.raises(folder.FolderUnusable, match=why):
        folder.read_logs(made)


def test_a_folder_without_a_key_is_no_witness(tmp_path: Path) -> None:
    with pytest.raises(folder.FolderUnusable, match="has no key"):
        folder.read(tmp_path, clock=float)


@pytest.mark.parametrize(
    "text", ["", "witness.example", "witness.example !!!\n", "a+b AAAA\n", "w.example AAAA\n"]
)
def test_a_key_that_cannot_be_read_is_named(made: Path, text: str) -> None:
    (made / folder.KEY).write_text(text)

    with pytest.raises(folder.FolderUnusable, match="is not a name and a key"):
        folder.read_key(made)


def test_a_witness_that_lost_its_memory_does_not_go_on(made: Path) -> None:
    (made / folder.MEMORY).unlink()

    with pytest.raises(folder.FolderUnusable, match="begin another"):
        folder.read(made, clock=float)
    assert not (made / folder.MEMORY).exists()


def test_a_memory_is_made_once(made: Path) -> None:
    with pytest.raises(FileExistsError):
        Memory.create(made / folder.MEMORY)


def test_a_whole_folder_is_a_witness(made: Path) -> None:
    write_logs(made, Log().vkeys[0])

    assert folder.read(made, clock=lambda: 1.0).cosign(Log(size=3).request(0)).status == 200
