"""A witness cosigns what continues the log it knows, and nothing else; each refusal has its code."""

import threading
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

import pytest

from consent.log import add_checkpoint, checkpoint, note
from consent.log.cosignature import Cosigner
from consent.witness.cosigning import CLOCK_MAY_SLIP, Reply, Witness
from consent.witness.memory import MOST_CONTRADICTIONS, Memory
from tests.log import published
from tests.witness.growing import ORIGIN, Log

KEY = Cosigner.from_seed("witness.example", b"w" * 32)
NOW = 1_767_139_200
LOG = Log()
HASH = sha256(ORIGIN.encode()).hexdigest()


class Clock:
    """Says what it is told to say."""

    def __init__(self) -> None:
        self.now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory.create(tmp_path / "memory.sqlite3")


@pytest.fixture
def witness(memory: Memory, clock: Clock) -> Witness:
    return Witness(KEY, memory, {ORIGIN: LOG.vkeys}, clock=clock)


def cosigned(reply: Reply, log: Log) -> tuple[note.Signature, ...]:
    assert reply.status == HTTPStatus.OK, reply
    signed = checkpoint.verify(log.note + reply.body, log=log.vkeys[0], witnesses=[KEY.verifier])
    return signed.cosignatures


def latest(witness: Witness) -> str:
    return witness.latest(HASH).body


# --- what it cosigns


def test_the_first_checkpoint_of_a_log_is_cosigned_as_it_is(witness: Witness) -> None:
    log = LOG.grown(5)

    assert cosigned(witness.cosign(log.request(0)), log) == (note.Signature(KEY.verifier, NOW),)


def test_what_continues_the_last_checkpoint_is_cosigned(witness: Witness) -> None:
    old = 0
    for size in (1, 2, 3, 8, 8, 13, 20):
        log = LOG.grown(size)
        assert cosigned(witness.cosign(log.request(old)), log)
        old = size


def test_everybody_sees_the_last_one_with_both_signatures(witness: Witness) -> None:
    log = LOG.grown(8)
    reply = witness.cosign(log.request(0))

    assert witness.latest(HASH) == Reply(HTTPStatus.OK, log.note + reply.body)


def test_a_log_that_was_never_seen_has_nothing_to_show(witness: Witness) -> None:
    assert witness.latest(HASH).status == HTTPStatus.NOT_FOUND
    assert witness.latest("0" * 64).status == HTTPStatus.NOT_FOUND


def test_an_empty_log_may_begin(witness: Witness) -> None:
    log = LOG.grown(0)

    assert cosigned(witness.cosign(log.request(0)), log)
    assert cosigned(witness.cosign(LOG.grown(3).request(0)), LOG.grown(3))


def test_extension_lines_are_cosigned_too(witness: Witness) -> None:
    log = replace(LOG.grown(4), extensions=("more",))

    assert cosigned(witness.cosign(log.request(0)), log)


def test_either_key_of_a_log_that_changes_its_key_will_do(memory: Memory, clock: Clock) -> None:
    both = replace(LOG, seeds=(b"a" * 32, b"b" * 32))
    witness = Witness(KEY, memory, {ORIGIN: both.vkeys}, clock=clock)
    old, new = (replace(LOG, seeds=(seed,)) for seed in both.seeds)

    assert cosigned(witness.cosign(old.grown(3).request(0)), old.grown(3))
    assert cosigned(witness.cosign(both.grown(5).request(3)), both.grown(5))
    assert latest(witness).startswith(both.grown(5).note)
    assert cosigned(witness.cosign(new.grown(8).request(5)), new.grown(8))


def test_only_what_was_verified_is_shown_to_others(witness: Witness) -> None:
    log = LOG.grown(3)
    stranger = note.Signer.from_seed("stranger.example", b"s" * 32)
    wrong = note.sign("another text\n", LOG.signers[0]).partition("\n\n")[2]
    asked = log.request(0) + f"{stranger.sign(log.text)}\n{wrong}".encode()

    reply = witness.cosign(asked)

    assert latest(witness) == log.note + reply.body


