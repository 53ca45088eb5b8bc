"""What is on record, read by a program: timeline, receipt, proof, and nothing of anybody else's."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from consent import linking
from consent.api import keys
from consent.contact import Contact
from consent.log import tree
from consent.models import Company
from consent.sample import Sample
from tests.proof import acts


class Reader:
    """A program that reads."""

    def __init__(self, company: Company) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {keys.issue(company, name='CRM')}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query)

    def find(self, contact: object) -> Any:
        return self.client.post(
            "/api/v1/subjects/find", json.dumps({"contact": contact}), content_type="application/json"
        )


@pytest.fixture
def reader(aurora: Sample) -> Reader:
    keys.forget()
    return Reader(aurora.company)


def test_a_person_is_found_by_number_and_read_page_by_page(aurora: Sample, reader: Reader) -> None:
    account = acts.say(aurora, event_time=timezone.now())
    subject = reader.find("+5511987654321").json()["subject"]

    first = reader.get(f"subjects/{subject}/timeline", limit=1).json()
    second = reader.get(f"subjects/{subject}/timeline", limit=1, cursor=first["next"]).json()

    told = [*first["records"], *second["records"]]
    assert [record["id"] for record in told] == [str(record.uid) for record in account.records]
    assert second["next"] is None
    assert {standing["state"] for standing in first["standings"]} == {"given"}


def test_a_person_with_two_contacts_has_one_timeline(aurora: Sample, reader: Reader) -> None:
    other = Contact.tel("+5511955554444")
    acts.say(aurora)
    acts.say(aurora, contact=other)
    linking.link(aurora.company, acts.ANA, other, entity="staff:1")

    found = {reader.find(contact.value).json()["subject"] for contact in (acts.ANA, other)}

    [subject] = found
    assert len(reader.get(f"subjects/{subject}/timeline").json()["records"]) == 4


def test_somebody_never_heard_of_is_nobody(reader: Reader) -> None:
    assert reader.find("+5511999999999").json() == {"subject": None}
    assert reader.get(f"subjects/{uuid4()}/timeline").status_code == 404
    assert reader.find("nobody").json()["pointer"] == "#/contact"


def test_a_cursor_that_is_not_ours_or_belongs_elsewhere_is_refused(aurora: Sample, reader: Reader) -> None:
    account = acts.say(aurora)
    subject = account.first.subject
    cursor = reader.get(f"subjects/{subject}/timeline", limit=1).json()["next"]

    for wrong in (cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), "", "a:b"):
        answer = reader.get(f"subjects/{subject}/timeline", cursor=wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor.unknown")


@pytest.mark.parametrize(
    "limit", ["0", "201", "-1", "1.5", str(2**63), str(2**64), "x", "1_0", "+1", " 1", "١", "1.0", ""]
)
def test_a_limit_that_makes_no_sense_is_refused(aurora: Sample, reader: Reader, limit: str) -> None:
    subject = acts.say(aurora).first.subject

    answer = reader.get(f"subjects/{subject}/timeline", limit=limit)

    assert (answer.status_code, answer.json()["code"]) == (422, "field.invalid")


def test_receipt_and_proof_are_read_once_the_log_has_them(aurora: Sample, reader: Reader) -> None:
    account = acts.say(aurora)
    record: UUID = account.first.uid

    waiting = reader.get(f"records/{record}/proof")
    tree.sequence()
    proof = reader.get(f"records/{record}/proof")
    receipt = reader.get(f"acts/{account.act}/receipt")

    assert (waiting.status_code, waiting.json()["code"]) == (409, "log.waiting")
    assert proof.content.startswith(b"c2sp.org/tlog-proof@v1")
    assert str(record) in receipt.content.decode()


def test_another_company_reads_nothing_of_it(aurora: Sample) -> None:
    account = acts.say(aurora)
    stranger = Reader(Company.objects.create(slug="bia", name="Bia", legal_name="Bia", country="BR"))

    for path in (
        f"subjects/{account.first.subject}/timeline",
        f"acts/{account.act}/receipt",
        f"records/{account.first.uid}/proof",
    ):
        assert stranger.get(path).status_code == 404
    assert stranger.find("+5511987654321").json() == {"subject": None}
