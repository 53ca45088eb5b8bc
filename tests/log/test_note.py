"""Signed notes: who signed, who did not, and what is no note at all."""

from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.log import note
from tests.log import published

ANA = note.Signer.from_seed("ana.example/log", bytes(range(32)))
BRUNO = note.Signer.from_seed("bruno.example", bytes(32))
TEXT = "First line\n\nafter an empty line\n"
NOTE = note.sign(TEXT, ANA, BRUNO)


def cosign(text: str, name: str, *, time: int) -> tuple[note.Verifier, str]:
    """A witness and its signature line, written out by the specification."""
    key = Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32))
    witness = note.Verifier(name, key.public_key().public_bytes_raw(), note.COSIGNATURE)
    signature = key.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
    blob = witness.key_id + time.to_bytes(8) + signature
    return witness, f"— {name} {b64encode(blob).decode()}\n"


def test_a_note_says_what_was_signed_and_by_whom() -> None:
    text, signatures = note.verify(NOTE, verifiers=[ANA.verifier, BRUNO.verifier])
    assert text == TEXT
    assert signatures == (note.Signature(ANA.verifier, None), note.Signature(BRUNO.verifier, None))


def test_signatures_of_unknown_keys_are_ignored() -> None:
    _text, signatures = note.verify(NOTE, verifiers=[BRUNO.verifier])
    assert [signature.verifier for signature in signatures] == [BRUNO.verifier]


def test_a_key_of_the_same_name_is_another_key() -> None:
    stranger = note.Signer.from_seed(ANA.verifier.name, b"x" * 32)
    assert stranger.verifier.key_id != ANA.verifier.key_id
    with pytest.raises(note.NoteInvalid, match="None of the keys we trust"):
        note.verify(NOTE, verifiers=[stranger.verifier])


def test_one_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    _text, line = note.sign("Another text\n", BRUNO).split("\n\n")
    spoiled = note.sign(TEXT, ANA) + line
    with pytest.raises(note.NoteInvalid, match=r"signature of bruno\.example does not match"):
        note.verify(spoiled, verifiers=[ANA.verifier, BRUNO.verifier])
    assert note.verify(spoiled, verifiers=[ANA.verifier])[0] == TEXT


def test_only_the_first_signature_of_a_key_counts() -> None:
    _text, signatures = note.verify(note.sign(TEXT, ANA, ANA), verifiers=[ANA.verifier])
    assert signatures == (note.Signature(ANA.verifier, None),)


def test_a_note_may_carry_many_signatures_but_not_any_number() -> None:
    many = note.sign(TEXT, *[ANA] * note.MOST_SIGNATURES)
    assert note.verify(many, verifiers=[ANA.verifier])[0] == TEXT
    with pytest.raises(note.NoteInvalid, match="more than 100 signatures"):
        note.split(many + note.sign(TEXT, ANA).rpartition("\n\n")[2])


def test_a_witness_signs_the_time_too() -> None:
    witness, line = cosign(TEXT, "witness.example", time=1_767_139_200)
    text, signatures = note.verify(note.sign(TEXT, ANA) + line, verifiers=[ANA.verifier, witness])
    assert text == TEXT
    assert [signature.time for signature in signatures] == [None, 1_767_139_200]


def test_a_witness_cannot_be_given_another_time() -> None:
    witness, line = cosign(TEXT, "witness.example", time=1_767_139_200)
    blob = bytearray(b64decode(line.split(" ")[2]))
    blob[11] ^= 1
    changed = f"— witness.example {b64encode(blob).decode()}\n"
    with pytest.raises(note.NoteInvalid, match="does not match"):
        note.verify(note.sign(TEXT, ANA) + changed, verifiers=[ANA.verifier, witness])


def test_one_key_of_two_types_is_two_keys() -> None:
    as_witness = note.Verifier(ANA.verifier.name, ANA.verifier.public_key, note.COSIGNATURE)
    with pytest.raises(note.NoteInvalid, match="None of the keys we trust"):
        note.verify(NOTE, verifiers=[as_witness])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_changed_character_spoils_a_note(data: st.DataObject) -> None:
    signed = note.sign(TEXT, ANA)
    place = data.draw(st.integers(0, len(signed) - 1))
    character = data.draw(st.characters(codec="utf-8").filter(lambda other: other != signed[place]))
    with pytest.raises(note.NoteInvalid):
        note.verify(signed[:place] + character + signed[place + 1 :], verifiers=[ANA.verifier])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 68 * 8 - 1))
def test_one_changed_bit_of_a_signature_spoils_it(bit: int) -> None:
    text, line = note.sign(TEXT, ANA).rstrip("\n").rsplit("\n", 1)
    dash, name, encoded = line.split(" ")
    blob = bytearray(b64decode(encoded))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises(note.NoteInvalid):
        note.verify(f"{text}\n{dash} {name} {b64encode(blob).decode()}\n", verifiers=[ANA.verifier])


