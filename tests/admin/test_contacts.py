"""How one person is reached: masked, linked to what they also write from, parted from what is theirs no longer."""

import json
from typing import Any

from django.test import Client
from django.urls import reverse

from consent.contact import Contact
from consent.models import ConsentRecord, ContactPoint
from tests import cast, webhooks
from tests.staff import Firm

WITHOUT_NINTH = Contact.reported("+551187650000")


def page(firm: Firm) -> str:
    return reverse("admin:consent_person", args=[firm.said.subject])


def link(client: Client, firm: Firm, other: str, cause: str = "said") -> str:
    path = reverse("admin:consent_person_link", args=[firm.said.subject])
    return client.post(path, {"other": other, "cause": cause}, follow=True).text


def part(client: Client, firm: Firm, cause: str = "changed") -> Any:
    point = ContactPoint.objects.get(subject=firm.said.subject, is_former=False)
    path = reverse("admin:consent_person_part", args=[firm.said.subject, point.pk])
    assert "to whoever has this contact now" in client.get(path).text
    return client.post(path, {"cause": cause}, follow=True)


def journal(kind: str) -> list[dict[str, Any]]:
    entries = [json.loads(data) for data in cast.entries()]
    return [entry for entry in entries if entry.get("type") == kind]


def test_contacts_are_masked_and_their_spelling_is_told(bruno: Client, cafe: Firm) -> None:
    said = cast.says(cafe.aurora, WITHOUT_NINTH)
    text = bruno.get(reverse("admin:consent_person", args=[said.subject])).text
    assert WITHOUT_NINTH.value not in text
    assert WITHOUT_NINTH.masked in text
    assert "written without the ninth digit" in text
    assert cast.ANA.masked in bruno.get(page(cafe)).text


def test_two_contacts_become_one_persons_on_record(bruno: Client, cafe: Firm) -> None:
    cast.says(cafe.aurora, cast.BRUNO)
    cast.stops(cafe.aurora, cast.BRUNO)

    text = link(bruno, cafe, cast.BRUNO.value)

    assert "Linked. A stop to one of the two is a stop to the other from now on." in text
    assert cast.BRUNO.masked in text
    assert cast.may(cafe.aurora).reason == "withdrawn"
    [entry] = journal("linked")
    assert (entry["cause"], entry["entity"].split(":")[0]) == ("said", "staff")
    assert cast.BRUNO.value not in json.dumps(entry)


def test_a_yes_does_not_travel_to_a_number_that_only_staff_typed(bruno: Client, cafe: Firm) -> None:
    assert "Nobody has said anything here from this contact." in link(bruno, cafe, cast.CLARA.value)
    assert "This is not one whole phone number" in link(bruno, cafe, "12")
    assert "Nobody has said anything" in link(bruno, cafe, "BR.13491208655302741918")
    assert not cast.may(cafe.aurora, cast.CLARA).allow
    assert not journal("linked")


def test_a_contact_that_is_theirs_no_longer_leads_to_nobody(bruno: Client, cafe: Firm) -> None:
    answer = part(bruno, cafe)
    assert "Parted." in answer.text
    assert "theirs from" in answer.text
    assert cast.may(cafe.aurora).reason == "no_record"
    [entry] = journal("parted")
    assert entry["cause"] == "changed"
    point = ContactPoint.objects.get()
    again = reverse("admin:consent_person_part", args=[cafe.said.subject, point.pk])
    assert bruno.post(again, {"cause": "changed"}).status_code == 404
    assert bruno.post(reverse("admin:consent_person_link", args=[cafe.said.subject])).status_code == 200
    assert "Link another contact of theirs" not in answer.text


def test_an_auditor_sees_contacts_and_changes_none(auditor: Client, cafe: Firm) -> None:
    text = auditor.get(page(cafe)).text
    assert cast.ANA.masked in text
    assert "No longer theirs" not in text
    path = reverse("admin:consent_person_link", args=[cafe.said.subject])
    assert auditor.post(path, {"other": cast.BRUNO.value, "cause": "said"}).status_code == 403


def test_the_conversation_stands_beside_an_opened_record(bruno: Client, client: Client, cafe: Firm) -> None:
    webhooks.post(client, webhooks.sms("oi, tudo bem?"))
    said = ConsentRecord.objects.get(uid=cafe.said.records[0])
    record = reverse("admin:consent_consentrecord_open", args=[said.pk])
    assert "tudo bem" in bruno.post(record).text
