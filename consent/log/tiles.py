"""The tree as tiles of 256 hashes: their names, their bytes, and how they grow (C2SP tlog-tiles)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from consent.log import merkle

HEIGHT = 8  # levels of the tree in one tile
WIDTH = 256  # hashes in a full tile
ENTRIES = -1  # the "level" of the bundles that hold the entries themselves
LONGEST_ENTRY = 0xFFFF  # bytes

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9]\d?)/(?P<index>(?:x\d{3}/){0,6}\d{3})(?:\.p/(?P<width>\d{1,3}))?", re.A
)


class TileInvalid(ValueError):
    """A name that no tile has, or bytes that are no tile."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Which hashes: `width` of them, from `index` * 256 on, at a level; or entries, at level ENTRIES."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The address below the log's own: tile/0/x001/x234/067.p/8."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        rest, last = divmod(self.index, 1000)
        index = f"{last:03d}"
        while rest:
            rest, group = divmod(rest, 1000)
            index = f"x{group:03d}/{index}"
        return f"tile/{level}/{index}" + (f".p/{self.width}" if self.width < WIDTH else "")

    @property
    def end(self) -> int:
        """The smallest tree that has this tile."""
        return (self.index * WIDTH + self.width) << HEIGHT * max(self.level, 0)


def parse_path(path: str) -> Tile:
    """The tile with this address, which must be spelled exactly as the tile would spell it."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise TileInvalid("This is not the address of a tile.")
    level = ENTRIES if match["level"] == "entries" else int(match["level"])
    tile = Tile(level, int(re.sub("[x/]", "", match["index"])), int(match["width"] or WIDTH))
    # Leading zeros, empty and full "partial" tiles, and more levels and hashes than any log can have.
    if tile.width == 0 or tile.path != path or tile.level > 63 or tile.end >= 1 << 63:
        raise TileInvalid("This is not the address of a tile.")
    return tile


def width(size: int, *, level: int, index: int) -> int:
    """How many hashes a tile has in a tree of `size`: 256, fewer at the right edge, 0 beyond it."""
    return min(max((size >> HEIGHT * max(level, 0)) - index * WIDTH, 0), WIDTH)


def partial_tiles(size: int) -> Iterator[tuple[int, int, int]]:
    """The level, index and width of the unfilled tile at the right edge of each level that has one."""
    level = 0
    while count := size >> HEIGHT * level:
        if count % WIDTH:
            yield level, count // WIDTH, count % WIDTH
        level += 1


def split_hashes(tile: bytes) -> list[bytes]:
    """The hashes of a tile."""
    if not 0 < len(tile) <= WIDTH * merkle.HASH or len(tile) % merkle.HASH:
        raise TileInvalid(f"A tile has 1 to {WIDTH} hashes of {merkle.HASH} bytes, not {len(tile)} bytes.")
    return hashes_in(tile)


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry after its length in two bytes."""
    if not 0 < len(entries) <= WIDTH:
        raise TileInvalid(f"A bundle has 1 to {WIDTH} entries, not {len(entries)}.")
    if any(len(entry) > LONGEST_ENTRY for entry in entries):
        raise TileInvalid(f"An entry has at most {LONGEST_ENTRY} bytes.")
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


def decode_entries(bundle: bytes) -> list[bytes]:
    """The entries of a bundle."""
    entries = []
    position = 0
    while position < len(bundle):
        start = position + 2
        position = start + int.from_bytes(bundle[position:start])
        entries.append(bundle[start:position])
    if position != len(bundle) or not 0 < len(entries) <= WIDTH:
        raise TileInvalid("The bundle is cut off, or has no or too many entries.")
    return entries


@dataclass(frozen=True, slots=True)
class Growth:
    """A tree after leaves were added: each tile that is new or wider, and the edge to grow from next time."""

    size: int
    root: bytes
    tiles: dict[tuple[int, int], bytes]
    edge: dict[int, bytes]


def grow(size: int, edge: Mapping[int, bytes], leaves: Sequence[bytes]) -> Growth:
    """Add leaf hashes to a tree of `size`, of which only the unfilled tile of each level is needed."""
    _check_edge(size, edge)
    if any(len(leaf) != merkle.HASH for leaf in leaves):
        raise TileInvalid(f"A leaf hash does not have {merkle.HASH} bytes.")
    changed: dict[tuple[int, int], bytes] = {}
    new_edge = dict(edge)
    level, risen = 0, b"".join(leaves)
    while risen:
        index = (size >> HEIGHT * level) // WIDTH
        hashes = new_edge.pop(level, b"") + risen
        roots = []
        for start in range(0, len(hashes), WIDTH * merkle.HASH):
            tile = changed[level, index] = hashes[start : start + WIDTH * merkle.HASH]
            if len(tile) == WIDTH * merkle.HASH:
                roots.append(_root_of_full(tile))
                index += 1
            else:
                new_edge[level] = tile
        level, risen = level + 1, b"".join(roots)
    new_size = size + len(leaves)
    return Growth(new_size, root_from_edge(new_size, new_edge), changed, new_edge)


def root_from_edge(size: int, edge: Mapping[int, bytes]) -> bytes:
    """The root of a tree of `size` from the unfilled tiles of its right edge."""
    _check_edge(size, edge)
    right: list[bytes] = []  # what the levels below have at the right, smaller than one hash of this level
    for level in sorted(edge):
        right = [merkle.root(hashes_in(edge[level]) + right)]
    return merkle.root(right)


def _check_edge(size: int, edge: Mapping[int, bytes]) -> None:
    widths = {level: count * merkle.HASH for level, _index, count in partial_tiles(size)}
    if widths != {level: len(tile) for level, tile in edge.items()}:
        raise TileInvalid(f"These tiles are not the right edge of a tree of size {size}.")


def _root_of_full(tile: bytes) -> bytes:
    """What `merkle.root` says of a full tile, sooner: pairs lie side by side and are hashed as they lie."""
    while len(tile) > merkle.HASH:
        pairs = range(0, len(tile), 2 * merkle.HASH)
        tile = b"".join([sha256(b"\x01" + tile[pair : pair + 2 * merkle.HASH]).digest() for pair in pairs])
    return tile


def hashes_in(tile: bytes) -> list[bytes]:
    """The hashes that lie side by side in `tile`, unchecked."""
    return [tile[start : start + merkle.HASH] for start in range(0, len(tile), merkle.HASH)]
