"""Finding a person by number, which stands in no address; and where they stand, in words."""

import logging
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import erasure
from consent.contact import Contact
from consent.models import Membership
from consent.vocabulary import Possession, State
from tests import cast
from tests.staff import Firm, signed_in, user

FIND = "/admin/consent/consentrecord/find/"


def find(client: Client, number: str, company: Any) -> Any:
    return client.post(FIND, {"number": number, "company": company.pk}, follow=True)


@pytest.mark.parametrize("typed", [cast.ANA.value, "(11) 98765-4321", "11 8765-4321", " +55 11 98765 4321 "])
def test_a_number_is_found_however_it_is_typed(bruno: Client, cafe: Firm, typed: str) -> None:
    answer = find(bruno, typed, cafe.company)
    assert answer.redirect_chain == [(reverse("admin:consent_person", args=[cafe.said.subject]), 302)]
    assert cast.ANA.masked in answer.content.decode()
    assert cast.ANA.value not in answer.content.decode()


def test_the_number_stands_in_no_address_and_no_log(
    bruno: Client, cafe: Firm, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = find(bruno, cast.ANA.value, cafe.company)
    seen = (
        " ".join(path for path, _status in answer.redirect_chain) + answer.request["PATH_INFO"] + caplog.text
    )
    assert cast.ANA.value[1:] not in seen
    assert cast.ANA.value[-8:] not in seen


def test_a_get_does_not_search(bruno: Client, cafe: Firm) -> None:
    answer = bruno.get(FIND, {"number": cast.ANA.value, "company": cafe.company.pk})
    assert answer.status_code == 200
    assert cast.ANA.value not in answer.content.decode()


def test_an_unknown_number_is_nobody(bruno: Client, cafe: Firm) -> None:
    page = find(bruno, cast.CLARA.value, cafe.company).content.decode()
    assert "Nobody with this number has answered this company." in page


@pytest.mark.parametrize(
    ("typed", "says"), [("12", "not one whole phone number"), ("abc", "Use only digits")]
)
def test_what_is_no_number_is_said_with_what_to_do(bruno: Client, cafe: Firm, typed: str, says: str) -> None:
    assert says in find(bruno, typed, cafe.company).content.decode()


@pytest.mark.parametrize("part", ["98765", "98765432", "987654321", "+55119876", "+5511987654"])
def test_a_part_of_a_number_is_called_no_number_rather_than_nobodys(
    bruno: Client, cafe: Firm, part: str
) -> None:
    page = find(bruno, part, cafe.company).content.decode()
    assert 'aria-invalid="true"' in page
    assert "Nobody with this number" not in page


def test_a_stop_from_a_number_no_form_takes_is_found(bruno: Client, cafe: Firm) -> None:
    odd = Contact.reported("+12345678")
    said = cast.stops(cafe.aurora, odd)
    answer = find(bruno, "+12345678", cafe.company)
    assert str(said.subject) in answer.redirect_chain[0][0]


def test_an_erased_persons_number_finds_nobody(bruno: Client, cafe: Firm) -> None:
    erasure.erase(cafe.said.subject, company=cafe.company, entity="staff:1")
    assert "Nobody with this number" in find(bruno, cast.ANA.value, cafe.company).content.decode()


def test_the_same_number_elsewhere_is_another_person(bruno: Client, cafe: Firm, bakery: Firm) -> None:
    answer = find(bruno, cast.ANA.value, cafe.company)
    assert str(cafe.said.subject) in answer.redirect_chain[0][0]
    refused = bruno.post(FIND, {"number": cast.ANA.value, "company": bakery.company.pk})
    assert "Select a valid choice" in refused.content.decode() or refused.status_code == 200
    assert str(bakery.said.subject) not in refused.content.decode()


def test_whoever_works_for_two_companies_chooses_one(cafe: Firm, bakery: Firm) -> None:
    both = user("both", "Staff", company=cafe.company)
    Membership.objects.create(user=both, company=bakery.company)
    client = signed_in(both)
    assert "<select" in client.get(FIND).content.decode()
    answer = find(client, cast.ANA.value, bakery.company)
    assert str(bakery.said.subject) in answer.redirect_chain[0][0]


def test_finding_needs_a_permission(nobody: Client, cafe: Firm) -> None:
    assert nobody.get(FIND).status_code == 403
    assert nobody.get(reverse("admin:consent_person", args=[cafe.said.subject])).status_code == 403


def test_a_person_nobody_knows_does_not_exist(bruno: Client, cafe: Firm) -> None:
    assert bruno.get(reverse("admin:consent_person", args=[uuid4()])).status_code == 404


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "Yes: the person agreed on"),
        ({"state": State.REQUESTED, "possession": Possession.NONE}, "has not proved the number yet"),
        ({"state": State.REFUSED}, "No: the person refused on"),
        ({"state": State.WITHDRAWN}, "No: the person withdrew on"),
        ({"state": State.REVOKED}, "No: the company revoked"),
        ({"state": State.INVALIDATED}, "was found invalid on"),
        ({"event_time": timezone.now() - timedelta(days=900)}, "expired on"),
    ],
)
def test_where_a_person_stands_is_said_with_its_reason(
    bruno: Client, cafe: Firm, changes: dict[str, Any], reason: str
) -> None:
    said = cast.says(cafe.aurora, cast.BRUNO, **changes)
    page = bruno.get(reverse("admin:consent_person", args=[said.subject])).content.decode()
    assert reason in page


def test_a_yes_without_end_names_none(bruno: Client, cafe: Firm) -> None:
    purpose = cafe.aurora.purposes["novidades"]
    purpose.validity_days = 0
    purpose.save()
    said = cast.says(cafe.aurora, cast.BRUNO, purpose=purpose)
    page = bruno.get(reverse("admin:consent_person", args=[said.subject])).content.decode()
    assert "It is valid until" not in page


def test_a_stop_of_everything_is_named_so(bruno: Client, cafe: Firm) -> None:
    said = cast.stops(cafe.aurora, cast.BRUNO)
    page = bruno.get(reverse("admin:consent_person", args=[said.subject])).content.decode()
    assert "everything on this channel" in page
