"""The drill: a damaged log is told, refused, and succeeded by one that verifies and that witnesses follow."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from consent import erasure, succession, witnesses
from consent.log import checkpoint, eras, guard, merkle, note, proofs, published, tree
from consent.models import (
    Checkpoint,
    ConsentRecord,
    LogEntry,
    LogHead,
    LogPending,
    LogTile,
    LogWitness,
    triggers,
)
from consent.providers import egress
from consent.recording.writer import Recorded
from consent.sample import Sample
from consent.succession import planning
from tests import cast
from tests.log.backups import backup
from tests.witness import partner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    egress.hang_up()


def publish(aurora: Sample, count: int = 1) -> Checkpoint:
    """Record and publish, and remember it as after a real commit."""
    for number in range(count):
        cast.says(aurora, cast.stranger(1000 * LogEntry.objects.count() + number))
    tree.sequence()
    latest = published.latest()
    assert latest is not None
    guard.remember(latest.note)
    return latest


def remember() -> None:
    """As after a real commit, which a test inside a transaction does not have."""
    latest = published.latest()
    assert latest is not None
    guard.remember(latest.note)


def run(command: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue()


def succeed() -> str:
    said = run("succeed_log", "--confirm", eras.next_origin(published.origin()))
    remember()
    while tree.sequence():
        remember()
    return said


def verify() -> str:
    return run("verify_log")


def execute(sql: str, *parameters: object) -> None:
    """As somebody with a database shell would who put the guards aside."""
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
    triggers.install(connection)


def change_entry(index: int, data: bytes) -> None:
    execute('UPDATE consent_logentry SET data = %s WHERE "index" = %s', data, index)


def said() -> list[dict[str, Any]]:
    return [json.loads(bytes(entry.data)) for entry in LogEntry.objects.order_by("index")]


def entry(record: Recorded) -> LogEntry:
    return LogEntry.objects.get(id=record.records[0])


# --- yesterday's database


def test_the_whole_drill(aurora: Sample, tmp_path: Path, settings: Any) -> None:
    first = published.signing_key().verifier
    old_origin = published.origin()
    with (
        partner.listening(tmp_path / "witness", first) as running,
        backup_of(aurora, running, settings) as old,
    ):
        ahead, proof, _yesterday = old

        # It refuses, and names the way out.
        cast.says(aurora, cast.BRUNO)
        for refused in (tree.sequence, verify, witnesses.look):
            with pytest.raises((guard.LogBehind, CommandError), match=r"docs/log-succession\.md"):
                refused()

        # What would be done is said, and nothing is done.
        told = run("succeed_log")
        assert f"manage.py succeed_log --confirm {old_origin}/2" in told
        assert "last good checkpoint: 2 entries" in told
        assert published.origin() == old_origin

        # It is done: the log verifies again and grows.
        assert str(published_key(old_origin)) in succeed()
        assert published.origin() == f"{old_origin}/2"
        assert "The log holds: 4 entries" in verify()
        (announced,) = [each for each in said() if each["type"] == "succession"]
        assert (announced["size"], announced["before"]) == (2, str(first))
        witnesses.look()
        guard.check()

        # The new log grew from the old one's last good checkpoint, as anybody can check.
        good = checkpoint.verify(Checkpoint.objects.get(size=2).note, log=first).checkpoint
        newest = published.latest()
        assert newest is not None
        new = checkpoint.verify(newest.note, log=published.signing_key().verifier).checkpoint
        merkle.verify_consistency(
            old_size=good.size,
            old_root=good.root,
            size=new.size,
            root=new.root,
            proof=proofs.consistency(good.size, new.size, published.read_tile),
        )

        # Proofs of the old log verify, and its key is still named.
        assert first in list(published.keys())
        assert checkpoint.verify(ahead.note, log=first).checkpoint.size == 5
        proofs.verify(proof, leaf=merkle.leaf_hash(proof.extra or b""), log=first)

        # The witness does not know the new name; once it is told, it follows.
        asked_now()
        assert witnesses.drain() == 0
        assert LogWitness.objects.get(origin=published.origin()).trouble == "answers 404"
        port = int(running.address.rpartition(":")[2])
    with partner.listening(
        tmp_path / "witness", first, published.signing_key().verifier, port=port
    ) as told_witness:
        egress.hang_up()
        asked_now()
        assert witnesses.drain() == 1
        assert told_witness.latest(published.origin()) == published.cosigned(newest)
        assert "\n5\n" in told_witness.latest(old_origin)


class backup_of:
    """A log of two entries, cosigned; then of five; and then yesterday's database with two again."""

    def __init__(self, aurora: Sample, running: partner.Partner, settings: Any) -> None:
        settings.OPTIN_WITNESSES = [running.setting]
        publish(aurora, 2)
        witnesses.drain()
        self._backup = backup()
        self._aurora = aurora

    def __enter__(self) -> tuple[Checkpoint, proofs.Proof, Any]:
        yesterday = self._backup.__enter__()
        ahead = publish(self._aurora, 3)
        asked_now()
        assert witnesses.drain() == 1
        data = bytes(LogEntry.objects.get(index=4).data)
        hashes = tuple(proofs.inclusion(4, 5, published.read_tile))
        proof = proofs.Proof(index=4, hashes=hashes, checkpoint=ahead.note, extra=data)
        yesterday.restore()
        return ahead, proof, yesterday

    def __exit__(self, *error: Any) -> None:
        self._backup.__exit__(*error)