@pytest.mark.parametrize(
    ("spoiled", "why"),
    [
        ("", "no blank line"),
        (TEXT, "a dash, a name and"),
        (NOTE.removesuffix("\n"), "no blank line with whole signature lines"),
        (NOTE + "\n", "no blank line with whole signature lines"),
        ("Text\n\n", "no blank line with whole signature lines"),
        (NOTE.replace("—", "-"), "a dash, a name and"),
        (NOTE.replace("— ana", "—  ana"), "a dash, a name and"),
        (NOTE.replace("ana.example", "ana+example"), "a dash, a name and"),
        (NOTE.replace("ana.example", "ana\u2003example"), "a dash, a name and"),
        (NOTE.replace("\n", "\r\n"), "control characters"),
        (NOTE.replace("First", "First\t"), "control characters"),
        (NOTE.replace("First", "First\x00"), "control characters"),
        (NOTE.replace("=\n", "\n"), "not base64"),
        ("Text\n\n— ana.example AAAAAB==\n", "not spelled canonically"),
        ("Text\n\n— ana.example AAAAAA==\n", "A signature is empty"),
        ("Text\n\n— ana.example ====\n", "not base64"),
        ("x" * note.LONGEST_NOTE + NOTE, "too long"),
    ],
)
def test_what_is_no_note_is_refused_with_the_reason(spoiled: str, why: str) -> None:
    with pytest.raises(note.NoteInvalid, match=why):
        note.verify(spoiled, verifiers=[ANA.verifier])


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "carriage\r\n"])
def test_only_a_text_that_can_be_read_back_is_signed(text: str) -> None:
    with pytest.raises(note.NoteInvalid, match="ends with a newline"):
        note.sign(text, ANA)


@pytest.mark.parametrize("name", ["", "with space", "with+plus", "with\nnewline", "with\u00a0space"])
def test_a_key_needs_a_name_that_fits_on_a_signature_line(name: str) -> None:
    with pytest.raises(note.NoteInvalid, match="name of a key"):
        note.Signer.from_seed(name, bytes(32))


def test_a_verifier_key_is_read_as_it_is_written() -> None:
    assert note.Verifier.parse(str(ANA.verifier)) == ANA.verifier
    witness, _line = cosign(TEXT, "witness.example", time=0)
    assert note.Verifier.parse(str(witness)) == witness


@pytest.mark.parametrize(
    ("vkey", "why"),
    [
        ("", "a name, an id and"),
        ("ana.example", "a name, an id and"),
        ("ana.example+00000000", "a name, an id and"),
        ("+00000000+" + b64encode(b"\x01" + bytes(32)).decode(), "a name, an id and"),
        ("a b+00000000+" + b64encode(b"\x01" + bytes(32)).decode(), "a name, an id and"),
        ("ana.example+00000000+" + b64encode(b"\x01" + bytes(31)).decode(), "a name, an id and"),
        ("ana.example+00000000+AAAA===", "not base64"),
        ("ana.example+00000000+é", "not base64"),
        ("ana.example+00000000+" + b64encode(b"\x02" + bytes(32)).decode(), "type 2 are not supported"),
        ("ana.example+00000000+" + b64encode(b"\x01" + bytes(32)).decode(), "The id of a verifier key"),
        (str(ANA.verifier).replace("+", "+0", 1), "The id of a verifier key"),
        (str(ANA.verifier).replace("ana", "Ana"), "The id of a verifier key"),
    ],
)
def test_what_is_no_verifier_key_is_refused_with_the_reason(vkey: str, why: str) -> None:
    with pytest.raises(note.NoteInvalid, match=why):
        note.Verifier.parse(vkey)


def test_a_private_key_is_not_shown() -> None:
    assert repr(ANA) == f"<Signer {ANA.verifier}>"


@published.needed
@pytest.mark.parametrize("name", [
    "c2sp_spec_example", "go_peter_and_enoch", "sum_golang_org_checkpoint", "witness_test_monkeys_5",
    "witness_test_monkeys_8", "sunlight_mirror_cosigned_300", "sunlight_witness_cosigned_300",
])  # fmt: skip
def test_published_notes(name: str) -> None:
    vectors = {vector["name"]: vector for vector in published.read("signed_note_vectors.json")["vectors"]}
    vector = vectors[name]
    verifiers = [note.Verifier.parse(vkey) for vkey in vector["vkeys"]]
    _text, signatures = note.verify(vector["note"], verifiers=verifiers)
    assert [signature.verifier for signature in signatures] == verifiers
    assert [str(verifier) for verifier in verifiers] == vector["vkeys"]
    if "cosigned" in name:
        assert [signature.time for signature in signatures] == [1_767_139_200]


@published.needed
def test_a_published_private_key_signs_what_it_signed() -> None:
    vectors = {vector["name"]: vector for vector in published.read("signed_note_vectors.json")["vectors"]}
    vector = vectors["go_peter_and_enoch"]
    _private, _key, name, _id, encoded = vector["skey"].split("+", 4)
    signer = note.Signer.from_seed(name, b64decode(encoded)[1:])
    text, _lines = note.split(vector["note"])
    assert vector["note"].startswith(note.sign(text, signer))
