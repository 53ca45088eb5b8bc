"""A record that says something else than its entry is found, whichever column it is."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from consent import integrity, vault
from consent.log import audit, tree
from consent.models import Act, ConsentRecord, LogEntry, LogPending, triggers
from consent.sample import Sample
from tests import cast

CHANGES: dict[str, Any] = {
    "subject": vault.new_id(),
    "purpose_id": None,
    "channel": "whatsapp",
    "state": "withdrawn",
    "possession": "policy",
    "valid_days": 1,
    "point_id": None,
    "notice_id": None,
    "language": "es",
    "method": "paper",
    "entity": "staff:1",
    "event_time": timezone.now() - timedelta(days=1),
    "recorded_at": timezone.now() - timedelta(days=1),
    "company_id": 999,
}


@pytest.fixture
def log(aurora: Sample) -> Sample:
    """Three people's records in the log, and nothing to hold a tamperer back."""
    for person in (cast.ANA, cast.BRUNO, cast.CLARA):
        cast.says(aurora, person)
    tree.sequence()
    triggers.remove(connection)
    return aurora


def broken() -> audit.LogBroken:
    with pytest.raises(audit.LogBroken) as caught:
        list(integrity.entries())
    return caught.value


@pytest.mark.parametrize("column", CHANGES)
def test_every_column_of_a_record_counts(log: Sample, column: str) -> None:
    entry = LogEntry.objects.get(index=1)
    field = column.removesuffix("_id") if column != "company_id" else "company"
    with connection.cursor() as cursor, connection.constraint_checks_disabled():
        value = ConsentRecord._meta.get_field(field).get_db_prep_save(CHANGES[column], connection)
        uid = ConsentRecord._meta.get_field("uid").get_db_prep_save(entry.id, connection)
        cursor.execute(f"UPDATE consent_consentrecord SET {column} = %s WHERE uid = %s", [value, uid])

    assert broken().index == 1


def test_an_untouched_ledger_holds(log: Sample) -> None:
    assert [index for index, _data in integrity.entries()] == [0, 1, 2]
    assert integrity.check_pending(3) == 0
    integrity.check_no_record_is_outside(3)


def test_a_removed_record_is_named(log: Sample) -> None:
    entry = LogEntry.objects.get(index=2)
    ConsentRecord.objects.filter(uid=entry.id)._raw_delete("default")

    assert broken().index == 2


def test_an_act_moved_to_another_person_is_named(log: Sample) -> None:
    record = ConsentRecord.objects.get(uid=LogEntry.objects.get(index=0).id)
    value = Act._meta.get_field("subject").get_db_prep_save(vault.new_id(), connection)
    key = Act._meta.get_field("id").get_db_prep_save(record.act_id, connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consent_act SET subject = %s WHERE id = %s", [value, key])

    assert broken().index == 0


@pytest.mark.parametrize("data", [b"no json", b'{"id":"another"}'])
def test_an_entry_that_is_not_its_own_is_named(log: Sample, data: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute('UPDATE consent_logentry SET data = %s WHERE "index" = 1', [data])

    assert broken().index == 1


def test_a_waiting_entry_is_compared_too(log: Sample) -> None:
    recorded = cast.says(log, cast.stranger(7))
    uid = ConsentRecord._meta.get_field("uid").get_db_prep_save(recorded.records[0], connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consent_consentrecord SET state = 'refused' WHERE uid = %s", [uid])

    with pytest.raises(audit.LogBroken, match="state"):
        integrity.check_pending(3)


def test_a_record_added_past_the_door_is_found(log: Sample) -> None:
    cast.says(log, cast.stranger(8))
    LogPending.objects.all()._raw_delete("default")

    with pytest.raises(audit.LogBroken, match="not in the log"):
        integrity.check_no_record_is_outside(3)


def test_an_act_without_records_is_found(log: Sample) -> None:
    Act.objects.create(
        id=vault.new_id(), company=log.company, subject=vault.new_id(), reference=b"r" * 32,
        recorded_at=timezone.now(),
    )  # fmt: skip

    with pytest.raises(audit.LogBroken, match="no records"):
        integrity.check_no_record_is_outside(3)


def test_verify_log_fails_and_names_the_place(log: Sample) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consent_consentrecord SET state = 'withdrawn'")

    with pytest.raises(CommandError, match="At entry 0: the record says another state"):
        call_command("verify_log")