def asked_now() -> None:
    LogWitness.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def published_key(origin: str) -> note.Verifier:
    return eras.signing_key(f"{origin}/2").verifier


def test_a_backup_from_before_the_succession_is_refused_too(aurora: Sample) -> None:
    publish(aurora, 2)
    with backup() as yesterday:
        publish(aurora, 3)
        yesterday.restore()
        succeed()
        yesterday.restore()

        with pytest.raises(guard.LogBehind, match="/2: an old backup"):
            publish(aurora)


def test_a_succession_can_be_succeeded(aurora: Sample) -> None:
    origin = published.origin()
    for number in (2, 3):
        publish(aurora, 2)
        with backup() as yesterday:
            publish(aurora)
            yesterday.restore()
            succeed()
        assert published.origin() == f"{origin}/{number}"
        verify()


def test_an_empty_database_can_succeed_too(aurora: Sample) -> None:
    with backup() as empty:
        publish(aurora, 3)
        empty.restore()
        cast.says(aurora, cast.BRUNO)

        succeed()

    assert [each["type"] for each in said()] == ["succession", "consent"]
    assert said()[0]["size"] == 0
    verify()


def test_what_waited_comes_after_what_is_entered_again(aurora: Sample) -> None:
    publish(aurora)
    before = publish(aurora, 2)
    again = [each.id for each in LogEntry.objects.filter(index__gte=1).order_by("index")]
    waiting = cast.says(aurora, cast.BRUNO)
    execute("DELETE FROM consent_checkpoint WHERE size = %s", before.size)

    succeed()

    ids = list(LogEntry.objects.order_by("index").values_list("id", flat=True))
    assert ids[2:4] == again
    assert ids[4] == waiting.records[0]
    verify()


# --- entries that were changed or lost


def test_an_entry_that_was_changed_is_made_anew_to_the_byte(aurora: Sample) -> None:
    publish(aurora)
    changed = cast.says(aurora, cast.BRUNO)
    publish(aurora)
    before = bytes(entry(changed).data)
    change_entry(entry(changed).index, before.replace(b'"given"', b'"guven"'))

    told = run("succeed_log")
    assert "Entries given up: 2" in told
    assert "Disputed among those: 0" in told
    succeed()

    assert bytes(entry(changed).data) == before
    assert "The log holds: 4 entries" in verify()


def test_an_entry_that_is_not_even_json_is_made_anew(aurora: Sample) -> None:
    publish(aurora)
    changed = cast.says(aurora, cast.BRUNO)
    publish(aurora)
    before = bytes(entry(changed).data)
    change_entry(entry(changed).index, b"\xff\x00")

    succeed()

    assert bytes(entry(changed).data) == before


