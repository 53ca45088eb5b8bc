"""What was written stays as it is: the database itself refuses, on both engines, whoever asks."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from consent import erasure, publishing, recording
from consent.audits import drawing
from consent.decision import counting
from consent.log import tree
from consent.models import (
    AppendOnly,
    AppendOnlyError,
    AuditFinding,
    AuditItem,
    ConsentRecord,
    Cosignature,
    Evidence,
    LogEntry,
    LogHead,
    LogPending,
    LogTile,
    NoticeVersion,
    Opening,
    SubjectKey,
    triggers,
)
from consent.models.append_only import RULES
from consent.quality import keeping
from consent.quality.reading import Reading
from consent.sample import Sample
from tests.cast import BRUNO, CLARA, event, may, says

TABLES = sorted(RULES)


@pytest.fixture
def full(aurora: Sample) -> Sample:
    """A database with a row in every guarded table."""
    scan = recording.File(name="page-1", media_type="image/png", content=b"...")
    recorded = recording.record(event(aurora, files=(scan,), origin="poster:1"))
    tree.sequence()
    erasure.erase(says(aurora, CLARA).subject, company=aurora.company, entity="subject")
    says(aurora, BRUNO)
    Cosignature.objects.create(size=1, witness="w.example", line="—", cosigned_at=timezone.now())
    may(aurora)
    counting.flush()
    red = Reading(kind="rating", value="red", said_at=timezone.now(), number=aurora.sender.pk)
    keeping.keep(aurora.sender, [red], source="staff", read_at=timezone.now())
    staff = get_user_model().objects.create_user("clara")
    Opening.objects.create(user=staff, company=aurora.company, subject=recorded.subject)
    sample = drawing.draw(
        aurora.company, first_day=date(2000, 1, 1), last_day=date(2100, 1, 1), asked=1, seed="seed",
        user=staff.pk, at=timezone.now() + timedelta(seconds=1),
    )  # fmt: skip
    item = AuditItem.objects.get(sample=sample)
    AuditFinding.objects.create(item=item, user=staff, verdict="in_order", written_at=timezone.now())
    return aurora


def sql(statement: str, *parameters: object) -> int:
    """Run a statement as somebody with a database shell would; returns how many rows it touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def columns(table: str) -> list[str]:
    return [field.column for field in model_of(table)._meta.local_fields]


def model_of(table: str) -> type:
    return next(model for model in apps.get_models() if model._meta.db_table == table)


def test_every_guarded_table_exists_and_has_a_row_to_try_it_on(full: Sample) -> None:
    for table in TABLES:
        assert model_of(table)._default_manager.exists(), table


def test_every_append_only_model_is_guarded() -> None:
    append_only = {model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnly)}
    assert append_only <= set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_the_database_refuses_to_delete(full: Sample, table: str) -> None:
    with pytest.raises(IntegrityError, match=f"append-only: {table} refuses this DELETE"):
        sql(f"DELETE FROM {table}")


@pytest.mark.parametrize("table", TABLES)
def test_the_database_refuses_to_change_any_column(full: Sample, table: str) -> None:
    for column in columns(table):
        with pytest.raises(IntegrityError, match=f"append-only: {table} refuses this UPDATE"):
            sql(f'UPDATE {table} SET "{column}" = "{column}"')


@pytest.mark.postgres
@pytest.mark.parametrize("table", TABLES)
def test_the_database_refuses_to_truncate(db: None, table: str) -> None:
    with pytest.raises(IntegrityError, match=f"append-only: {table} refuses this TRUNCATE"):
        sql(f"TRUNCATE {table} CASCADE")


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite alone has OR REPLACE")
@pytest.mark.parametrize("table", TABLES)
def test_sqlite_refuses_to_replace_a_row(full: Sample, table: str) -> None:
    names = ", ".join(f'"{column}"' for column in columns(table))
    before = model_of(table)._default_manager.count()
    with pytest.raises(IntegrityError, match="append-only"):
        sql(f"INSERT OR REPLACE INTO {table} ({names}) SELECT {names} FROM {table}")
    assert model_of(table)._default_manager.count() == before


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite alone has OR REPLACE")
@pytest.mark.parametrize(("table", "key"), [("consent_consentrecord", "uid"), ("consent_act", "reference")])
def test_sqlite_refuses_to_replace_a_row_by_its_second_key(full: Sample, table: str, key: str) -> None:
    others = [column for column in columns(table) if column not in {"arrival", "id"}]
    names = ", ".join(others)
    new = ", id" if table == "consent_act" else ""
    with pytest.raises(IntegrityError, match="append-only"):
        sql(
            f"INSERT OR REPLACE INTO {table} ({names}{new}) SELECT {names}"
            f"{', hex(randomblob(16))' if new else ''} FROM {table}"
        )


def test_a_refusal_leaves_the_row_as_it_was(full: Sample) -> None:
    before = list(ConsentRecord.objects.values())
    for statement in (
        "UPDATE consent_consentrecord SET state = 'given'",
        "DELETE FROM consent_consentrecord",
    ):
        with pytest.raises(IntegrityError):
            sql(statement)
    assert list(ConsentRecord.objects.values()) == before


# --- the models say it sooner


def test_the_models_refuse_before_the_database_has_to(full: Sample) -> None:
    record = ConsentRecord.objects.all()[0]
    for forbidden in (
        record.save,
        record.delete,
        ConsentRecord.objects.all().delete,
        lambda: ConsentRecord.objects.update(state="given"),
    ):
        with pytest.raises(AppendOnlyError, match="ConsentRecord is append-only"):
            forbidden()


