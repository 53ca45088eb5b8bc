"""The door: whole acts, each once, all or none."""

import json
import re
from datetime import timedelta

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import recording, sample, vault
from consent.models import (
    Act,
    Company,
    ConsentRecord,
    ContactPoint,
    Evidence,
    LogPending,
    NoticeVersion,
    OutboundMessage,
    Purpose,
    SubjectKey,
)
from consent.recording import ConsentEvent, Telling
from consent.sample import Sample
from consent.vocabulary import Category, Channel, Possession, State
from tests.cast import ANA, BRUNO, at, event, new_reference, says, stops

EVERY_TABLE = (SubjectKey, ContactPoint, Act, Evidence, ConsentRecord, LogPending, OutboundMessage)


def counts() -> list[int]:
    return [table.objects.count() for table in EVERY_TABLE]


def three_boxes(aurora: Sample, **changes: object) -> list[ConsentEvent]:
    evidence = {"text": "três caixas"}
    reference = new_reference()
    return [
        event(
            aurora,
            **{
                "purpose": aurora.purposes[purpose],
                "channel": channel,
                "evidence": evidence,
                "reference": reference,
            }
            | changes,
        )
        for purpose, channel in (
            ("novidades", Channel.SMS),
            ("novidades", Channel.WHATSAPP),
            ("pedidos", Channel.SMS),
        )
    ]


def question(aurora: Sample) -> Telling:
    return Telling(kind="ask", sender=aurora.sender, text="Responda SIM")


# --- once


def test_three_boxes_are_one_act_and_three_records(aurora: Sample) -> None:
    recorded = recording.record(*three_boxes(aurora))
    assert recorded.is_new
    assert len(recorded.records) == 3
    assert counts() == [1, 1, 1, 1, 3, 3, 0]
    assert set(ConsentRecord.objects.values_list("act", "subject")) == {(recorded.act, recorded.subject)}


def test_records_are_kept_in_the_order_in_which_they_were_said(aurora: Sample) -> None:
    recorded = recording.record(*three_boxes(aurora))
    kept = ConsentRecord.objects.order_by("arrival").values_list("uid", "channel", "purpose__slug")
    assert [row[0] for row in kept] == list(recorded.records)
    assert [row[1:] for row in kept] == [
        ("sms", "novidades"),
        ("whatsapp", "novidades"),
        ("sms", "pedidos"),
    ]


def test_the_same_reference_again_returns_the_first_records(aurora: Sample) -> None:
    events = three_boxes(aurora)
    first = recording.record(*events, tell=lambda act: [question(aurora)])
    before = counts()
    again = recording.record(*events, tell=lambda act: [question(aurora)])
    assert not again.is_new
    assert (again.act, again.subject, again.records) == (first.act, first.subject, first.records)
    assert counts() == before


def test_the_same_reference_with_other_words_changes_nothing(aurora: Sample) -> None:
    first = says(aurora, reference="website:1")
    again = stops(aurora, reference="website:1")
    assert again.records == first.records
    assert ConsentRecord.objects.get().state == "given"


def test_a_reference_belongs_to_its_company(aurora: Sample) -> None:
    other = another_company()
    first = says(aurora, reference="website:1")
    again = stops(aurora, company=other, reference="website:1")
    assert again.is_new
    assert again.act != first.act


def test_a_reference_that_holds_a_number_is_not_kept_in_plain_text(aurora: Sample) -> None:
    says(aurora, reference=f"whatsapp:{ANA.value}")
    assert bytes(Act.objects.get().reference) == vault.reference_key(
        aurora.company.pk, f"whatsapp:{ANA.value}"
    )


# --- who


def another_company() -> Company:
    return Company.objects.create(
        slug="brisa",
        name="Padaria Brisa",
        legal_name="Brisa Ltda.",
        address="Rua",
        dpo_name="D",
        dpo_contact="d",
    )


def test_the_same_person_has_one_key_and_one_contact_point(aurora: Sample) -> None:
    first, second = says(aurora), says(aurora)
    assert first.subject == second.subject
    assert SubjectKey.objects.count() == ContactPoint.objects.count() == 1


def test_a_person_is_somebody_else_for_another_company(aurora: Sample) -> None:
    other = another_company()
    assert says(aurora).subject != stops(aurora, company=other).subject


