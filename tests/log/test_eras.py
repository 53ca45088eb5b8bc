"""The log changes its keys: both sign for a while, the log says so itself, and old proofs go on to verify."""

import json
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from consent import vault
from consent.log import audit, checkpoint, eras, errors, guard, merkle, note, proofs, published, tree
from consent.models import Checkpoint, LogEntry, LogEra, LogPending, triggers

pytestmark = pytest.mark.django_db

ORIGIN = "aurora.example/log"
FIRST, SECOND, THIRD = (letter * 32 for letter in (b"1", b"2", b"3"))


def key(seed: bytes, origin: str = ORIGIN) -> note.Verifier:
    return note.Signer.from_seed(origin, seed).verifier


@pytest.fixture(autouse=True)
def _log(settings: Any) -> None:
    settings.OPTIN_LOG_ORIGIN = ORIGIN
    settings.OPTIN_LOG_KEY, settings.OPTIN_LOG_KEY_NEXT = FIRST, None


def capture(count: int = 1) -> None:
    for _number in range(count):
        entry = vault.new_id()
        data = json.dumps({"id": str(entry), "type": "consent"}).encode()
        LogPending.objects.create(id=entry, arrival=timezone.now(), data=data)


def publish(count: int = 1) -> Checkpoint:
    """Have so many entries captured and published; returns the checkpoint."""
    capture(count)
    tree.sequence()
    latest = published.latest()
    assert latest is not None
    return latest


def rotate(settings: Any, new: bytes) -> None:
    """Begin to sign with another key, and end with the present one."""
    settings.OPTIN_LOG_KEY_NEXT = new
    publish()
    settings.OPTIN_LOG_KEY, settings.OPTIN_LOG_KEY_NEXT = new, None
    publish()


def signers(published_checkpoint: Checkpoint) -> set[note.Verifier]:
    """Which of our three keys signed."""
    keys = [key(seed) for seed in (FIRST, SECOND, THIRD)]
    _text, signatures = note.verify(published_checkpoint.note, verifiers=keys)
    return {signature.verifier for signature in signatures}


def verify() -> audit.Verified:
    rows = LogEntry.objects.order_by("index").values_list("index", "data")
    return audit.verify([(index, bytes(data)) for index, data in rows], logs=published.keys())


def said() -> list[dict[str, str]]:
    """What the log says about its keys."""
    entries = [json.loads(bytes(entry.data)) for entry in LogEntry.objects.order_by("index")]
    return [entry for entry in entries if entry["type"] != "consent"]


# --- the way through


def test_a_log_begins_with_the_key_of_the_settings_and_no_entry_about_it() -> None:
    assert eras.read() == (eras.Era(0, (key(FIRST),)),)
    assert signers(publish()) == {key(FIRST)}
    assert eras.read() == (eras.Era(0, (key(FIRST),)),)
    assert LogEra.objects.count() == 1
    assert said() == []


def test_for_a_while_both_keys_sign_and_the_log_says_so(settings: Any) -> None:
    publish()
    settings.OPTIN_LOG_KEY_NEXT = SECOND

    assert signers(publish()) == {key(FIRST), key(SECOND)}
    assert signers(publish()) == {key(FIRST), key(SECOND)}

    (entry,) = said()
    assert entry["type"] == "key"
    assert entry["before"] == str(key(FIRST))
    assert entry["keys"] == f"{key(FIRST)} {key(SECOND)}"
    assert LogEntry.objects.get(index=1).id.hex == entry["id"].replace("-", "")
    assert verify().size == 4


def test_both_keys_have_one_name_and_two_ids(settings: Any) -> None:
    publish()
    settings.OPTIN_LOG_KEY_NEXT = SECOND
    _text, lines = note.split(publish().note)

    assert [name for name, _blob in lines] == [ORIGIN, ORIGIN]
    assert len({blob[:4] for _name, blob in lines}) == 2


def test_then_the_new_key_signs_alone_and_everything_old_still_verifies(settings: Any) -> None:
    old = publish(3)
    proof = proofs.inclusion(1, old.size, published.read_tile)
    leaf = merkle.leaf_hash(bytes(LogEntry.objects.get(index=1).data))

    rotate(settings, SECOND)

    assert signers(publish()) == {key(SECOND)}
    assert verify().checkpoints == 4
    assert published.keys() == (key(SECOND), key(FIRST))
    signed = checkpoint.verify(old.note, log=key(FIRST)).checkpoint
    merkle.verify_inclusion(leaf, index=1, size=signed.size, root=signed.root, proof=proof)


def test_keys_change_again_and_again(settings: Any) -> None:
    publish()
    rotate(settings, SECOND)
    rotate(settings, THIRD)

    assert [entry["keys"] for entry in said()] == [
        f"{key(FIRST)} {key(SECOND)}",
        f"{key(SECOND)}",
        f"{key(SECOND)} {key(THIRD)}",
        f"{key(THIRD)}",
    ]
    assert published.keys() == (key(THIRD), key(SECOND), key(FIRST))
    assert verify().size == 1 + 4 * 2


