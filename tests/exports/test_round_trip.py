"""What is taken out of one installation and brought into another gives the same standings, person by person."""

import csv
import io
import json
from typing import Any

import pytest
from django.utils import timezone
from pyarrow import parquet

from consent import erasure, history, ledger, linking, opening
from consent.contact import Contact
from consent.exports import formats, taking_out
from consent.exports.lines import Wanted
from consent.log import tree
from consent.models import Company, ConsentRecord, ContactPoint, Import, Purpose
from consent.sample import Sample
from consent.vocabulary import Channel, Possession, State
from tests import cast
from tests.cast import ANA, BRUNO, CLARA, at
from tests.imports import lists
from tests.staff import other_sample

USER = Contact.whatsapp_user("BR.123456")


def lived(aurora: Sample) -> list[Contact]:
    """People with histories that a table of states would get wrong."""
    four, five, six, seven = (cast.stranger(number) for number in range(4, 8))
    orders = aurora.purposes["pedidos"]
    cast.says(aurora, event_time=at("2026-01-01 10:00"))
    cast.says(aurora, BRUNO, event_time=at("2026-01-01 10:00"))
    cast.stops(aurora, BRUNO, event_time=at("2026-02-01 10:00"))
    cast.says(aurora, CLARA, event_time=at("2026-01-01 10:00"))
    cast.stops(aurora, CLARA, event_time=at("2026-02-01 10:00"))
    cast.says(aurora, CLARA, event_time=at("2026-03-01 10:00"))
    cast.says(aurora, CLARA, purpose=orders, channel=Channel.WHATSAPP, event_time=at("2026-03-01 10:00"))
    cast.says(aurora, four, event_time=at("2020-01-01 10:00"))
    cast.says(aurora, five, state=State.REQUESTED, possession=Possession.NONE)
    cast.stops(aurora, six, purpose=aurora.purposes["novidades"])
    cast.says(aurora, seven, event_time=at("2026-03-01 10:00:30"), clock="meta")
    cast.stops(aurora, seven, event_time=at("2026-03-01 10:00"), clock="meta?")
    cast.says(aurora, seven, event_time=at("2026-03-01 10:00:30"), clock="meta")
    cast.says(aurora, USER, channel=Channel.WHATSAPP, event_time=at("2026-03-01 10:00"))
    return [ANA, BRUNO, CLARA, four, five, six, seven, USER]


def standing_of(company: Company, contact: Contact) -> dict[Any, Any]:
    from consent import vault

    point = ContactPoint.objects.get(lookup=vault.lookup(company.pk, contact), is_former=False)
    slugs = dict(Purpose.objects.values_list("pk", "slug"))
    return {
        (channel, slugs.get(purpose)): (one.state, one.since, one.until)
        for (channel, purpose), one in history.standings(point.subject, at=timezone.now()).items()
    }


def exported(company: Company, kind: str = "csv", **only: Any) -> bytes:
    while tree.sequence():
        pass
    wanted = Wanted(company, **({"with_contacts": True} | only))
    return b"".join(taking_out.begin(wanted, kind=kind, entity="staff:1", at=timezone.now()).parts)


@pytest.fixture
def elsewhere(db: None) -> Sample:
    """Another company, which stands for an empty installation: nobody of the first is known there."""
    made = other_sample()
    Purpose.objects.create(company=made.company, slug="pedidos", category="utility", name={}, description={})
    return made


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_the_standings_are_equal_person_by_person(aurora: Sample, elsewhere: Sample, kind: str) -> None:
    people = lived(aurora)
    batch = lists.bring(elsewhere, exported(aurora.company, kind), name=f"export.{kind}")

    assert batch.kind == Import.Kind.LEDGER
    assert lists.try_out(batch, purpose="", channel="", source="") == {
        "recorded": ConsentRecord.objects.count()
    }
    assert lists.record(batch) == {"recorded": len(people) + 6}
    for contact in people:
        assert standing_of(elsewhere.company, contact) == standing_of(aurora.company, contact), contact


def test_a_stop_that_is_there_already_is_stronger_than_the_file(aurora: Sample, elsewhere: Sample) -> None:
    cast.says(aurora)
    cast.stops(elsewhere)
    batch = lists.bring(elsewhere, exported(aurora.company))
    lists.try_out(batch, purpose="", channel="", source="")

    assert lists.record(batch) == {"stopped": 1}


def test_a_file_that_comes_back_to_where_it_is_from_or_twice_changes_nothing(
    aurora: Sample, elsewhere: Sample
) -> None:
    cast.says(aurora)
    first = exported(aurora.company)
    for _ in range(2):
        batch = lists.bring(elsewhere, first)
        lists.try_out(batch, purpose="", channel="", source="")
        lists.record(batch)
    assert batch.counts == {"duplicate": 1}
    home = lists.bring(aurora, first)
    lists.try_out(home, purpose="", channel="", source="")
    assert lists.record(home) == {"duplicate": 1}
    assert ConsentRecord.objects.count() == 2