def test_what_was_taken_out_is_kept_in_a_file(aurora: Sample, settings: Any) -> None:
    first = publish(aurora)
    last = publish(aurora, 2)
    change_entry(1, b"{}")

    told = succeed()

    path = Path(settings.OPTIN_DATA_DIR) / f"log-given-up-{first.size}.jsonl"
    assert str(path) in told
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["checkpoint"] for line in lines if "checkpoint" in line] == [last.note]
    assert [line["index"] for line in lines if "index" in line] == [1, 2]


def test_a_record_that_was_changed_comes_back_disputed(aurora: Sample) -> None:
    publish(aurora)
    changed = cast.says(aurora, cast.BRUNO)
    publish(aurora)
    execute(
        "UPDATE consent_consentrecord SET state = 'refused' WHERE uid = %s",
        ConsentRecord._meta.get_field("uid").get_db_prep_save(changed.records[0], connection),
    )

    assert str(changed.records[0]) in run("succeed_log")
    succeed()

    (disputed,) = [each for each in said() if each["type"] == "disputed"]
    assert disputed["record"] == str(changed.records[0])
    assert disputed["company"] == "aurora"
    assert json.loads(bytes(entry(changed).data))["state"] == "refused"
    verify()


def test_an_entry_that_was_removed_is_made_anew_from_its_record_and_disputed(aurora: Sample) -> None:
    publish(aurora)
    removed = cast.says(aurora, cast.BRUNO)
    publish(aurora)
    before = bytes(entry(removed).data)
    execute('DELETE FROM consent_logentry WHERE "index" = 1')

    succeed()

    assert bytes(entry(removed).data) == before
    assert [each["record"] for each in said() if each["type"] == "disputed"] == [str(removed.records[0])]
    verify()


def test_of_an_erased_person_nothing_but_the_commitment_is_missing(aurora: Sample) -> None:
    publish(aurora)
    changed = cast.says(aurora, cast.BRUNO)
    publish(aurora)
    erased = erasure.erase(changed.subject, company=aurora.company, entity="subject")
    publish(aurora)
    change_entry(entry(changed).index, b"{}")

    succeed()

    assert json.loads(bytes(entry(changed).data))["evidence"] == ""
    assert LogEntry.objects.filter(id=erased.entry).exists(), (
        "entries that are no records come back as they were"
    )
    verify()


def test_an_entry_of_no_record_that_was_changed_is_lost_and_said_so(aurora: Sample) -> None:
    publish(aurora)
    gone = cast.says(aurora, cast.BRUNO)
    erased = erasure.erase(gone.subject, company=aurora.company, entity="subject")
    publish(aurora)
    lost = LogEntry.objects.get(id=erased.entry)
    change_entry(lost.index, bytes(lost.data).replace(b"subject", b"subjict", 1))
    change_entry(lost.index, bytes(lost.data)[:-1])

    assert f"Lost: {lost.id}" in run("succeed_log")
    succeed()

    assert not LogEntry.objects.filter(id=lost.id).exists()
    verify()


def test_a_key_that_began_to_sign_after_the_last_good_checkpoint_begins_anew(
    aurora: Sample, settings: Any
) -> None:
    publish(aurora)
    publish(aurora, 2)
    settings.OPTIN_LOG_KEY_NEXT = b"2" * 32
    publish(aurora)
    settings.OPTIN_LOG_KEY, settings.OPTIN_LOG_KEY_NEXT = b"2" * 32, None
    publish(aurora)
    change_entry(1, b"{}")

    succeed()

    assert [each["type"] for each in said()].count("key") == 0
    assert [len(era.keys) for era in eras.read()] == [1, 1]
    assert published.keys() == (published.signing_key().verifier,)
    verify()


