"""Receipts hold against the Kantara Initiative's own JSON Schema."""

import json
from typing import Any

import jsonschema
import pytest

from consent.proof import kantara
from consent.proof.account import Account
from consent.sample import Sample
from consent.vocabulary import Channel, State
from tests import payloads
from tests.proof import acts

SCHEMA = payloads.CONSENT_RECORDS / "kantara-consent-receipt-v1_1-schema.json"
REQUIRED = [
    "version", "jurisdiction", "consentTimestamp", "collectionMethod", "consentReceiptID", "piiPrincipalId",
    "piiControllers", "services", "policyUrl", "sensitive", "spiCat",
]  # fmt: skip


def receipt_of(account: Account) -> dict[str, Any]:
    receipt = kantara.receipt(account)
    assert receipt is not None
    return json.loads(json.dumps(receipt))  # type: ignore[no-any-return]


@pytest.fixture
def schema() -> Any:
    if not SCHEMA.exists():
        pytest.skip("Kantara's schema is not beside this clone.")
    return json.loads(SCHEMA.read_text())


def test_the_receipt_of_a_yes_is_valid(given: Account, schema: Any) -> None:
    jsonschema.Draft4Validator(schema).validate(receipt_of(given))


def test_a_receipt_without_a_point_is_valid(aurora: Sample, schema: Any) -> None:
    jsonschema.Draft4Validator(schema).validate(receipt_of(acts.say(aurora, point=None)))


@pytest.mark.parametrize("field", REQUIRED)
def test_the_schema_misses_each_field_that_is_left_out(given: Account, schema: Any, field: str) -> None:
    receipt = receipt_of(given)
    del receipt[field]

    assert not jsonschema.Draft4Validator(schema).is_valid(receipt)


def test_it_says_who_asked_for_what_and_until_when(given: Account) -> None:
    receipt = receipt_of(given)

    assert receipt["version"] == "KI-CR-v1.1.0"
    assert receipt["consentReceiptID"] == str(given.act)
    assert receipt["consentTimestamp"] == 1795194309
    assert receipt["language"] == "pt"
    assert receipt["jurisdiction"] == "BR"
    assert receipt["piiControllers"][0]["piiController"] == "Café Aurora Ltda."
    assert receipt["piiControllers"][0]["email"] == "privacidade@aurora.example"
    assert receipt["piiControllers"][0]["phone"] == "+551140028922"
    [service] = receipt["services"]
    assert service["service"] == "Novidades do Café Aurora"
    assert [purpose["purpose"] for purpose in service["purposes"]] == [
        "Novidades e ofertas (SMS)",
        "Novidades e ofertas (WhatsApp)",
    ]
    assert [purpose["primaryPurpose"] for purpose in service["purposes"]] == [True, False]
    assert {purpose["purposeCategory"][0] for purpose in service["purposes"]} == {"6 - Marketing"}
    assert "2028" in service["purposes"][0]["termination"]


def test_the_number_is_not_in_it(given: Account) -> None:
    assert "987654321" not in json.dumps(receipt_of(given))


def test_a_contact_that_is_no_address_for_mail_is_not_given_as_one(aurora: Sample) -> None:
    aurora.company.dpo_contact = "+55 11 4002-8922"
    aurora.company.save()

    [controller] = receipt_of(acts.say(aurora))["piiControllers"]

    assert controller["email"] == ""
    assert "+55 11 4002-8922" in controller["contact"]


def test_a_grant_for_ever_ends_when_it_is_stopped(aurora: Sample) -> None:
    aurora.purposes["pedidos"].validity_days = 0
    aurora.purposes["pedidos"].save()

    [service] = receipt_of(acts.say(aurora, boxes=(("pedidos", Channel.SMS),), language="en"))["services"]

    assert service["purposes"][0]["termination"] == "until you stop it"
    assert service["purposes"][0]["purposeCategory"] == ["2 - Contracted Service"]


@pytest.mark.parametrize("state", [State.REQUESTED, State.REFUSED, State.WITHDRAWN])
def test_what_is_not_a_yes_has_no_such_receipt(aurora: Sample, state: State) -> None:
    assert kantara.receipt(acts.say(aurora, state)) is None
