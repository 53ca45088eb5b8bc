"""Rows come back as they went in, whatever is written in them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, connection, transaction

from consent import vault
from consent.models import EvidenceFile, OutboundMessage, SubjectKey
from consent.recording import tables
from consent.sample import Sample
from tests.cast import says, stranger

pytestmark = pytest.mark.django_db

NASTY = [
    'a"b',
    "a\\b",
    "{}",
    "NULL",
    "",
    " ",
    ",",
    "'",
    "\\x00",
    "ção\n\t",
    "\u2028",
    "😀",
    '"\\"',
    "%s",
    "$1",
]
BYTES = [b"", b"\x00", bytes(range(256)), b"NULL", b'"\\', b"\\x41"]


@pytest.fixture
def rows() -> tables.Rows:
    return tables.no_rows()


def test_every_text_comes_back(rows: tables.Rows) -> None:
    for text in NASTY:
        rows["consent_evidencefile"].append(
            (vault.new_id(), vault.new_id(), vault.new_id(), text, "image/png", b"")
        )
    tables.insert(connection, rows)
    assert sorted(EvidenceFile.objects.values_list("name", flat=True)) == sorted(NASTY)


def test_every_byte_comes_back(rows: tables.Rows) -> None:
    for number, content in enumerate(BYTES):
        rows["consent_subjectkey"].append((vault.new_id(), number, content))
    tables.insert(connection, rows)
    kept = SubjectKey.objects.order_by("company").values_list("wrapped", flat=True)
    assert [bytes(wrapped) for wrapped in kept] == BYTES


def test_a_moment_comes_back_to_the_microsecond_from_any_zone(rows: tables.Rows) -> None:
    moment = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-3)))
    ids = [vault.new_id() for _ in range(3)]
    rows["consent_outboundmessage"].append(
        (ids[0], 1, 1, ids[1], ids[2], b"k" * 32, "ask", b"", moment, moment, "queued", None)
    )
    tables.insert(connection, rows)
    [kept] = OutboundMessage.objects.all()
    assert kept.due_at == datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
    assert (kept.id, kept.subject, kept.act) == (ids[0], ids[1], ids[2])
    assert (kept.state, kept.attempts, kept.provider_id, kept.error) == ("queued", 0, "", "")


def test_very_many_rows_come_back_as_few_do(rows: tables.Rows) -> None:
    texts = [f"{text}{number}" for number in range(tables.MANY) for text in NASTY]
    for text in texts:
        rows["consent_evidencefile"].append(
            (vault.new_id(), vault.new_id(), vault.new_id(), text, "a/b", b"")
        )
    keys = {vault.new_id(): BYTES[number % len(BYTES)] for number in range(tables.MANY)}
    rows["consent_subjectkey"] = [(subject, 1, key) for subject, key in keys.items()]
    tables.insert(connection, rows)
    assert sorted(EvidenceFile.objects.values_list("name", flat=True)) == sorted(texts)
    kept = SubjectKey.objects.values_list("subject", "wrapped")
    assert {subject: bytes(wrapped) for subject, wrapped in kept} == keys


def test_very_many_rows_go_in_beside_few_of_another_table(rows: tables.Rows) -> None:
    ids = [vault.new_id() for _ in range(tables.MANY)]
    rows["consent_subjectkey"] = [(subject, 1, b"k") for subject in ids]
    rows["consent_evidencefile"].append((ids[0], ids[0], ids[0], "scan", "a/b", b""))
    tables.insert(connection, rows)
    assert (SubjectKey.objects.count(), EvidenceFile.objects.count()) == (tables.MANY, 1)


def test_very_many_rows_that_clash_are_refused_as_few_are(rows: tables.Rows) -> None:
    same = vault.new_id()
    rows["consent_subjectkey"] = [(same, 1, b"k")] * tables.MANY
    with pytest.raises(IntegrityError), transaction.atomic():
        tables.insert(connection, rows)
    assert not SubjectKey.objects.exists()


def test_the_usual_act_stays_within_what_psycopg_keeps_ready() -> None:
    usual = tuple(
        table for table in tables.TABLES if table not in ("consent_evidencefile", "consent_actorigin")
    )
    statement = tables._one_statement(usual)
    assert statement.count("%s") <= 50
    assert len(statement) <= 4096


@pytest.mark.postgres
def test_after_many_rows_the_database_knows_how_many_there_are(aurora: Sample) -> None:
    for number in range(3):
        says(aurora, stranger(number))
    tables.take_stock(connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'consent_consentrecord'")
        assert cursor.fetchone() == (3,)