@published.needed
def test_it_cosigns_what_another_witness_was_tested_with(memory: Memory, clock: Clock) -> None:
    vectors = {vector["name"]: vector for vector in published.read("signed_note_vectors.json")["vectors"]}
    five, eight = vectors["witness_test_monkeys_5"], vectors["witness_test_monkeys_8"]
    keys = [note.Verifier.parse(vkey) for vkey in five["vkeys"]]
    witness = Witness(KEY, memory, {"monkeys": keys}, clock=clock)
    proof = tuple(bytes.fromhex(each) for each in eight["consistency_proof_from_5_hex"])

    first = add_checkpoint.AddCheckpoint(old=0, proof=(), checkpoint=five["note"])
    then = add_checkpoint.AddCheckpoint(old=5, proof=proof, checkpoint=eight["note"])

    assert witness.cosign(str(first).encode()).status == HTTPStatus.OK
    assert witness.cosign(str(then).encode()).status == HTTPStatus.OK


# --- what it refuses, and with which code


def signed(log: Log, text: str, old: int = 0) -> bytes:
    asked = add_checkpoint.AddCheckpoint(old=old, proof=(), checkpoint=note.sign(text, *log.signers))
    return str(asked).encode()


def with_proof(log: Log, old: int, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    proof = tuple(change(list(log.proof(old))))
    return str(add_checkpoint.AddCheckpoint(old=old, proof=proof, checkpoint=log.note)).encode()


REFUSED = {
    "an origin it does not know": (404, replace(LOG, origin="bruno.example/log").grown(8).request(5)),
    "a key it does not know": (403, replace(LOG, seeds=(b"x" * 32,)).grown(8).request(5)),
    "a signature that does not match": (403, LOG.grown(8).request(5).replace(b"\n8\n", b"\n9\n")),
    "an old size beyond the new": (400, LOG.grown(8).request(5).replace(b"old 5", b"old 9")),
    "no request": (400, b"hello"),
    "no text": (400, b"\xff\xfe"),
    "a size that is no number": (400, signed(LOG, f"{ORIGIN}\nfive\n{'A' * 43}=\n")),
    "an empty log with a root": (422, signed(LOG, f"{ORIGIN}\n0\n{'A' * 43}=\n")),
    "an old size that is behind": (409, LOG.grown(8).request(3)),
    "an old size that is ahead": (409, LOG.grown(8).request(6)),
    "no old size, though it knows one": (409, LOG.grown(8).request(0)),
    "the same size with another root": (422, LOG.rewritten(2).grown(5).request(5)),
    "a rewritten past": (422, LOG.rewritten(2).grown(8).request(5)),
    "a proof that lacks a hash": (422, with_proof(LOG.grown(8), 5, lambda proof: proof[:-1])),
    "a proof with a hash too many": (422, with_proof(LOG.grown(8), 5, lambda proof: [*proof, bytes(32)])),
    "a proof of another": (422, with_proof(LOG.grown(8), 5, lambda proof: [bytes(32), *proof[1:]])),
    "a proof though nothing grew": (422, with_proof(LOG.grown(5), 5, lambda _proof: [bytes(32)])),
    "a proof of 64 lines": (400, with_proof(LOG.grown(8), 5, lambda _proof: [bytes(32)] * 64)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_everything_else_is_refused_with_its_code_and_nothing_is_kept(witness: Witness, what: str) -> None:
    witness.cosign(LOG.grown(5).request(0))
    before = latest(witness)
    status, request = REFUSED[what]

    reply = witness.cosign(request)

    assert reply.status == status
    assert "— witness.example" not in reply.body
    assert latest(witness) == before


def test_whoever_is_behind_is_told_the_size(witness: Witness) -> None:
    witness.cosign(LOG.grown(5).request(0))

    assert witness.cosign(LOG.grown(8).request(3)) == Reply(HTTPStatus.CONFLICT, "5\n", "text/x.tlog.size")


def test_a_proof_is_of_no_use_where_nothing_was_cosigned_yet(witness: Witness) -> None:
    log = LOG.grown(8)

    assert witness.cosign(with_proof(log, 0, lambda _proof: [bytes(32)])).status == 422


def test_a_rewritten_log_never_gets_a_cosignature_whatever_it_says_the_old_size_is(witness: Witness) -> None:
    """The fork test: whoever has the log's key and rewrites it cannot make the witness follow."""
    witness.cosign(LOG.grown(13).request(0))
    for index in range(13):
        forked = LOG.rewritten(index)
        for size in range(20):
            for old in range(size + 1):
                reply = witness.cosign(forked.grown(size).request(old))
                assert reply.status in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
    assert cosigned(witness.cosign(LOG.grown(20).request(13)), LOG.grown(20))


def test_a_rewriting_after_the_last_checkpoint_is_none(witness: Witness) -> None:
    witness.cosign(LOG.grown(13).request(0))
    other = LOG.rewritten(13).grown(20)

    assert cosigned(witness.cosign(other.request(13)), other)


def test_what_contradicts_is_kept_as_evidence(witness: Witness, memory: Memory) -> None:
    forked = LOG.rewritten(2).grown(8).request(5)
    witness.cosign(LOG.grown(5).request(0))

    for _time in range(2):
        witness.cosign(forked)

    assert memory.contradictions(HASH) == [forked.decode()]


def test_evidence_does_not_fill_the_disk(memory: Memory) -> None:
    with memory.deciding(HASH) as decision:
        for number in range(MOST_CONTRADICTIONS + 5):
            decision.keep_contradiction(f"request {number}", time=NOW)

    assert len(memory.contradictions(HASH)) == MOST_CONTRADICTIONS


# --- the clock


def test_a_cosignature_is_never_older_than_the_one_before(witness: Witness, clock: Clock) -> None:
    witness.cosign(LOG.grown(5).request(0))
    clock.now = NOW - CLOCK_MAY_SLIP

    assert cosigned(witness.cosign(LOG.grown(8).request(5)), LOG.grown(8))[0].time == NOW


def test_with_a_clock_that_went_back_it_does_not_sign(witness: Witness, clock: Clock) -> None:
    witness.cosign(LOG.grown(5).request(0))
    before = latest(witness)
    clock.now = NOW - 3600

    assert witness.cosign(LOG.grown(8).request(5)).status == HTTPStatus.SERVICE_UNAVAILABLE
    assert latest(witness) == before

    clock.now = NOW + 1
    assert cosigned(witness.cosign(LOG.grown(8).request(5)), LOG.grown(8))[0].time == NOW + 1


# --- several at once


def together(*calls: Callable[[], Reply]) -> list[Reply]:
    """The replies to all of them, made at the same moment."""
    replies: list[Reply] = []
    barrier = threading.Barrier(len(calls))

    def one(call: Callable[[], Reply]) -> None:
        barrier.wait()
        replies.append(call())

    threads = [threading.Thread(target=one, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def test_of_two_requests_at_once_one_wins_and_the_log_never_goes_back(
    witness: Witness,
) -> None:
    size = 0
    for step in range(1, 7):
        short, long = LOG.grown(size + 1), LOG.grown(size + step % 3 + 2)
        requests = [log.request(size) for log in (short, long)]

        replies = together(*[lambda asked=asked: witness.cosign(asked) for asked in requests])

        assert sorted(reply.status for reply in replies) == [HTTPStatus.OK, HTTPStatus.CONFLICT]
        granted = next(reply for reply in replies if reply.status == HTTPStatus.OK)
        told = next(reply for reply in replies if reply.status == HTTPStatus.CONFLICT)
        size = int(told.body)
        assert size in (short.size, long.size)
        assert latest(witness).endswith(granted.body)
        assert latest(witness).split("\n")[1] == str(size)


def test_a_fork_shown_to_both_halves_at_once_is_cosigned_once(
    witness: Witness,
) -> None:
    witness.cosign(LOG.grown(5).request(0))
    here, there = LOG.grown(8), LOG.rewritten(6).grown(8)

    replies = together(*[lambda log=log: witness.cosign(log.request(5)) for log in (here, there)])

    assert sorted(reply.status for reply in replies) == [HTTPStatus.OK, HTTPStatus.CONFLICT]
    assert sum(log.note in latest(witness) for log in (here, there)) == 1
