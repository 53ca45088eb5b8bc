"""Tiles: their names, their bytes, and growth that gives the very tree the leaves would give at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.log import merkle, tiles
from consent.log.tiles import ENTRIES, Tile, TileInvalid

LEAVES = [merkle.leaf_hash(index.to_bytes(4)) for index in range(70_000)]


def slice_of(size: int, level: int, index: int, width: int) -> bytes:
    """A tile by its definition: the roots over runs of 256**level leaves."""
    run = 256**level
    starts = range(index * 256 * run, (index * 256 + width) * run, run)
    assert starts[-1] + run <= size
    return b"".join(merkle.root(LEAVES[start : start + run]) for start in starts)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(0, 1_234_067, 8), "tile/0/x001/x234/067.p/8"),
        (Tile(7, 0, 127), "tile/7/000.p/127"),
        (Tile(ENTRIES, 273, 112), "tile/entries/273.p/112"),
        (Tile(ENTRIES, 5), "tile/entries/005"),
    ],
)
def test_a_tile_has_one_address(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert tiles.parse_path(path) == tile


@given(st.integers(ENTRIES, 6), st.integers(0, 126), st.integers(1, 256))
def test_every_address_is_read_as_it_is_written(level: int, index: int, width: int) -> None:
    tile = Tile(level, index * 7_654_321 if level < 4 else index, width)
    assert tiles.parse_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x-1",
        "tile/0/-01", "tile/0/x001", "tile/0/001/002", "tile/0/x000/001", "tile/00/000",
        "tile/01/000", "tile/64/000", "tile/100/000", "tile/-1/000", "tile/Entries/000",
        "tile/0/000.p/0", "tile/0/000.p/00", "tile/0/000.p/01", "tile/0/000.p/256",
        "tile/0/000.p/257", "tile/0/000.p/", "tile/0/000.p", "tile/0/000.p/1/", "tile/0/000/",
        "/tile/0/000", "tile/0/%2e%2e", "tile/0/../000", "tile/0/٠٠٠", "tile/0/000\n", "tile/8/000",
        "tile/63/000", "tile/7/128", "tile/0/" + "x999/" * 8 + "999",
        "tile/0/" + "x999/" * 2_000 + "999",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_tile_is_refused(path: str) -> None:
    with pytest.raises(TileInvalid):
        tiles.parse_path(path)


def test_a_tile_belongs_to_every_tree_from_its_end_on() -> None:
    assert Tile(0, 0, 1).end == 1
    assert Tile(ENTRIES, 1, 44).end == 300
    assert Tile(1, 0).end == 65_536


def test_the_tiles_of_the_specification_s_own_example() -> None:
    assert list(tiles.partial_tiles(70_000)) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert list(tiles.partial_tiles(256)) == [(1, 0, 1)]
    assert list(tiles.partial_tiles(0)) == []


@pytest.mark.parametrize(
    ("level", "index", "width"),
    [
        (0, 0, 256),
        (0, 272, 256),
        (0, 273, 112),
        (0, 274, 0),
        (1, 1, 17),
        (2, 0, 1),
        (3, 0, 0),
        (ENTRIES, 273, 112),
    ],
)
def test_a_tile_is_full_partial_or_absent(level: int, index: int, width: int) -> None:
    assert tiles.width(70_000, level=level, index=index) == width


def test_hashes_are_split_and_nothing_else_is() -> None:
    assert tiles.split_hashes(LEAVES[0] + LEAVES[1]) == LEAVES[:2]
    for wrong in [b"", b"x" * 31, b"x" * 33, b"x" * 32 * 257]:
        with pytest.raises(TileInvalid, match="A tile has 1 to 256 hashes"):
            tiles.split_hashes(wrong)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert tiles.decode_entries(tiles.encode_entries(entries)) == entries


def test_a_bundle_is_lengths_and_entries() -> None:
    assert tiles.encode_entries([b"ab", b"", b"c" * 258]) == b"\x00\x02ab\x00\x00\x01\x02" + b"c" * 258
    longest = b"x" * 65_535
    assert tiles.decode_entries(tiles.encode_entries([longest])) == [longest]


def test_what_does_not_fit_a_bundle_is_refused() -> None:
    with pytest.raises(TileInvalid, match="at most 65535 bytes"):
        tiles.encode_entries([b"x" * 65_536])
    for count in (0, 257):
        with pytest.raises(TileInvalid, match="1 to 256 entries"):
            tiles.encode_entries([b""] * count)
    for wrong in [b"", b"\x00", b"\x00\x01", b"\x00\x00\x01", b"\x00\x02a", b"\x00\x00" * 257]:
        with pytest.raises(TileInvalid, match="cut off"):
            tiles.decode_entries(wrong)


@pytest.mark.parametrize("size", range(71))
def test_growing_leaf_by_leaf_gives_the_root_of_every_size(size: int) -> None:
    now, edge = 0, {}
    for leaf in LEAVES[:size]:
        growth = tiles.grow(now, edge, [leaf])
        now, edge = growth.size, growth.edge
    assert tiles.root_from_edge(size, edge) == merkle.root(LEAVES[:size])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=5), st.sampled_from([0, 1, 255, 256, 600, 2_000]))
def test_growing_in_any_steps_gives_the_same_tree(steps: list[int], first: int) -> None:
    size, edge, stored = 0, {}, {}
    for count in [first, *steps]:
        growth = tiles.grow(size, edge, LEAVES[size : size + count])
        for place, tile in growth.tiles.items():
            assert tile.startswith(stored.get(place, b"")), "a tile only grows to the right"
            assert tile != stored.get(place), "only changed tiles are returned"
        stored |= growth.tiles
        size, edge = growth.size, growth.edge
        assert growth.root == tiles.root_from_edge(size, edge) == merkle.root(LEAVES[:size])
        partial = {level: stored[level, index] for level, index, _width in tiles.partial_tiles(size)}
        assert edge == partial
    at_once = tiles.grow(0, {}, LEAVES[:size])
    assert (at_once.root, at_once.tiles) == (merkle.root(LEAVES[:size]), stored)


def test_growing_past_a_full_tile_of_the_second_level() -> None:
    size, edge, stored = 0, {}, {}
    for count in (65_535, 1, 1, 300):
        growth = tiles.grow(size, edge, LEAVES[size : size + count])
        size, edge, stored = growth.size, growth.edge, stored | growth.tiles
        assert growth.root == merkle.root(LEAVES[:size])
    assert tiles.grow(0, {}, LEAVES[:size]).tiles == stored
    assert sorted(edge) == [0, 1, 2]


def test_the_tiles_are_those_of_the_definition() -> None:
    size = 66_000
    for (level, index), tile in tiles.grow(0, {}, LEAVES[:size]).tiles.items():
        if level or index in (0, 1, 200, 257):
            width = tiles.width(size, level=level, index=index)
            assert tile == slice_of(size, level, index, width)


def test_growing_by_nothing_changes_nothing() -> None:
    before = tiles.grow(0, {}, LEAVES[:300])
    after = tiles.grow(before.size, before.edge, [])
    assert (after.size, after.root, after.tiles, after.edge) == (300, before.root, {}, before.edge)


def test_growing_leaves_the_given_edge_alone() -> None:
    edge = tiles.grow(0, {}, LEAVES[:255]).edge
    kept = dict(edge)
    tiles.grow(255, edge, LEAVES[255:257])
    assert edge == kept


@pytest.mark.parametrize("size", [254, 256, 255 * 256])
def test_an_edge_of_another_tree_is_refused(size: int) -> None:
    edge = tiles.grow(0, {}, LEAVES[:255]).edge
    with pytest.raises(TileInvalid, match=f"not the right edge of a tree of size {size}"):
        tiles.grow(size, edge, LEAVES[:1])
    with pytest.raises(TileInvalid, match="not the right edge"):
        tiles.root_from_edge(size, edge)


@pytest.mark.parametrize("leaf", [b"", b"x" * 31, b"x" * 64])
def test_what_is_no_leaf_hash_is_refused(leaf: bytes) -> None:
    with pytest.raises(TileInvalid, match="A leaf hash does not have 32 bytes"):
        tiles.grow(0, {}, [LEAVES[0], leaf])
