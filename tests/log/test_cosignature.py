"""What a witness signs."""

import pytest

from consent.log import checkpoint, note
from consent.log.cosignature import LATEST, Cosigner
from tests.log.test_note import cosign

BODY = str(checkpoint.Checkpoint(origin="ana.example/log", size=1, root=bytes(32)))
LOG = note.Signer.from_seed("ana.example/log", bytes(32))
WITNESS = Cosigner.from_seed("witness.example", b"w" * 32)


def test_a_cosignature_verifies_together_with_its_time() -> None:
    signed = note.sign(BODY, LOG) + WITNESS.cosign(BODY, time=1_767_139_200) + "\n"

    found = checkpoint.verify(signed, log=LOG.verifier, witnesses=[WITNESS.verifier])

    assert found.cosignatures == (note.Signature(WITNESS.verifier, 1_767_139_200),)


def test_a_cosignature_is_of_one_text_only() -> None:
    other = BODY.replace("\n1\n", "\n2\n")
    signed = note.sign(other, LOG) + WITNESS.cosign(BODY, time=1) + "\n"

    with pytest.raises(note.NoteInvalid, match="does not match"):
        checkpoint.verify(signed, log=LOG.verifier, witnesses=[WITNESS.verifier])


def test_the_same_key_under_another_type_is_another_key() -> None:
    assert WITNESS.verifier.key_id != note.Signer.from_seed("witness.example", b"w" * 32).verifier.key_id


@pytest.mark.parametrize("time", [0, -1, LATEST + 1])
def test_there_is_no_cosignature_without_a_time(time: int) -> None:
    with pytest.raises(ValueError, match="cannot be made"):
        WITNESS.cosign(BODY, time=time)


def test_a_witness_has_a_name_that_a_key_may_have() -> None:
    with pytest.raises(note.NoteInvalid, match="no spaces"):
        Cosigner.from_seed("a witness", bytes(32))


def test_nobody_sees_the_key_by_looking_at_its_owner() -> None:
    assert repr(WITNESS) == f"<Cosigner {WITNESS.verifier}>"


def test_it_is_the_line_that_the_specification_spells_out() -> None:
    witness, line = cosign(BODY, "bruno.example", time=1_767_139_200)
    cosigner = Cosigner.from_seed("bruno.example", b"bruno.example".ljust(32))

    assert cosigner.verifier == witness
    assert cosigner.cosign(BODY, time=1_767_139_200) + "\n" == line
