"""The vault: a sealed value opens for its own item alone, and what is not sealed gives nothing away."""

import base64
import copy
import hmac
import os
import pickle
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from consent import vault
from consent.contact import Contact
from consent.vault import SealBroken
from optin_site.env import Keyring
from tests.cast import ANA, BRUNO

KEY = bytes(range(32))
ACT = uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@given(plaintext=st.binary(max_size=300), item=st.binary(max_size=40))
def test_what_was_sealed_opens_for_the_same_item(plaintext: bytes, item: bytes) -> None:
    assert (
        vault.open_sealed(KEY, item=item, sealed=vault.seal(KEY, item=item, plaintext=plaintext)) == plaintext
    )


def test_a_sealed_value_does_not_open_as_another_item() -> None:
    sealed = vault.seal(KEY, item=b"evidence" + ACT.bytes, plaintext=b"Ana")
    with pytest.raises(SealBroken):
        vault.open_sealed(KEY, item=b"message" + ACT.bytes, sealed=sealed)


def test_a_sealed_value_does_not_open_with_another_key() -> None:
    sealed = vault.seal(KEY, item=b"x", plaintext=b"Ana")
    with pytest.raises(SealBroken):
        vault.open_sealed(bytes(32), item=b"x", sealed=sealed)


def test_every_changed_byte_of_a_sealed_value_is_noticed() -> None:
    sealed = vault.seal(KEY, item=b"x", plaintext=b"Ana said yes")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            vault.open_sealed(KEY, item=b"x", sealed=bytes(changed))


@pytest.mark.parametrize("length", range(29))
def test_a_cut_off_value_does_not_open(length: int) -> None:
    sealed = vault.seal(KEY, item=b"x", plaintext=b"Ana")[:length]
    with pytest.raises(SealBroken):
        vault.open_sealed(KEY, item=b"x", sealed=sealed)


def test_the_same_text_is_never_sealed_to_the_same_bytes() -> None:
    assert len({vault.seal(KEY, item=b"x", plaintext=b"Ana") for _ in range(100)}) == 100


def test_a_sealed_value_does_not_show_its_text() -> None:
    assert b"987654321" not in vault.seal(KEY, item=b"x", plaintext=ANA.value.encode())


def test_a_subject_key_opens_again_from_what_was_wrapped() -> None:
    key, wrapped = vault.new_subject_key()
    assert vault.unwrap(wrapped) == key
    assert vault.unwrap(memoryview(wrapped)) == key  # as PostgreSQL hands it out
    assert key not in wrapped


def test_what_an_older_key_wrapped_opens_while_that_key_is_in_the_ring() -> None:
    with override_settings(OPTIN_KEYRING=Keyring({1: KEY})):
        key, wrapped = vault.new_subject_key()
        sealed = vault.seal_system(item=b"x", plaintext=b"token")
    with override_settings(OPTIN_KEYRING=Keyring({1: KEY, 2: bytes(32)})):
        assert vault.unwrap(wrapped) == key
        assert vault.open_system(item=b"x", sealed=sealed) == b"token"
        assert vault.new_subject_key()[1][0] == 2
    with override_settings(OPTIN_KEYRING=Keyring({2: bytes(32)})):
        with pytest.raises(SealBroken, match="OPTIN_KEYRING"):
            vault.unwrap(wrapped)
        with pytest.raises(SealBroken, match="OPTIN_KEYRING"):
            vault.open_system(item=b"x", sealed=sealed)


@pytest.mark.parametrize(
    "wrapped", [b"", b"\x01", b"\x01" + bytes(12), b"\x01" + bytes(60), b"\xff" + bytes(60)]
)
def test_a_subject_key_that_is_none_does_not_open(wrapped: bytes) -> None:
    with pytest.raises(SealBroken):
        vault.unwrap(wrapped)


def test_of_many_sealed_values_each_opens_or_is_none() -> None:
    key, wrapped = vault.new_subject_key()
    sealed = vault.seal(key, item=b"contact", plaintext=b"+5511987654321")
    _other, others = vault.new_subject_key()
    asked = [
        (wrapped, b"contact", sealed), (wrapped, b"evidence", sealed), (others, b"contact", sealed),
        (b"\xff" + wrapped[1:], b"contact", sealed), (b"", b"contact", sealed), (wrapped[:5], b"contact", sealed),
        (wrapped, b"contact", sealed[:-1]), (wrapped, b"contact", b""), (wrapped, b"contact", sealed),
    ]  # fmt: skip
    assert list(vault.open_each(asked)) == [b"+5511987654321", *[None] * 7, b"+5511987654321"]


def test_what_the_system_sealed_opens_for_the_same_item_alone() -> None:
    sealed = vault.seal_system(item=b"sender 1", plaintext=b"token")
    assert vault.open_system(item=b"sender 1", sealed=memoryview(sealed)) == b"token"
    for broken in (b"", sealed[:1], sealed[:-1]):
        with pytest.raises(SealBroken):
            vault.open_system(item=b"sender 1", sealed=broken)
    with pytest.raises(SealBroken):
        vault.open_system(item=b"sender 2", sealed=sealed)


def test_a_person_is_found_under_every_spelling_of_their_number() -> None:
    without_ninth_digit = Contact.reported("whatsapp:+551187654321")
    assert vault.lookup(1, without_ninth_digit) == vault.lookup(1, ANA)