def test_the_end_of_one_change_may_be_the_beginning_of_the_next(settings: Any) -> None:
    publish()
    settings.OPTIN_LOG_KEY_NEXT = SECOND
    publish()
    settings.OPTIN_LOG_KEY, settings.OPTIN_LOG_KEY_NEXT = SECOND, THIRD

    assert signers(publish()) == {key(SECOND), key(THIRD)}
    verify()


def test_a_change_of_keys_does_not_wait_for_the_next_record(settings: Any) -> None:
    publish()
    settings.OPTIN_LOG_KEY_NEXT = SECOND

    assert tree.sequence() == 1
    assert tree.sequence() == 0
    verify()


def test_a_batch_with_a_change_is_no_larger_than_the_others(settings: Any) -> None:
    publish()
    settings.OPTIN_LOG_KEY_NEXT = SECOND
    capture(5)

    assert [tree.sequence(limit=2) for _round in range(5)] == [2, 2, 2, 0, 0]
    verify()


def test_the_same_key_twice_is_one_key(settings: Any) -> None:
    publish()
    settings.OPTIN_LOG_KEY_NEXT = FIRST

    assert signers(publish()) == {key(FIRST)}
    assert said() == []


def test_during_a_change_the_present_key_is_named_first(settings: Any) -> None:
    publish()
    settings.OPTIN_LOG_KEY_NEXT = SECOND
    publish()

    assert published.keys() == (key(FIRST), key(SECOND))
    assert published.signing_key().verifier == key(FIRST)


# --- processes that have not been told


@pytest.mark.parametrize(
    ("now", "following"), [(FIRST, None), (FIRST, THIRD), (THIRD, None)], ids=["old", "other", "wrong"]
)
def test_a_process_without_the_newest_key_neither_signs_nor_undoes(
    settings: Any, now: bytes, following: bytes | None
) -> None:
    publish()
    settings.OPTIN_LOG_KEY_NEXT = SECOND
    before = publish()
    settings.OPTIN_LOG_KEY, settings.OPTIN_LOG_KEY_NEXT = now, following
    capture()

    with pytest.raises(eras.KeyNotOfLog, match=r"docs/key-rotation\.md"):
        tree.sequence()

    assert published.latest() == before
    assert LogPending.objects.count() == 1
    assert len(said()) == 1


def test_a_wrong_key_stops_the_log_even_while_nothing_waits(settings: Any) -> None:
    publish()
    settings.OPTIN_LOG_KEY = SECOND

    with pytest.raises(errors.LogRefuses):
        tree.sequence()


def test_a_process_that_still_has_the_retired_key_signs_with_the_new_one_alone(settings: Any) -> None:
    publish()
    rotate(settings, SECOND)
    settings.OPTIN_LOG_KEY, settings.OPTIN_LOG_KEY_NEXT = FIRST, SECOND

    assert signers(publish()) == {key(SECOND)}
    assert len(said()) == 2


def test_a_retired_key_does_not_come_back(settings: Any) -> None:
    publish()
    rotate(settings, SECOND)
    settings.OPTIN_LOG_KEY_NEXT = FIRST
    capture()

    with pytest.raises(eras.KeyNotOfLog, match="was given up"):
        tree.sequence()


def test_a_key_that_is_lost_can_be_replaced_at_once(settings: Any) -> None:
    publish()
    settings.OPTIN_LOG_KEY = SECOND
    capture()

    tree.sequence(change=eras.at_once(eras.read(), timezone.now()))

    latest = published.latest()
    assert latest is not None
    assert signers(latest) == {key(SECOND)}
    assert said()[0]["before"] == str(key(FIRST))
    verify()


def test_a_key_that_nobody_vouched_for_takes_the_trust_from_those_before_it(settings: Any) -> None:
    publish()
    rotate(settings, SECOND)
    settings.OPTIN_LOG_KEY = THIRD
    tree.sequence(change=eras.at_once(eras.read(), timezone.now()))

    assert published.keys() == (key(THIRD),)
    verify()


def test_a_change_that_is_made_by_hand_still_needs_the_key(settings: Any) -> None:
    publish()
    stranger = eras.change(eras.read()[-1], (key(THIRD),), timezone.now())

    with pytest.raises(eras.KeyNotOfLog, match="which OPTIN_LOG_KEY is not"):
        tree.sequence(change=stranger)


def test_before_the_first_entry_another_key_may_be_set(settings: Any) -> None:
    settings.OPTIN_LOG_KEY = SECOND

    assert signers(publish()) == {key(SECOND)}


# --- what an audit finds


