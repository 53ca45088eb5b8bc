"""Proofs drawn from tiles, and the file that carries one to whoever wants to check it (C2SP tlog-proof)."""

import re
from base64 import b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass

from consent.log import checkpoint, merkle, note, tiles

MEDIA_TYPE = "text/plain; charset=utf-8"
FIRST_LINE = "c2sp.org/tlog-proof@v1"
LONGEST_PROOF = 63  # a tree of 2**63 leaves has no more levels
KEPT_TILES = 1024

# The first `width` hashes of the tile `index` of `level`, concatenated.
ReadTile = Callable[[int, int, int], bytes]

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


def inclusion(index: int, size: int, read_tile: ReadTile) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size`: a tile read for 8 levels, or two at the edge."""
    return TiledTree(size, read_tile).inclusion(index)


def consistency(old_size: int, size: int, read_tile: ReadTile) -> list[bytes]:
    """The proof that the tree of `old_size` is the beginning of the tree of `size`."""
    return TiledTree(size, read_tile).consistency(old_size)


class TiledTree:
    """A tree of one size, read through its tiles; it keeps what it has read, for many proofs in a row."""

    def __init__(self, size: int, read_tile: ReadTile) -> None:
        self.size = size
        self._read_tile = read_tile
        self._kept: dict[tuple[int, int], list[list[bytes]]] = {}
        self._last_above: tuple[int, list[bytes]] = (-1, [])

    def root(self) -> bytes:
        return merkle.root_of(self.size, get_hash=self.hash)

    def inclusion(self, index: int) -> list[bytes]:
        tile, place = divmod(index, tiles.WIDTH)
        if not 0 <= tile < self.size // tiles.WIDTH:
            return merkle.inclusion_proof(self.size, index=index, get_hash=self.hash)
        # Neighbours share all that is above their tile: seven times faster where they are proved in order.
        levels = self._kept.get((0, tile)) or self._read(0, tile)
        return [hashes[place >> inner ^ 1] for inner, hashes in enumerate(levels)] + self._above(tile)

    def consistency(self, old_size: int) -> list[bytes]:
        return merkle.consistency_proof(self.size, old_size=old_size, get_hash=self.hash)

    def hash(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree; the levels inside a tile are computed, not stored."""
        tile_level, inner = divmod(level, tiles.HEIGHT)
        tile_index, place = divmod(index, tiles.WIDTH >> inner)
        levels = self._kept.get((tile_level, tile_index)) or self._read(tile_level, tile_index)
        return levels[inner][place]

    def _above(self, tile: int) -> list[bytes]:
        if self._last_above[0] != tile:
            path = merkle.inclusion_proof(self.size, index=tile, level=tiles.HEIGHT, get_hash=self.hash)
            self._last_above = (tile, path)
        return self._last_above[1]

    def _read(self, level: int, index: int) -> list[list[bytes]]:
        width = tiles.width(self.size, level=level, index=index)
        hashes = tiles.split_hashes(self._read_tile(level, index, width))
        if len(hashes) != width:
            raise tiles.TileInvalid(f"The tile {level}/{index} has {len(hashes)} hashes, not {width}.")
        levels = [hashes]
        for _ in range(1, tiles.HEIGHT):
            below = levels[-1]
            levels.append([*map(merkle.node_hash, below[0::2], below[1::2])])  # the odd one is incomplete
        if len(self._kept) >= KEPT_TILES:
            self._kept.clear()
        self._kept[level, index] = levels
        return levels


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a `.tlog-proof` file says: where an entry is, and under which signed checkpoint."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None  # NOT covered by any signature

    @property
    def origin(self) -> str:
        """The name of the log, as the checkpoint says it; nothing is verified yet."""
        return self.checkpoint.partition("\n")[0]

    def __str__(self) -> str:
        extra = [] if self.extra is None else [f"extra {_base64(self.extra)}"]
        lines = [FIRST_LINE, *extra, f"index {self.index}", *map(_base64, self.hashes)]
        return "\n".join(lines) + "\n\n" + self.checkpoint


def parse(text: str) -> Proof:
    """Read a `.tlog-proof` file without believing it yet: see `verify`."""
    head, blank, signed = text.partition("\n\n")
    first, *lines = head.split("\n")
    if first != FIRST_LINE or not blank:
        raise merkle.ProofInvalid(f"The file does not begin with {FIRST_LINE}, or has no checkpoint.")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _decoded(lines.pop(0).removeprefix("extra "))
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None:
        raise merkle.ProofInvalid("The file does not say the index of the entry.")
    if len(lines) > LONGEST_PROOF:
        raise merkle.ProofInvalid("The inclusion proof has too many hashes.")
    hashes = tuple(_decoded(line) for line in lines)
    return Proof(index=int(index[1]), hashes=hashes, checkpoint=signed, extra=extra)


def verify(
    proof: Proof, *, leaf: bytes, log: note.Verifier, witnesses: Collection[note.Verifier] = ()
) -> checkpoint.Signed:
    """Raise unless the log signed a tree with this leaf hash at the proof's index; else what was signed.

    Does NOT decide how many of the witnesses are enough: the result lists those that cosigned.
    """
    signed = checkpoint.verify(proof.checkpoint, log=log, witnesses=witnesses)
    merkle.verify_inclusion(
        leaf, index=proof.index, size=signed.checkpoint.size, root=signed.checkpoint.root, proof=proof.hashes
    )
    return signed


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _decoded(line: str) -> bytes:
    try:
        return note.decode_base64(line)
    except note.NoteInvalid as failure:
        raise merkle.ProofInvalid("A line of the proof is not base64.") from failure