def test_a_lookup_differs_between_companies_people_schemes_and_keys() -> None:
    lookups = {
        vault.lookup(1, ANA),
        vault.lookup(2, ANA),
        vault.lookup(1, BRUNO),
        vault.lookup(1, Contact("whatsapp-user-id", ANA.value)),
        vault.number_key(ANA),
        vault.reference_key(1, ANA.value),
    }
    with override_settings(OPTIN_LOOKUP_KEY=bytes(32)):
        lookups.add(vault.lookup(1, ANA))
    assert len(lookups) == 7
    assert {len(lookup) for lookup in lookups} == {32}


def test_a_number_counts_the_same_for_every_company() -> None:
    assert vault.number_key(ANA) == vault.number_key(Contact.tel("+55 (11) 98765-4321"))


def test_a_digest_differs_by_what_it_is_for_and_by_where_its_parts_end() -> None:
    digests = {
        vault.digest("a", "b", "c"),
        vault.digest("a", "bc"),
        vault.digest("a", "b|c"),
        vault.digest("b", "a", "c"),
    }
    assert len(digests) == 4


def test_a_code_has_eight_digits_and_belongs_to_its_act() -> None:
    codes = {vault.code(vault.new_id()) for _ in range(200)}
    assert all(len(code) == 8 and code.isascii() and code.isdigit() for code in codes)
    assert len(codes) > 195
    assert vault.code(ACT) == vault.code(ACT)


def test_a_code_cannot_be_worked_out_without_the_key() -> None:
    code = vault.code(ACT)
    with override_settings(OPTIN_LOOKUP_KEY=bytes(32)):
        assert vault.code(ACT) != code


def test_a_token_leads_back_to_its_act_for_its_own_use_alone() -> None:
    token = vault.act_token(ACT, use="receipt")
    assert vault.read_act_token(token, use="receipt") == ACT
    assert vault.read_act_token(token, use="confirm") is None


def test_every_changed_character_of_a_token_is_noticed() -> None:
    token = vault.act_token(ACT, use="receipt")
    for place, character in enumerate(token):
        other = "A" if character != "A" else "B"
        assert vault.read_act_token(token[:place] + other + token[place + 1 :], use="receipt") is None


@given(st.text(max_size=60))
def test_no_other_text_is_a_token(text: str) -> None:
    assert vault.read_act_token(text, use="receipt") is None


@pytest.mark.parametrize("change", ["{}=", "{}\n", " {}", "{}A", "{}AAAA", "-{}"])
def test_a_token_has_one_spelling(change: str) -> None:
    assert vault.read_act_token(change.format(vault.act_token(ACT, use="receipt")), use="receipt") is None


def test_a_token_of_the_right_length_needs_the_right_secret() -> None:
    forged = base64.urlsafe_b64encode(ACT.bytes + bytes(16)).decode().rstrip("=")
    assert vault.read_act_token(forged, use="receipt") is None


def test_a_commitment_says_nothing_without_its_salt() -> None:
    evidence = b'{"number":"+5511987654321"}'
    assert vault.commitment(bytes(32), evidence) != vault.commitment(KEY, evidence)
    assert vault.commitment(KEY, evidence) == vault.commitment(KEY, evidence)
    assert len(vault.commitment(KEY, evidence)) == 64


@given(salt=st.binary(max_size=64), evidence=st.binary(max_size=300))
def test_a_commitment_is_the_hmac_that_every_library_makes(salt: bytes, evidence: bytes) -> None:
    assert vault.commitment(salt, evidence) == hmac.new(salt, evidence, "sha256").hexdigest()


def test_ids_made_one_after_the_other_in_the_same_millisecond_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    start = 1_780_000_000_000_000_000
    for _ in range(50):
        clock = iter((start, start + 300))
        monkeypatch.setattr("consent.vault.time.time_ns", lambda clock=clock: next(clock))
        assert vault.new_id() < vault.new_id()


@pytest.mark.filterwarnings(
    "ignore:This process:DeprecationWarning"
)  # of threads, which the child has none of
def test_a_forked_process_draws_random_bytes_of_its_own() -> None:
    vault.new_id()  # so that there is a stock which a child could inherit
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, vault._drawn(32))
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() != vault._drawn(32)


@given(number=st.integers(0, 2**128 - 1))
def test_an_id_is_like_any_other(number: int) -> None:
    ours, theirs = vault._uuid(number), uuid.UUID(int=number)
    assert (ours, hash(ours), str(ours), ours.bytes) == (theirs, hash(theirs), str(theirs), theirs.bytes)
    assert pickle.loads(pickle.dumps(ours)) == copy.deepcopy(ours) == theirs
    assert ours.is_safe == theirs.is_safe


def test_an_id_tells_when_it_was_made() -> None:
    with time_machine.travel(at := datetime(2026, 3, 15, 12, tzinfo=UTC), tick=False):
        made = vault.new_id()

    assert vault.made_at(made) == at
    assert vault.first_id(at) <= made < vault.first_id(at + timedelta(milliseconds=1))


def test_new_ids_are_version_7_and_sort_by_time() -> None:
    ids = [vault.new_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert {number.version for number in ids} == {7}
    assert {number.variant for number in ids} == {uuid.RFC_4122}
    milliseconds = [number.int >> 80 for number in ids]
    assert milliseconds == sorted(milliseconds)
