"""The signed statement of a log's size and root (C2SP tlog-checkpoint)."""

import re
from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass

from consent.log import merkle, note
from consent.log.note import NoteInvalid, Signature, Signer, Verifier

__all__ = [
    "Checkpoint",
    "EmptyRootWrong",
    "NoteInvalid",
    "Signature",
    "Signed",
    "Signer",
    "Verifier",
    "parse",
    "sign",
    "verify",
]

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
LARGEST = (1 << 63) - 1


class EmptyRootWrong(NoteInvalid):
    """An empty log is said to have a root it cannot have; a witness tells this apart from nonsense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How large a log is, and the root of its tree. Extension lines are kept, and mean nothing to us."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __str__(self) -> str:
        root = b64encode(self.root).decode("ascii")
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A checkpoint that the log signed, with the witnesses that cosigned it."""

    checkpoint: Checkpoint
    cosignatures: tuple[Signature, ...]


def sign(*, origin: str, size: int, root: bytes, key: Signer) -> str:
    """A note that says how large the log is; whoever calls sees to it that no two of them contradict."""
    text = str(Checkpoint(origin=origin, size=size, root=root))
    parse(text)
    return note.sign(text, key)


def parse(text: str) -> Checkpoint:
    """Read the text of a checkpoint, without its signatures."""
    origin, size, root, *extensions = (*text.split("\n")[:-1], "", "", "")[: max(text.count("\n"), 3)]
    if not text.endswith("\n") or not all((origin, size, root, *extensions)):
        raise NoteInvalid("A checkpoint has lines for its origin, size and root, none of them empty.")
    if not _SIZE.fullmatch(size) or int(size) > LARGEST:
        raise NoteInvalid("The size of a checkpoint is not a number we can count to.")
    root_hash = note.decode_base64(root)
    if len(root_hash) != merkle.HASH:
        raise NoteInvalid(f"The root of a checkpoint does not have {merkle.HASH} bytes.")
    if int(size) == 0 and root_hash != merkle.EMPTY_ROOT:
        raise EmptyRootWrong("The root of an empty log is not that of the empty tree.")
    return Checkpoint(origin=origin, size=int(size), root=root_hash, extensions=tuple(extensions))


def verify(
    text: str, *, log: Verifier, witnesses: Collection[Verifier] = (), origin: str | None = None
) -> Signed:
    """The checkpoint in a note, which `log` must have signed; witnesses may have, but never wrongly.

    The origin is the name of the log's key, unless the log is one of the few that keep the two apart.
    """
    body, signatures = note.verify(text, verifiers=[log, *witnesses])
    if log not in [signature.verifier for signature in signatures]:
        raise NoteInvalid(f"The checkpoint is not signed by {log.name}.")
    checkpoint = parse(body)
    if checkpoint.origin != (origin or log.name):
        raise NoteInvalid("The checkpoint is of another log.")
    cosignatures = tuple(signature for signature in signatures if signature.verifier != log)
    return Signed(checkpoint=checkpoint, cosignatures=cosignatures)
