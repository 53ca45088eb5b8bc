"""The folder of a witness: its key, its memory, and the list of logs that it witnesses."""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

from consent.log import note
from consent.log.cosignature import Cosigner
from consent.witness.cosigning import Witness
from consent.witness.memory import Memory

KEY = "key"
MEMORY = "memory.sqlite3"
LOGS = "logs"

_LOGS_HEAD = """\
# The logs that are witnessed: one verifier key (name+id+key) a line. Two keys of one name are one log that is
# changing its key. Restart the witness after a change.
"""


class FolderUnusable(Exception):
    """The folder is no witness' folder, or something in it cannot be used; the message says what to do."""


def create(folder: Path, *, name: str) -> note.Verifier:
    """Make the folder of a new witness, with a new key of this name. Returns what others verify it with."""
    if folder.exists() and any(folder.iterdir()):
        raise FolderUnusable(f"{folder} is not empty. A witness begins in a folder of its own.")
    seed = os.urandom(32)
    try:
        verifier = Cosigner.from_seed(name, seed).verifier
    except note.NoteInvalid as error:
        raise FolderUnusable(str(error)) from error
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / LOGS).write_text(_LOGS_HEAD)
    Memory.create(folder / MEMORY)
    with open(folder / KEY, "x", opener=_private) as file:
        file.write(f"{name} {b64encode(seed).decode('ascii')}\n")
    return verifier


def read(folder: Path, *, clock: Callable[[], float]) -> Witness:
    """The witness whose folder this is."""
    return Witness(read_key(folder), _read_memory(folder), read_logs(folder), clock=clock)


def read_key(folder: Path) -> Cosigner:
    """The key of the witness."""
    try:
        name, seed = (folder / KEY).read_text().split()
        return Cosigner.from_seed(name, b64decode(seed, validate=True))
    except FileNotFoundError as error:
        raise FolderUnusable(f"{folder} has no key: make a witness there with `init` first.") from error
    except (ValueError, note.NoteInvalid) as error:
        raise FolderUnusable(f"{folder / KEY} is not a name and a key as `init` writes them.") from error


def read_logs(folder: Path) -> dict[str, list[note.Verifier]]:
    """The keys of each log that is witnessed, by its origin, which is the name of its keys."""
    logs: dict[str, list[note.Verifier]] = {}
    for line in (folder / LOGS).read_text().splitlines():
        vkey = line.partition("#")[0].strip()
        if not vkey:
            continue
        try:
            verifier = note.Verifier.parse(vkey)
        except note.NoteInvalid as error:
            raise FolderUnusable(f"{folder / LOGS}: {line}: {error}") from error
        if verifier.type != note.ED25519:
            raise FolderUnusable(f"{folder / LOGS}: {line}: this is the key of a witness, not of a log.")
        logs.setdefault(verifier.name, []).append(verifier)
    return logs


def _read_memory(folder: Path) -> Memory:
    path = folder / MEMORY
    if not path.exists():
        raise FolderUnusable(
            f"{path} is gone. A witness without its memory would cosign what it must not: begin another, with"
            " a key and a name of its own, and tell the logs."
        )
    return Memory(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
