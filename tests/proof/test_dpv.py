"""Receipts as JSON-LD expand offline without losing a word, and say what TS 27560 asks for."""

import csv
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation
from pyld import jsonld

from consent import capture, recording
from consent.models import SubjectKey
from consent.proof import account, dpv, tlog_proof, words
from consent.proof.account import Account
from consent.relay import hearing
from consent.sample import Sample
from consent.vocabulary import Channel, State
from tests import payloads
from tests.proof import acts

DPV = "https://w3id.org/dpv#"


def no_network(url: str, options: Any) -> Any:
    raise AssertionError(f"The context asks for {url}.")


def receipt_of(found: Account) -> dict[str, Any]:
    logged = tlog_proof.of_records([record.uid for record in found.records])
    return json.loads(json.dumps(dpv.receipt(found, logged)))  # type: ignore[no-any-return]


def expand(receipt: dict[str, Any]) -> Any:
    return jsonld.expand(receipt, {"documentLoader": no_network})


def words_of(value: Any) -> Iterator[Any]:
    """Everything a document says: its values, without its names."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "@context":
                yield from words_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words_of(inner)
    else:
        yield value


def names_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from names_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names_of(inner)


EVERY_ACT = [*State, "without a purpose", "without a point", "by staff", "for ever", "waiting", "erased"]


@pytest.fixture(params=EVERY_ACT, ids=str)
def found(request: pytest.FixtureRequest, aurora: Sample) -> Account:
    """One act of every kind."""
    if isinstance(request.param, State):
        return acts.say(aurora, request.param)
    if request.param == "without a purpose":
        return acts.say(aurora, State.WITHDRAWN, boxes=((None, Channel.SMS),), notice=None, point=None)
    if request.param == "without a point":
        return acts.say(aurora, point=None)
    if request.param == "by staff":
        return acts.say(aurora, State.REVOKED, entity="staff:7")
    if request.param == "for ever":
        aurora.purposes["pedidos"].validity_days = 0
        return acts.say(aurora, boxes=(("pedidos", Channel.SMS),))
    if request.param == "waiting":
        return acts.say(aurora)
    one = acts.say_among_others(aurora)
    SubjectKey.objects.filter(subject=one.first.subject).delete()
    erased = account.read(one.act)
    assert erased is not None
    return erased


def test_it_expands_offline_and_comes_back_as_it_was(found: Account) -> None:
    receipt = receipt_of(found)

    back = jsonld.compact(expand(receipt), receipt["@context"], {"documentLoader": no_network})

    assert back == receipt


def test_every_name_becomes_a_term_of_a_vocabulary(found: Account) -> None:
    receipt = receipt_of(found)
    names = {name for name in names_of(expand(receipt)) if not name.startswith("@")}

    assert all(name.startswith("http") for name in names)
    assert f"{DPV}hasConsentStatus" in names


def test_every_word_is_still_there_as_data(found: Account) -> None:
    receipt = receipt_of(found)
    quads = jsonld.to_rdf(receipt, {"documentLoader": no_network, "format": "application/n-quads"})

    for word in words_of(receipt):
        prefix, _, rest = str(word).partition(":")
        spelled = receipt["@context"][prefix] + rest if prefix in receipt["@context"] else str(word)
        assert json.dumps(spelled, ensure_ascii=False)[1:-1] in quads, word


def test_a_name_the_context_does_not_know_would_be_lost(given: Account) -> None:
    receipt = receipt_of(given) | {"forgotten": "word"}

    assert "word" not in json.dumps(expand(receipt))


@pytest.mark.parametrize("state", State)
def test_each_state_has_its_word(aurora: Sample, state: State) -> None:
    receipt = receipt_of(acts.say(aurora, state))

    assert {event["@type"] for record in receipt["records"] for event in record["events"]} == {
        dpv.STATES[state]
    }


def test_what_ts_27560_demands_is_there(given: Account) -> None:
    receipt = receipt_of(given)
    record = receipt["records"][0]
    [processing], [controller], [event] = (
        record["pii_processing"], record["pii_controllers"], record["events"]
    )  # fmt: skip

    assert receipt["schema_version"] == "https://w3id.org/dpv/schema/dpv-27560#receipt"
    assert receipt["receipt_id"] == str(given.act)
    assert record["schema_version"] == "https://w3id.org/dpv/schema/dpv-27560#record"
    assert record["record_id"] == str(given.first.uid)
    assert record["pii_principal_id"] == f"urn:uuid:{given.first.subject}"
    assert record["jurisdiction"] == "loc:BR"
    assert record["privacy_notice"]["language"] == "pt-BR"
    assert given.first.notice is not None
    assert record["privacy_notice"]["digest"] == given.first.notice.digest
    assert record["withdrawal_method"]["exercised_at"] == given.address
    assert processing["purpose"]["purpose_type"] == "dpv:DirectMarketing"
    assert processing["pii_information"]["pii_type"] == "pd:TelephoneNumber"
    assert processing["storage"][0]["storage_locations"]
    assert processing["storage"][1]["retention_period"]["value"] == "P730D"
    assert all(
        controller[name] for name in ("party_id", "party_name", "party_address", "party_contact", "@type")
    )
    assert event["event_time"] == "2026-11-20T17:05:09.250000Z"
    assert event["event_type"] == "dpv:ExpressedConsent"
    assert event["validity_duration"]["value"] == "P730D"
    assert event["entity_id"] == {"@id": f"urn:uuid:{given.first.subject}"}


def test_the_place_in_the_log_is_there_once_there_is_one(given: Account, aurora: Sample) -> None:
    assert {record["log_entry"]["log_index"] for record in receipt_of(given)["records"]} == {5, 6}
    assert "log_entry" not in receipt_of(acts.say(aurora))["records"][0]


def test_staff_who_acted_are_named_by_their_number(aurora: Sample) -> None:
    [event] = receipt_of(acts.say(aurora, State.REVOKED, entity="staff:7"))["records"][0]["events"]

    assert event["entity_id"] == {"@type": "dpv:Entity", "party_id": "staff:7"}


def test_the_number_is_masked(given: Account) -> None:
    text = json.dumps(receipt_of(given), ensure_ascii=False)

    assert acts.ANA.masked in text
    assert "987654321" not in text


@pytest.mark.parametrize("name", ["consent_status", "consent_types", "consent_controls"])
def test_the_words_of_consent_are_those_of_dpv(given: Account, name: str) -> None:
    table = payloads.CONSENT_RECORDS / f"{name}.csv"
    if not table.exists():
        pytest.skip("DPV's terms are not beside this clone.")
    with table.open(newline="") as rows:
        known = {f"dpv:{row['term']}" for row in csv.DictReader(rows)}
    used = {
        "consent_status": set(dpv.STATES.values()),
        "consent_types": {receipt_of(given)["records"][0]["events"][0]["event_type"]},
        "consent_controls": {receipt_of(given)["records"][0]["withdrawal_method"]["@type"]},
    }

    assert used[name] <= known


@pytest.mark.parametrize("language", ["en", "es", "pt-br"])
def test_no_way_in_which_records_come_is_told_by_its_slug(language: str) -> None:
    ways = {method.slug for method in capture.methods()} | {
        recording.IMPORTED,
        recording.TIME,
        hearing.METHOD,
    }
    with translation.override(language):
        assert all(words.method(slug) != slug for slug in ways)
