"""Proofs drawn from tiles, and the files that carry them away."""

from base64 import b64encode
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.log import checkpoint, merkle, proofs, tiles
from tests.log import published
from tests.log.test_note import cosign

LEAVES = [merkle.leaf_hash(index.to_bytes(4)) for index in range(66_100)]
TILES = tiles.grow(0, {}, LEAVES).tiles
LOG = checkpoint.Signer.from_seed("ana.example/log", bytes(range(32)))


def read_tile(level: int, index: int, width: int) -> bytes:
    tile = TILES[level, index]
    assert 0 < width * merkle.HASH <= len(tile), "only tiles that the tree has may be read"
    return tile[: width * merkle.HASH]


@cache
def subtree(level: int, index: int) -> bytes:
    return merkle.root(LEAVES[index << level : index + 1 << level])


@pytest.mark.parametrize("size", range(1, 71))
def test_every_leaf_of_every_small_tree_is_proved_from_tiles(size: int) -> None:
    root = merkle.root(LEAVES[:size])
    for index in range(size):
        proof = proofs.inclusion(index, size, read_tile)
        assert proof == merkle.inclusion_proof(size, index=index, get_hash=subtree)
        merkle.verify_inclusion(LEAVES[index], index=index, size=size, root=root, proof=proof)


sizes = st.one_of(
    st.integers(1, len(LEAVES)), st.sampled_from([255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_048])
)


@settings(max_examples=30, deadline=None)
@given(st.data(), sizes)
def test_tiles_prove_what_the_leaves_prove(data: st.DataObject, size: int) -> None:
    tree = proofs.TiledTree(size, read_tile)
    index, old_size = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    root = merkle.root(LEAVES[:size])
    assert tree.root() == root
    assert tree.inclusion(index) == merkle.inclusion_proof(size, index=index, get_hash=subtree)
    merkle.verify_inclusion(
        LEAVES[index], index=index, size=size, root=root, proof=proofs.inclusion(index, size, read_tile)
    )
    proof = tree.consistency(old_size)
    assert proof == proofs.consistency(old_size, size, read_tile)
    merkle.verify_consistency(
        old_size=old_size, old_root=merkle.root(LEAVES[:old_size]), size=size, root=root, proof=proof
    )


def test_many_proofs_of_one_tree_are_the_same_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "KEPT_TILES", 2)  # so that tiles are forgotten and read again
    size = 66_000
    tree = proofs.TiledTree(size, read_tile)
    for index in [0, 1, 255, 256, 700, 65_535, 65_536, 65_999, 1, 300]:
        assert tree.inclusion(index) == merkle.inclusion_proof(size, index=index, get_hash=subtree)


def test_a_proof_reads_few_tiles() -> None:
    read = []

    def counted(level: int, index: int, width: int) -> bytes:
        read.append((level, index))
        return read_tile(level, index, width)

    proofs.inclusion(1_000, 66_000, counted)
    assert len(read) == len(set(read)) <= 4
    read.clear()
    proofs.consistency(40_000, 66_000, counted)
    assert len(read) == len(set(read)) <= 6


@pytest.mark.parametrize("index", [-1, 300, 512])
def test_a_leaf_beyond_the_tree_is_not_proved(index: int) -> None:
    with pytest.raises(ValueError, match="There is no"):
        proofs.inclusion(index, 300, read_tile)


def test_a_tile_of_another_width_than_asked_for_is_noticed() -> None:
    with pytest.raises(tiles.TileInvalid, match="has 256 hashes, not 44"):
        proofs.inclusion(299, 300, lambda level, index, _width: read_tile(level, index, 256))


def proof_of(index: int, size: int, *, extra: bytes | None = None, cosignature: str = "") -> proofs.Proof:
    signed = checkpoint.sign(origin="ana.example/log", size=size, root=merkle.root(LEAVES[:size]), key=LOG)
    hashes = tuple(proofs.inclusion(index, size, read_tile))
    return proofs.Proof(index=index, hashes=hashes, checkpoint=signed + cosignature, extra=extra)


def test_a_proof_file_is_written_line_by_line() -> None:
    proof = proof_of(2, 3)
    assert str(proof) == (
        "c2sp.org/tlog-proof@v1\n"
        "index 2\n"
        f"{b64encode(merkle.node_hash(LEAVES[0], LEAVES[1])).decode()}\n"
        "\n"
        f"{proof.checkpoint}"
    )
    with_extra = str(proof_of(2, 3, extra=b"salt"))
    assert with_extra.splitlines()[:3] == ["c2sp.org/tlog-proof@v1", "extra c2FsdA==", "index 2"]