def broken() -> audit.LogBroken:
    with pytest.raises(audit.LogBroken) as caught:
        verify()
    return caught.value


def sign_again(row: Checkpoint, *seeds: bytes, origin: str = ORIGIN) -> None:
    """Put other signatures below the same text, as whoever has those keys could."""
    text, _lines = note.split(row.note)
    text = text.replace(ORIGIN, origin, 1)
    signed = note.sign(text, *(note.Signer.from_seed(origin, seed) for seed in seeds))
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consent_checkpoint SET note = %s WHERE size = %s", (signed, row.size))


def test_a_checkpoint_signed_by_a_retired_key_after_its_end_is_refused(settings: Any) -> None:
    publish()
    rotate(settings, SECOND)
    last = publish()
    sign_again(last, FIRST)

    assert broken().index == last.size - 1


def test_a_checkpoint_signed_by_a_key_before_its_beginning_is_refused(settings: Any) -> None:
    first = publish()
    rotate(settings, SECOND)
    sign_again(first, SECOND)

    assert broken().index == 0


@pytest.mark.parametrize("alone", [FIRST, SECOND])
def test_while_two_keys_sign_one_of_them_is_not_enough(settings: Any, alone: bytes) -> None:
    publish()
    settings.OPTIN_LOG_KEY_NEXT = SECOND
    both = publish()
    sign_again(both, alone)

    assert "did not sign" in broken().what


def test_the_name_of_another_log_is_refused_though_the_key_is_ours() -> None:
    first = publish()
    text, _lines = note.split(first.note)
    other = text.replace(ORIGIN, "elsewhere.example/log", 1)
    triggers.remove(connection)
    with connection.cursor() as cursor:
        signed = note.sign(other, note.Signer.from_seed(ORIGIN, FIRST))
        cursor.execute("UPDATE consent_checkpoint SET note = %s", (signed,))

    assert "another log" in broken().what


def test_a_log_that_was_signed_anew_by_somebody_else_is_refused(settings: Any) -> None:
    """Whoever has the database and a key of their own can rewrite both, but not what we trust."""
    settings.OPTIN_LOG_KEY = THIRD
    publish()
    rotate(settings, SECOND)
    settings.OPTIN_LOG_KEY = FIRST

    assert published.keys() == (key(FIRST),)
    assert "not trusted" in broken().what


def test_an_era_that_no_entry_announces_is_refused(settings: Any) -> None:
    publish()
    LogEra.objects.create(start=7, keys=f"{key(FIRST)} {key(SECOND)}")

    assert "no entry announces" in broken().what


def test_an_entry_that_announces_what_is_not_so_is_refused(settings: Any) -> None:
    publish()
    change = eras.change(eras.read()[0], (key(FIRST), key(SECOND)), timezone.now())
    LogPending.objects.create(id=change.entry, arrival=timezone.now(), data=change.data)
    tree.sequence()

    assert broken().index == 1


def test_an_era_that_begins_elsewhere_than_announced_is_refused(settings: Any) -> None:
    publish()
    settings.OPTIN_LOG_KEY_NEXT = SECOND
    publish()
    triggers.remove(connection)
    LogEra.objects.filter(start=2)._raw_delete("default")  # type: ignore[attr-defined]
    LogEra.objects.create(start=3, keys=f"{key(FIRST)} {key(SECOND)}")

    assert broken().index == 1


@pytest.mark.parametrize(
    "data",
    [b'{"a":"\\"type\\":\\"key\\""}', b'["type"]', b'{"type":"keys"}', b'x"type":"key"', b'["type":"key"]'],
)
def test_what_only_looks_like_an_announcement_is_none(data: bytes) -> None:
    assert eras.announced(data) is None


def test_an_announcement_inside_something_else_is_none() -> None:
    assert eras.announced(b'{"in":{"type":"key"},"type":"consent"}') is None
    assert eras.announced(b'[{"type":"key"}]') is None


# --- names


@pytest.mark.parametrize(
    ("name", "following"),
    [
        ("aurora.example/log", "aurora.example/log/2"),
        ("aurora.example/log/2", "aurora.example/log/3"),
        ("aurora.example/log/9", "aurora.example/log/10"),
        ("aurora.example/1", "aurora.example/1/2"),
        ("localhost:8000/log", "localhost:8000/log/2"),
        ("2", "2/2"),
    ],
)
def test_a_succeeding_log_has_the_next_name(name: str, following: str) -> None:
    assert eras.next_origin(name) == following


def test_the_guard_looks_only_at_the_log_as_it_is_named_now(settings: Any) -> None:
    last = publish(3)
    guard.remember(last.note)
    change = eras.succession(eras.read(), timezone.now(), size=3, root=bytes(32))
    tree.sequence(change=change)
    assert published.origin() == f"{ORIGIN}/2"

    guard.remember(last.note.replace("\n3\n", "\n9\n", 1))
    guard.check()