def test_two_people_are_two_subjects(aurora: Sample) -> None:
    assert says(aurora, ANA).subject != says(aurora, BRUNO).subject


def test_a_subject_is_never_derived_from_a_number(aurora: Sample) -> None:
    with transaction.atomic():
        first = says(aurora).subject
        transaction.set_rollback(True)
    assert says(aurora).subject != first


# --- all or none


def test_one_event_that_does_not_fit_leaves_nothing_of_its_act(aurora: Sample) -> None:
    good, *others = three_boxes(aurora)
    bad = event(aurora, entity="x" * 3000, evidence=good.evidence, reference=good.reference)
    with pytest.raises(ValueError, match="2048 bytes"):
        recording.record(good, *others, bad, tell=lambda act: [question(aurora)])
    assert counts() == [0] * 7


@pytest.mark.postgres  # SQLite does not mind how long a text is
def test_one_row_the_database_refuses_leaves_nothing_of_its_act(aurora: Sample) -> None:
    good, *others = three_boxes(aurora)
    bad = event(aurora, entity="x" * 60, evidence=good.evidence, reference=good.reference)
    with pytest.raises(DataError), transaction.atomic():
        recording.record(good, *others, bad, tell=lambda act: [question(aurora)])
    assert counts() == [0] * 7


def test_a_message_that_cannot_be_written_leaves_nothing_of_its_act(aurora: Sample) -> None:
    def tell(act: object) -> list[Telling]:
        raise LookupError("no wording")

    with pytest.raises(LookupError):
        recording.record(event(aurora), tell=tell)
    assert counts() == [0] * 7


def test_an_act_is_rolled_back_with_the_transaction_it_is_part_of(aurora: Sample) -> None:
    with transaction.atomic():
        says(aurora)
        transaction.set_rollback(True)
    assert counts() == [0] * 7


# --- what is refused


def test_an_act_has_at_least_one_event() -> None:
    with pytest.raises(ValueError, match="at least one"):
        recording.record()


@pytest.mark.parametrize(
    "change",
    [{"contact": BRUNO}, {"reference": "website:other"}, {"evidence": {"text": "três caixas"}}],
)
def test_the_events_of_an_act_share_what_they_must_share(aurora: Sample, change: dict[str, object]) -> None:
    first, second, _third = three_boxes(aurora)
    other = event(aurora, **({"evidence": first.evidence, "reference": first.reference} | change))
    with pytest.raises(ValueError, match="share"):
        recording.record(first, second, other)


def test_a_scan_of_one_event_alone_is_refused_rather_than_lost(aurora: Sample) -> None:
    first, second, _third = three_boxes(aurora)
    file = recording.File(name="scan", media_type="image/png", content=b"...")
    scanned = event(aurora, evidence=first.evidence, reference=first.reference, files=(file,))
    with pytest.raises(ValueError, match="files"):
        recording.record(first, second, scanned)


def test_events_of_two_companies_are_refused(aurora: Sample) -> None:
    first, second, _third = three_boxes(aurora)
    other = event(
        aurora, company=another_company(), evidence=first.evidence, reference=first.reference, purpose=None
    )
    with pytest.raises(ValueError, match="share company"):
        recording.record(first, second, other)


def test_a_draft_was_shown_to_nobody(aurora: Sample) -> None:
    draft = NoticeVersion.objects.create(notice=aurora.version.notice, major=2)
    with pytest.raises(ValueError, match="published"):
        says(aurora, notice=draft)


def test_a_retired_notice_may_have_been_on_the_screen(aurora: Sample) -> None:
    NoticeVersion.objects.filter(pk=aurora.version.pk).update(state="retired", retired_at=timezone.now())
    aurora.version.refresh_from_db()
    assert says(aurora).is_new


def test_a_purpose_of_another_company_is_refused(aurora: Sample) -> None:
    foreign = Purpose.objects.create(company=another_company(), slug="x", category=Category.MARKETING)
    with pytest.raises(ValueError, match="another company"):
        says(aurora, purpose=foreign)


@pytest.mark.parametrize("state", [State.GIVEN, State.REQUESTED])
def test_nobody_agrees_without_a_notice(aurora: Sample, state: str) -> None:
    with pytest.raises(ValueError, match="notice"):
        says(aurora, state=state, notice=None)


