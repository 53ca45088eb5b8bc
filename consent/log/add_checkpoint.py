"""What a log asks of a witness, as both of them write and read it (C2SP tlog-witness)."""

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256

from consent.log import checkpoint, merkle, note, proofs

ADDRESS = "add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"  # of the body of a 409: the size the witness knows

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\n")


class Malformed(ValueError):
    """A request or an answer that is not written as tlog-witness has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """A checkpoint to cosign, and the proof that it continues the one of `old` entries the witness knows."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: str

    def __str__(self) -> str:
        lines = [f"old {self.old}", *(b64encode(each).decode("ascii") for each in self.proof)]
        return "\n".join(lines) + "\n\n" + self.checkpoint


def parse(text: str) -> AddCheckpoint:
    """Read a request without believing any of it. Raises Malformed."""
    head, blank, signed = text.partition("\n\n")
    first, *lines = head.split("\n")
    old = _OLD.fullmatch(first)
    if old is None or not blank or int(old[1]) > checkpoint.LARGEST:
        raise Malformed("The request does not begin with the old size, or has no checkpoint.")
    if len(lines) > proofs.LONGEST_PROOF:
        raise Malformed(f"The proof has more than {proofs.LONGEST_PROOF} hashes.")
    try:
        hashes = tuple(note.decode_base64(line) for line in lines)
        note.split(signed)
    except note.NoteInvalid as error:
        raise Malformed(str(error)) from error
    if any(len(each) != merkle.HASH for each in hashes):
        raise Malformed(f"A hash of the proof does not have {merkle.HASH} bytes.")
    return AddCheckpoint(old=int(old[1]), proof=hashes, checkpoint=signed)


def parse_size(body: str) -> int:
    """The size that a witness names in its 409. Raises Malformed."""
    size = _SIZE.fullmatch(body)
    if size is None or int(size[1]) > checkpoint.LARGEST:
        raise Malformed("The answer is not the size of a log.")
    return int(size[1])


def address_of_latest(origin: str) -> str:
    """Where a witness shows the latest checkpoint of a log that it cosigned, below its own address."""
    return f"{sha256(origin.encode()).hexdigest()}/checkpoint"