@pytest.mark.parametrize("extra", [None, b"salt", b""])
@pytest.mark.parametrize(("index", "size"), [(0, 1), (2, 3), (299, 300), (7, 66_000)])
def test_a_proof_file_is_read_as_it_was_written_and_proves(
    index: int, size: int, extra: bytes | None
) -> None:
    written = proof_of(index, size, extra=extra)
    read = proofs.parse(str(written))
    assert read == written
    signed = proofs.verify(read, leaf=LEAVES[index], log=LOG.verifier)
    assert (signed.checkpoint.size, signed.cosignatures) == (size, ())


def test_the_witnesses_of_a_proof_are_named() -> None:
    body = str(checkpoint.Checkpoint(origin="ana.example/log", size=3, root=merkle.root(LEAVES[:3])))
    witness, line = cosign(body, "witness.example", time=1_767_139_200)
    proof = proof_of(1, 3, cosignature=line)
    signed = proofs.verify(proof, leaf=LEAVES[1], log=LOG.verifier, witnesses=[witness])
    assert [(each.verifier.name, each.time) for each in signed.cosignatures] == [
        ("witness.example", 1_767_139_200)
    ]


def test_a_proof_of_another_entry_place_or_log_proves_nothing() -> None:
    proof = proof_of(2, 3)
    with pytest.raises(merkle.ProofInvalid):
        proofs.verify(proof, leaf=LEAVES[1], log=LOG.verifier)
    with pytest.raises(merkle.ProofInvalid):
        proofs.verify(
            proofs.Proof(index=1, hashes=proof.hashes, checkpoint=proof.checkpoint),
            leaf=LEAVES[2],
            log=LOG.verifier,
        )
    other = checkpoint.Signer.from_seed("ana.example/log", bytes(32))
    with pytest.raises(checkpoint.NoteInvalid):
        proofs.verify(proof, leaf=LEAVES[2], log=other.verifier)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_changed_character_spoils_a_proof_file(data: st.DataObject) -> None:
    text = str(proof_of(2, 3))
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.characters(codec="utf-8").filter(lambda other: other != text[place]))
    changed = text[:place] + character + text[place + 1 :]
    with pytest.raises((merkle.ProofInvalid, checkpoint.NoteInvalid)):
        proofs.verify(proofs.parse(changed), leaf=LEAVES[2], log=LOG.verifier)


FILE = str(proof_of(2, 3))
HASH_LINE = FILE.splitlines()[2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not begin with"),
        (FILE.replace("@v1", "@v2"), "does not begin with"),
        (FILE.replace("\n", "\r\n"), "does not begin with"),
        ("\n" + FILE, "does not begin with"),
        ("c2sp.org/tlog-proof@v1\nindex 2\n", "has no checkpoint"),
        ("c2sp.org/tlog-proof@v1\n\nrest", "does not say the index"),
        (FILE.replace("index 2", "index -2"), "does not say the index"),
        (FILE.replace("index 2", "index 02"), "does not say the index"),
        (FILE.replace("index 2", "index 2 "), "does not say the index"),
        (FILE.replace("index 2", "index ٢"), "does not say the index"),
        (FILE.replace("index 2", f"index {'9' * 5_000}"), "does not say the index"),
        (FILE.replace("index 2", "index 2\nextra AA=="), "not base64"),
        (FILE.replace("index 2", "extra AA==\nextra AA==\nindex 2"), "does not say the index"),
        (FILE.replace("index 2", "extra AA\nindex 2"), "not base64"),
        (FILE.replace(HASH_LINE, HASH_LINE + " "), "not base64"),
        (FILE.replace(HASH_LINE, f"{HASH_LINE}\n" * 63 + HASH_LINE), "too many hashes"),
    ],
)
def test_what_is_no_proof_file_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(merkle.ProofInvalid, match=why):
        proofs.parse(text)


@published.needed
def test_a_tree_of_published_leaves_proves_them() -> None:
    vectors = published.read("rfc6962_vectors.json")
    leaves = [merkle.leaf_hash(bytes.fromhex(entry)) for entry in vectors["leaf_inputs_hex"]]
    stored = tiles.grow(0, {}, leaves).tiles
    tree = proofs.TiledTree(8, lambda level, index, width: stored[level, index][: width * merkle.HASH])
    assert tree.root().hex() == vectors["root_hash_by_tree_size"][8]
    for level, hashes in enumerate(vectors["node_hashes_by_level"]):
        assert [tree.hash(level, index).hex() for index in range(len(hashes))] == hashes