@pytest.mark.parametrize("state", sorted(set(State.values) - {State.WITHDRAWN}))
def test_only_a_withdrawal_speaks_of_everything(aurora: Sample, state: str) -> None:
    with pytest.raises(ValueError, match="purpose"):
        says(aurora, state=state, purpose=None)


def test_a_time_without_a_zone_is_refused(aurora: Sample) -> None:
    with pytest.raises(ValueError, match="zone"):
        says(aurora, event_time=timezone.now().replace(tzinfo=None))


def test_evidence_that_cannot_be_written_down_is_refused(aurora: Sample) -> None:
    with pytest.raises(ValueError, match="surrogates"):
        says(aurora, evidence={"text": "\udcff"})
    assert counts() == [0] * 7


# --- when


def test_nobody_has_spoken_in_the_future(aurora: Sample) -> None:
    says(aurora, event_time=timezone.now() + timedelta(days=3))
    record = ConsentRecord.objects.get()
    assert record.event_time == record.recorded_at


def test_a_date_in_the_past_is_kept_beside_the_moment_it_was_recorded(aurora: Sample) -> None:
    says(aurora, event_time=at("1999-12-31 23:59"))
    record = ConsentRecord.objects.get()
    assert record.event_time == at("1999-12-31 23:59")
    assert timezone.now() - record.recorded_at < timedelta(minutes=1)


def test_the_validity_of_the_purpose_is_kept_as_it_was(aurora: Sample) -> None:
    says(aurora)
    aurora.purposes["novidades"].validity_days = 7
    says(aurora)
    stops(aurora)
    assert list(ConsentRecord.objects.order_by("arrival").values_list("valid_days", flat=True)) == [730, 7, 0]


def test_a_stop_from_a_stranger_is_kept(aurora: Sample) -> None:
    recorded = stops(aurora, BRUNO)
    record = ConsentRecord.objects.get()
    assert (record.purpose, record.state, record.subject) == (None, "withdrawn", recorded.subject)


# --- messages


def test_a_message_is_queued_with_its_act(aurora: Sample) -> None:
    told = []
    recorded = recording.record(event(aurora), tell=lambda act: told.append(act) or [question(aurora)])
    message = OutboundMessage.objects.get()
    assert told == [recorded.act]
    assert (message.act, message.subject, message.state, message.attempts) == (
        recorded.act,
        recorded.subject,
        "queued",
        0,
    )
    assert bytes(message.number_key) == vault.number_key(ANA)
    assert ANA.value.encode() not in bytes(message.sealed)


# --- how many queries


def statements(queries: CaptureQueriesContext) -> list[str]:
    """The first word of each statement; what brackets them inside a test's transaction is left out."""
    words = [re.sub(r"^\d+ times: ", "", query["sql"]).split()[0] for query in queries]
    return [word for word in words if word not in {"SAVEPOINT", "RELEASE"}]


def test_an_act_takes_one_query_to_read_and_one_to_write(aurora: Sample) -> None:
    with CaptureQueriesContext(connection) as queries:
        recording.record(*three_boxes(aurora), tell=lambda act: [question(aurora)])
    if connection.vendor == "postgresql":
        assert statements(queries) == ["SELECT", "WITH"]
    else:  # one insert a table, however many rows
        assert statements(queries) == ["SELECT"] + ["INSERT"] * 7


def test_an_act_seen_before_takes_one_query(aurora: Sample) -> None:
    same = event(aurora)
    recording.record(same)
    with CaptureQueriesContext(connection) as queries:
        recording.record(same)
    assert statements(queries) == ["SELECT"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_an_act_is_two_queries_and_nothing_else() -> None:
    aurora = sample.seed()
    with CaptureQueriesContext(connection) as queries:
        says(aurora)
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "WITH"]


# --- trouble


def test_what_always_collides_is_given_up(aurora: Sample) -> None:
    """Not for ever: a row that refuses is an error of ours, and the caller hears of it."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX only_one_entity ON consent_consentrecord (entity)")
    says(aurora)
    with pytest.raises(IntegrityError), transaction.atomic():
        says(aurora)
    assert ConsentRecord.objects.count() == 1


def test_possession_and_entity_are_kept(aurora: Sample) -> None:
    says(aurora, possession=Possession.POLICY, entity="staff:7")
    record = ConsentRecord.objects.get()
    assert (record.possession, record.entity) == ("policy", "staff:7")
    assert json.loads(bytes(LogPending.objects.get().data))["entity"] == "staff:7"