def test_one_size_of_the_log_stands_in_name_and_file(aurora: Sample) -> None:
    cast.says(aurora)
    while tree.sequence():
        pass
    cast.says(aurora, BRUNO)  # waits for its place
    wanted = Wanted(aurora.company, with_contacts=True)
    export = taking_out.begin(wanted, kind="csv", entity="staff:1", at=timezone.now())
    rows = list(csv.DictReader(io.StringIO(b"".join(export.parts).decode())))

    assert [(row["contact"], row["log_size"]) for row in rows] == [(ANA.value, str(export.log_size))]
    assert export.name == f"optin-aurora-log-{export.log_size}.csv"
    entry = next(json.loads(one) for one in cast.entries() if b'"type":"exported"' in one)
    assert (entry["entity"], entry["contacts"], entry["log_size"]) == ("staff:1", "yes", str(export.log_size))


def test_a_part_can_be_taken_out_and_numbers_left_in(aurora: Sample) -> None:
    lived(aurora)
    stops = exported(
        aurora.company, "ndjson", state="withdrawn", channel="sms", with_contacts=False
    ).splitlines()
    found = [json.loads(line) for line in stops[1:]]
    assert {(row["state"], row["contact"]) for row in found} == {("withdrawn", "")}
    assert len(found) == ConsentRecord.objects.filter(state="withdrawn").count()
    since = exported(aurora.company, "ndjson", since=at("2026-03-01 00:00"), until=at("2026-03-02 00:00"))
    assert since.count(b"2026-03-01T") == 6
    assert exported(aurora.company, "ndjson", purpose=aurora.purposes["pedidos"].pk).count(b"\n") == 2


def test_parquet_says_the_same(aurora: Sample) -> None:
    lived(aurora)
    table = parquet.read_table(io.BytesIO(exported(aurora.company, "parquet")))

    assert tuple(table.column_names) == ledger.COLUMNS
    assert table.schema.metadata[b"company"] == b"aurora"
    text = list(csv.DictReader(io.StringIO(exported(aurora.company).decode())))
    assert [row["record"] for row in table.to_pylist()] == [row["record"] for row in text]
    assert parquet.read_table(io.BytesIO(exported(aurora.company, "parquet", state="revoked"))).num_rows == 0


def test_who_was_erased_has_no_contact_and_who_has_two_has_two_lines(
    aurora: Sample, elsewhere: Sample
) -> None:
    cast.says(aurora)
    erased = cast.says(aurora, CLARA)
    erasure.erase(erased.subject, company=aurora.company, entity="staff:1")
    cast.says(aurora, USER, channel=Channel.WHATSAPP)
    linking.link(aurora.company, USER, ANA, entity="platform:meta")
    content = exported(aurora.company)
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert [row["contact"] for row in rows if row["subject"] == str(erased.subject)] == [""]
    batch = lists.bring(elsewhere, content)
    lists.try_out(batch, purpose="", channel="", source="")
    assert lists.record(batch) == {"contact.missing": 1, "recorded": 4}
    for contact in (ANA, USER):
        assert standing_of(elsewhere.company, contact) == standing_of(aurora.company, contact)


@pytest.mark.parametrize(
    "name", ["=cmd|'/C calc'!A0", "+1+1", "@SUM(A1)", "-2+3", "\t=1+1", "\r=1+1", "\uff1d1+1"]
)
def test_names_that_would_be_formulas_are_text(aurora: Sample, name: str) -> None:
    Purpose.objects.filter(slug="novidades").update(slug=name)
    cast.says(aurora)
    cast.says(aurora, purpose=aurora.purposes["pedidos"])

    [formula, harmless] = csv.DictReader(io.StringIO(exported(aurora.company).decode(), newline=""))
    assert (formula["purpose"], harmless["purpose"]) == (f"'{name}", "pedidos")
    assert formula["contact"] == ANA.value, "a number keeps its +"
    assert formats.MEDIA_TYPES["csv"].startswith("text/csv")


def test_a_reference_that_would_be_a_formula_is_kept_as_it_was_written(aurora: Sample) -> None:
    references = ["=cmd|'/C calc'!A0", "+1+1", "@SUM", "-2", "TAB="]
    rows = "".join(f'1198765432{number},2024-03-01,"{one}"\n' for number, one in enumerate(references))
    batch = lists.bring(aurora, f"phone,date,ref\n{rows}")
    lists.try_out(batch, source="")
    lists.record(batch)
    kept = [opening.evidence_of(record.act_id) for record in ConsentRecord.objects.order_by("arrival")]
    assert [evidence["reference"] for evidence in kept] == references