# --- what may change, and how


def draft(aurora: Sample) -> NoticeVersion:
    return NoticeVersion.objects.create(
        notice=aurora.version.notice, major=2, wordings=aurora.version.wordings
    )


def test_a_draft_may_change_and_go(aurora: Sample) -> None:
    version = draft(aurora)
    version.wordings = {"en": {"screen": "Hello"}}
    version.save()
    version.refresh_from_db()
    assert version.wordings == {"en": {"screen": "Hello"}}

    version.delete()

    assert not NoticeVersion.objects.filter(notice=aurora.version.notice, major=2).exists()


def test_a_published_version_may_only_retire(aurora: Sample) -> None:
    version = publishing.publish(draft(aurora))
    aurora.version.refresh_from_db()
    assert aurora.version.state == "retired"
    refused: list[dict[str, object]] = [{"state": "draft"}]
    for change in (
        {"wordings": {"en": {"screen": "Other words"}}},
        {"digest": "0" * 64},
        {"major": 9},
        {"minor": 9},
        {"published_at": timezone.now()},
    ):
        refused += [change, {"state": "retired"} | change]
    for changes in refused:
        with pytest.raises(IntegrityError), transaction.atomic():
            NoticeVersion.objects.filter(pk=version.pk).update(**changes)


def test_a_retired_version_never_comes_back(aurora: Sample) -> None:
    publishing.publish(draft(aurora))
    with pytest.raises(IntegrityError), transaction.atomic():
        NoticeVersion.objects.filter(pk=aurora.version.pk).update(state="published")


def test_a_draft_cannot_take_the_place_of_another_version(aurora: Sample) -> None:
    version = draft(aurora)
    for assignment in (f"id = {aurora.version.pk}", "major = 1"):
        with pytest.raises(IntegrityError):
            sql(f"UPDATE consent_noticeversion SET {assignment} WHERE id = %s", version.pk)
        if connection.vendor == "sqlite":
            with pytest.raises(IntegrityError):
                sql(f"UPDATE OR REPLACE consent_noticeversion SET {assignment} WHERE id = %s", version.pk)
    aurora.version.refresh_from_db()
    assert aurora.version.state == "published"


def test_a_waiting_entry_may_only_leave_into_the_log(aurora: Sample) -> None:
    says(aurora)
    waiting = LogPending.objects.get()
    with pytest.raises(IntegrityError):
        sql("DELETE FROM consent_logpending")
    LogEntry.objects.create(index=0, id=waiting.pk, data=bytes(waiting.data) + b" ")
    with pytest.raises(IntegrityError):  # other bytes are another entry
        sql("DELETE FROM consent_logpending")


def test_a_waiting_entry_leaves_once_the_log_has_it(aurora: Sample) -> None:
    says(aurora)
    waiting = LogPending.objects.get()
    LogEntry.objects.create(index=0, id=waiting.pk, data=waiting.data)
    assert sql("DELETE FROM consent_logpending") == 1


def test_evidence_goes_only_after_its_key(full: Sample) -> None:
    evidence = Evidence.objects.all()[0]
    erase = "DELETE FROM consent_evidence WHERE act = %s"
    act = evidence.act.hex if connection.vendor == "sqlite" else evidence.act
    with pytest.raises(IntegrityError):
        sql(erase, act)
    SubjectKey.objects.filter(subject=evidence.subject).delete()
    assert sql(erase, act) == 1


def test_the_head_never_moves_back(full: Sample) -> None:
    head = LogHead.objects.get()
    for size in (head.size, head.size - 1):
        with pytest.raises(IntegrityError), transaction.atomic():
            LogHead.objects.update(size=size)


def test_a_tile_only_grows_to_the_right(full: Sample) -> None:
    tile = LogTile.objects.get()
    hashes = bytes(tile.hashes)
    for changed in (hashes, hashes[:-1], bytes(32) + hashes, hashes[:-1] + b"\x00" + bytes(32)):
        with pytest.raises(IntegrityError), transaction.atomic():
            LogTile.objects.update(hashes=changed)
    assert LogTile.objects.update(hashes=hashes + bytes(32)) == 1


# --- the triggers themselves


def installed() -> set[str]:
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with connection.cursor() as cursor:
        cursor.execute(catalogue[connection.vendor])
        return {name for (name,) in cursor.fetchall() if "_guards_" in name}


@pytest.fixture
def unguarded(db: None) -> Iterator[None]:
    triggers.remove(connection)
    yield
    triggers.install(connection)


def test_every_table_has_a_trigger_for_each_way_to_change_it(db: None) -> None:
    third = "truncate" if connection.vendor == "postgresql" else "insert"
    assert installed() == {f"{table}_guards_{way}" for table in TABLES for way in ("update", "delete", third)}


def test_migrate_puts_the_triggers_back(unguarded: None) -> None:
    assert not installed()
    call_command("migrate", verbosity=0)
    assert len(installed()) == 3 * len(TABLES)


def test_installing_twice_changes_nothing(db: None) -> None:
    before = installed()
    triggers.install(connection)
    assert installed() == before


@pytest.mark.django_db(transaction=True)
def test_a_rebuilt_table_is_guarded_again_after_migrate() -> None:
    """SQLite drops triggers when Django rebuilds a table for a migration."""
    with connection.schema_editor() as editor:
        if connection.vendor == "sqlite":
            editor._remake_table(ConsentRecord)
            assert "consent_consentrecord_guards_update" not in installed()
    call_command("migrate", verbosity=0)
    assert len(installed()) == 3 * len(TABLES)
