"""What a log and a witness say to one another, letter by letter."""

from hashlib import sha256

import pytest

from consent.log import add_checkpoint, proofs
from tests.witness.growing import Log

LOG = Log(size=8)
NOTE = LOG.note
HASH = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw="


def test_a_request_is_read_as_it_was_written() -> None:
    asked = add_checkpoint.AddCheckpoint(old=5, proof=LOG.proof(5), checkpoint=NOTE)

    assert add_checkpoint.parse(str(asked)) == asked


def test_it_is_written_as_the_specification_shows_it() -> None:
    asked = add_checkpoint.AddCheckpoint(old=20852014, proof=(bytes(32),), checkpoint=NOTE)

    assert str(asked) == f"old 20852014\n{'A' * 43}=\n\n{NOTE}"


def test_a_first_request_has_no_proof() -> None:
    assert add_checkpoint.parse(f"old 0\n\n{NOTE}").proof == ()


def test_a_proof_may_have_63_hashes_and_no_more() -> None:
    lines = f"{HASH}\n" * proofs.LONGEST_PROOF

    assert len(add_checkpoint.parse(f"old 5\n{lines}\n{NOTE}").proof) == 63
    with pytest.raises(add_checkpoint.Malformed, match="more than 63 hashes"):
        add_checkpoint.parse(f"old 5\n{lines}{HASH}\n\n{NOTE}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not begin with the old size"),
        (NOTE, "does not begin with the old size"),
        (f"old\n\n{NOTE}", "does not begin with the old size"),
        (f"old 05\n\n{NOTE}", "does not begin with the old size"),
        (f"old -1\n\n{NOTE}", "does not begin with the old size"),
        (f"old ٥\n\n{NOTE}", "does not begin with the old size"),
        (f"old 5 \n\n{NOTE}", "does not begin with the old size"),
        (f"OLD 5\n\n{NOTE}", "does not begin with the old size"),
        (f"old {1 << 63}\n\n{NOTE}", "does not begin with the old size"),
        (f"old 5\n{HASH}\n", "has no checkpoint"),
        (f"old 5\r\n\r\n{NOTE}", "does not begin with the old size"),
        (f"old 5\nnot base64!\n\n{NOTE}", "not base64"),
        (f"old 5\n{HASH[:-1]}\n\n{NOTE}", "not base64"),
        ("old 5\nAAAA\n\n" + NOTE, "does not have 32 bytes"),
        ("old 5\n\nno note", "no blank line"),
    ],
)
def test_what_is_not_written_so_is_refused(text: str, why: str) -> None:
    with pytest.raises(add_checkpoint.Malformed, match=why):
        add_checkpoint.parse(text)


def test_a_size_is_a_number_and_a_newline() -> None:
    assert add_checkpoint.parse_size("20852163\n") == 20852163
    for wrong in ("", "5", "05\n", "-5\n", "5\n\n", "5 \n", "five\n", f"{1 << 63}\n"):
        with pytest.raises(add_checkpoint.Malformed):
            add_checkpoint.parse_size(wrong)


def test_a_log_is_looked_up_by_the_hash_of_its_origin() -> None:
    hashed = sha256(b"ana.example/log").hexdigest()

    assert add_checkpoint.address_of_latest("ana.example/log") == f"{hashed}/checkpoint"