def test_without_the_tiles_nothing_supports_what_comes_back(aurora: Sample) -> None:
    publish(aurora)
    changed = cast.says(aurora, cast.BRUNO)
    publish(aurora)
    change_entry(entry(changed).index, b"{}")
    execute("DELETE FROM consent_logtile")

    succeed()

    assert str(changed.records[0]) in [each["record"] for each in said() if each["type"] == "disputed"]
    verify()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE consent_checkpoint SET note = 'x'",
        "UPDATE consent_checkpoint SET note = replace(note, 'log', 'lug') WHERE size = 3",
        "DELETE FROM consent_checkpoint",
        "DELETE FROM consent_logtile",
        "DELETE FROM consent_loghead",
        "UPDATE consent_loghead SET size = 99",
        'DELETE FROM consent_logentry WHERE "index" = 0',
        "DELETE FROM consent_logentry",
        "UPDATE consent_logentry SET data = substr(data, 2)",
        "UPDATE consent_logtile SET hashes = substr(hashes, 2)",
    ],
)
def test_whatever_was_done_to_it_the_log_verifies_again(aurora: Sample, damage: str) -> None:
    publish(aurora)
    publish(aurora, 2)
    publish(aurora, 260)
    execute(damage)
    with pytest.raises(CommandError):
        verify()

    succeed()

    records = set(ConsentRecord.objects.values_list("uid", flat=True))
    assert records <= set(LogEntry.objects.values_list("id", flat=True))
    publish(aurora)
    verify()


# --- nothing by accident


def test_a_log_that_holds_is_not_ended(aurora: Sample) -> None:
    publish(aurora)

    with pytest.raises(CommandError, match="nothing to succeed"):
        run("succeed_log", "--confirm", f"{published.origin()}/2")


def test_another_name_than_was_told_does_nothing(aurora: Sample) -> None:
    publish(aurora)
    execute("DELETE FROM consent_logtile")

    with pytest.raises(CommandError, match="Nothing was changed"):
        run("succeed_log", "--confirm", published.origin())

    assert not LogTile.objects.exists()


def test_a_plan_that_is_no_longer_true_is_not_carried_out(aurora: Sample) -> None:
    publish(aurora)
    publish(aurora, 2)
    change_entry(1, b"{}")
    plan = succession.plan()
    publish(aurora)

    with pytest.raises(succession.Interrupted):
        succession.carry_out(plan)

    assert LogEntry.objects.count() == 4


def test_a_worker_that_meddles_stops_the_succession(aurora: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(aurora)
    publish(aurora, 2)
    change_entry(1, b"{}")
    plan = succession.plan()
    monkeypatch.setattr(planning, "plan", lambda: replace(plan, given_up=9))

    with pytest.raises(CommandError, match="Somebody worked on the log"):
        run("succeed_log", "--confirm", plan.origin)


@pytest.mark.parametrize("table", ["consent_logentry", "consent_logtile"])
def test_a_failure_half_way_leaves_everything_as_it_was(aurora: Sample, settings: Any, table: str) -> None:
    publish(aurora)
    publish(aurora, 2)
    if table == "consent_logentry":
        change_entry(1, b"{}")
    else:
        execute("UPDATE consent_logtile SET hashes = substr(hashes, 2)")
    before = [(each.index, bytes(each.data)) for each in LogEntry.objects.order_by("index")]
    plan = succession.plan()

    def fail(execute_: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith('INSERT INTO "consent_checkpoint"'):
            raise MemoryError
        return execute_(sql, params, many, context)

    with pytest.raises(MemoryError), connection.execute_wrapper(fail):
        succession.carry_out(plan)

    assert [(each.index, bytes(each.data)) for each in LogEntry.objects.order_by("index")] == before
    assert not list(Path(settings.OPTIN_DATA_DIR).glob("log-given-up-*"))
    assert LogPending.objects.count() == 0
    assert LogHead.objects.get().size == 3
    with pytest.raises(Exception, match="append-only"):
        LogEntry.objects.filter(index=0)._raw_delete(connection.alias)


def test_the_guards_are_back_after_a_succession(aurora: Sample) -> None:
    publish(aurora)
    execute("DELETE FROM consent_logtile")
    succeed()

    with pytest.raises(Exception, match="append-only"):
        LogEntry.objects.filter(index=0)._raw_delete(connection.alias)
