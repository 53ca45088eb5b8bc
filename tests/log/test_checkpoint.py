"""What a log signs about itself."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.log import checkpoint, merkle, note
from tests.log import published
from tests.log.test_note import cosign

LOG = checkpoint.Signer.from_seed("ana.example/log", bytes(range(32)))
OTHER = checkpoint.Signer.from_seed("bruno.example/log", bytes(32))
ROOT = merkle.leaf_hash(b"entry")
ROOT_TEXT = b64encode(ROOT).decode()
BODY = f"ana.example/log\n1\n{ROOT_TEXT}\n"


def test_it_is_written_as_three_lines_and_signed() -> None:
    signed = checkpoint.sign(origin="ana.example/log", size=1, root=ROOT, key=LOG)
    assert signed.startswith(BODY + "\n— ana.example/log ")
    found = checkpoint.verify(signed, log=LOG.verifier)
    assert found.checkpoint == checkpoint.Checkpoint(origin="ana.example/log", size=1, root=ROOT)
    assert found.cosignatures == ()


@given(st.integers(1, checkpoint.LARGEST), st.binary(min_size=32, max_size=32))
def test_it_is_read_as_it_was_written(size: int, root: bytes) -> None:
    written = checkpoint.Checkpoint(origin="ana.example/log", size=size, root=root)
    assert checkpoint.parse(str(written)) == written


def test_the_log_must_have_signed_it_whoever_else_did() -> None:
    witness, line = cosign(BODY, "witness.example", time=1)
    only_witnessed = note.sign(BODY, OTHER) + line
    with pytest.raises(checkpoint.NoteInvalid, match=r"not signed by ana\.example/log"):
        checkpoint.verify(only_witnessed, log=LOG.verifier, witnesses=[witness])
    with pytest.raises(checkpoint.NoteInvalid, match="None of the keys we trust"):
        checkpoint.verify(only_witnessed, log=LOG.verifier)


def test_witnesses_that_cosigned_are_named_with_the_time() -> None:
    one, one_line = cosign(BODY, "one.example", time=1_767_139_200)
    two, two_line = cosign(BODY, "two.example", time=1_767_139_201)
    absent, _line = cosign(BODY, "absent.example", time=0)
    signed = note.sign(BODY, LOG) + one_line + two_line
    found = checkpoint.verify(signed, log=LOG.verifier, witnesses=[one, absent, two])
    assert found.cosignatures == (note.Signature(one, 1_767_139_200), note.Signature(two, 1_767_139_201))


def test_a_checkpoint_of_another_log_is_refused_though_our_key_signed_it() -> None:
    signed = note.sign(f"bruno.example/log\n1\n{ROOT_TEXT}\n", LOG)
    with pytest.raises(checkpoint.NoteInvalid, match="of another log"):
        checkpoint.verify(signed, log=LOG.verifier)
    assert checkpoint.verify(signed, log=LOG.verifier, origin="bruno.example/log").checkpoint.size == 1


def test_extension_lines_are_kept() -> None:
    found = checkpoint.parse(BODY + "more\nand more\n")
    assert found.extensions == ("more", "and more")
    assert str(found) == BODY + "more\nand more\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "lines for its origin, size and root"),
        ("\n", "lines for its origin, size and root"),
        ("ana.example/log\n1\n", "lines for its origin, size and root"),
        (BODY.removesuffix("\n"), "lines for its origin, size and root"),
        (BODY + "\n", "lines for its origin, size and root"),
        (BODY + "extension\n\nafter it\n", "lines for its origin, size and root"),
        ("\n" + BODY, "lines for its origin, size and root"),
        (f"ana.example/log\n01\n{ROOT_TEXT}\n", "not a number we can count to"),
        (f"ana.example/log\n-1\n{ROOT_TEXT}\n", "not a number we can count to"),
        (f"ana.example/log\n+1\n{ROOT_TEXT}\n", "not a number we can count to"),
        (f"ana.example/log\n1_0\n{ROOT_TEXT}\n", "not a number we can count to"),
        (f"ana.example/log\n١\n{ROOT_TEXT}\n", "not a number we can count to"),
        (f"ana.example/log\n{1 << 63}\n{ROOT_TEXT}\n", "not a number we can count to"),
        (f"ana.example/log\n{'9' * 5_000}\n{ROOT_TEXT}\n", "not a number we can count to"),
        ("ana.example/log\n1\nnot base64!\n", "not base64"),
        (f"ana.example/log\n1\n {ROOT_TEXT}\n", "not base64"),
        (f"ana.example/log\n1\n{b64encode(ROOT[1:]).decode()}\n", "does not have 32 bytes"),
        (f"ana.example/log\n0\n{ROOT_TEXT}\n", "not that of the empty tree"),
    ],
)
def test_what_is_no_checkpoint_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(checkpoint.NoteInvalid, match=why):
        checkpoint.parse(text)


def test_an_empty_log_has_a_checkpoint_too() -> None:
    signed = checkpoint.sign(origin="ana.example/log", size=0, root=merkle.EMPTY_ROOT, key=LOG)
    assert checkpoint.verify(signed, log=LOG.verifier).checkpoint.size == 0


@pytest.mark.parametrize(
    ("origin", "size", "root"), [("", 1, ROOT), ("two\nlines", 1, ROOT), ("a", -1, ROOT), ("a", 1, b"short")]
)
def test_only_what_can_be_read_back_is_signed(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(checkpoint.NoteInvalid):
        checkpoint.sign(origin=origin, size=size, root=root, key=LOG)


@published.needed
def test_published_checkpoints() -> None:
    vectors = {vector["name"]: vector for vector in published.read("signed_note_vectors.json")["vectors"]}
    found = {}
    for name in ("witness_test_monkeys_5", "witness_test_monkeys_8"):
        log = checkpoint.Verifier.parse(vectors[name]["vkeys"][0])
        found[name] = checkpoint.verify(vectors[name]["note"], log=log).checkpoint
    old, new = found.values()
    assert (old.size, new.size) == (5, 8)
    proof = [
        bytes.fromhex(each) for each in vectors["witness_test_monkeys_8"]["consistency_proof_from_5_hex"]
    ]
    merkle.verify_consistency(old_size=old.size, old_root=old.root, size=new.size, root=new.root, proof=proof)


@published.needed
def test_a_published_checkpoint_whose_key_has_another_name_than_its_log() -> None:
    vectors = {vector["name"]: vector for vector in published.read("signed_note_vectors.json")["vectors"]}
    vector = vectors["sum_golang_org_checkpoint"]
    log = checkpoint.Verifier.parse(vector["vkeys"][0])
    found = checkpoint.verify(vector["note"], log=log, origin="go.sum database tree")
    assert found.checkpoint.size == 6_476_701
