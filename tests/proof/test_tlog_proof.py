"""Proofs that a record is in the published log: complete, under one checkpoint, and nothing else's."""

import json
from base64 import b64decode
from dataclasses import replace

import pytest

from consent import vault
from consent.log import merkle, note, proofs, tree
from consent.models import LogEntry
from consent.models.log import Cosignature
from consent.proof import tlog_proof
from consent.proof.account import Account
from consent.sample import Sample
from tests.proof import acts


def logged(found: Account) -> list[tlog_proof.Logged]:
    places = tlog_proof.of_records([record.uid for record in found.records])
    return [places[record.uid] for record in found.records]


def key() -> note.Verifier:
    return note.Verifier.parse(tlog_proof.public_key())


def test_each_record_is_proved_by_its_own_file(given: Account) -> None:
    indices = set()
    for each in logged(given):
        read = proofs.parse(str(each.proof))

        signed = proofs.verify(read, leaf=merkle.leaf_hash(each.entry), log=key())

        assert signed.checkpoint.size == 7
        assert read.extra == each.entry
        indices.add(read.index)
    assert indices == {5, 6}


def test_the_entry_is_the_bytes_in_the_log(given: Account) -> None:
    for each in logged(given):
        entry = LogEntry.objects.get(id=each.record)
        assert each.entry == bytes(entry.data)
        assert json.loads(each.entry)["id"] == str(each.record)


def test_a_proof_does_not_prove_another_record(given: Account) -> None:
    one, other = logged(given)

    with pytest.raises(merkle.ProofInvalid):
        proofs.verify(one.proof, leaf=merkle.leaf_hash(other.entry), log=key())


def test_a_record_that_waits_has_no_proof(aurora: Sample) -> None:
    found = acts.say(aurora)

    assert tlog_proof.of_records([record.uid for record in found.records]) == {}


def test_one_that_waits_does_not_hide_one_that_has_its_place(given: Account, aurora: Sample) -> None:
    waiting = acts.say(aurora)

    places = tlog_proof.of_records([given.first.uid, waiting.first.uid])

    assert set(places) == {given.first.uid}


@pytest.mark.django_db
def test_an_empty_log_proves_nothing() -> None:
    assert tlog_proof.of_records([vault.new_id()]) == {}


def test_old_records_are_proved_under_the_latest_checkpoint(given: Account, aurora: Sample) -> None:
    acts.say(aurora)
    tree.sequence()

    for each in logged(given):
        signed = proofs.verify(each.proof, leaf=merkle.leaf_hash(each.entry), log=key())
        assert signed.checkpoint.size == 9


def test_the_signatures_of_witnesses_come_along(given: Account) -> None:
    witness = note.Signer.from_seed("witness.example", bytes(32))
    line = witness.sign("what it says does not matter here\n")
    Cosignature.objects.create(
        size=7, witness=str(witness.verifier), line=line, cosigned_at=given.first.recorded_at
    )

    for each in logged(given):
        assert each.proof.checkpoint.endswith(f"{line}\n")
        proofs.verify(each.proof, leaf=merkle.leaf_hash(each.entry), log=key())


def test_the_bundle_holds_everything_once(given: Account) -> None:
    each = logged(given)
    bundle = json.loads(tlog_proof.bundle(each))

    assert set(bundle) == {"format", "vkey", "checkpoint", "records"}
    assert bundle["vkey"] == tlog_proof.public_key()
    assert bundle["checkpoint"] == each[0].proof.checkpoint
    assert [record["entry"].encode() for record in bundle["records"]] == [one.entry for one in each]
    assert [record["proof"] for record in bundle["records"]] == [
        str(replace(one.proof, extra=None)) for one in each
    ]


def test_the_key_is_ed25519_under_the_name_of_the_log(given: Account, settings: object) -> None:
    name, _id, rest = tlog_proof.public_key().split("+", 2)

    assert name == settings.OPTIN_LOG_ORIGIN  # type: ignore[attr-defined]
    assert b64decode(rest)[0] == note.ED25519
