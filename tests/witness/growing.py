"""A log that lives in memory: it grows, signs, and proves; or is rewritten by whoever has its key."""

from dataclasses import dataclass, field, replace
from typing import Self

from consent.log import add_checkpoint, checkpoint, merkle, note

ORIGIN = "ana.example/log"


@dataclass(frozen=True)
class Log:
    """The leaves of a log, and the seeds of the keys that sign it."""

    leaves: tuple[bytes, ...] = tuple(b"entry %d" % number for number in range(20))
    seeds: tuple[bytes, ...] = (b"a" * 32,)
    origin: str = ORIGIN
    size: int = 0
    extensions: tuple[str, ...] = field(default=())

    @property
    def signers(self) -> list[note.Signer]:
        return [note.Signer.from_seed(self.origin, seed) for seed in self.seeds]

    @property
    def vkeys(self) -> list[note.Verifier]:
        return [signer.verifier for signer in self.signers]

    def grown(self, size: int) -> Self:
        return replace(self, size=size)

    def rewritten(self, index: int) -> Self:
        """The same log with another entry in its past."""
        return replace(self, leaves=(*self.leaves[:index], b"rewritten", *self.leaves[index + 1 :]))

    @property
    def root(self) -> bytes:
        return merkle.root([merkle.leaf_hash(leaf) for leaf in self.leaves[: self.size]])

    @property
    def text(self) -> str:
        return str(
            checkpoint.Checkpoint(
                origin=self.origin, size=self.size, root=self.root, extensions=self.extensions
            )
        )

    @property
    def note(self) -> str:
        return note.sign(self.text, *self.signers)

    def proof(self, old: int) -> tuple[bytes, ...]:
        return tuple(merkle.consistency_proof(self.size, old_size=old, get_hash=self._hash))

    def request(self, old: int) -> bytes:
        """What it sends to a witness that knows `old` of its entries."""
        asked = add_checkpoint.AddCheckpoint(old=old, proof=self.proof(old), checkpoint=self.note)
        return str(asked).encode()

    def _hash(self, level: int, index: int) -> bytes:
        leaves = self.leaves[index << level : (index + 1) << level]
        return merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])


LOG_KEYS = Log(seeds=(b"a" * 32, b"b" * 32)).vkeys
