"""The certificate of an erasure: for whoever has its address, without the person, and it verifies."""

import json

import pytest
from django.test import Client

from consent import erasure, vault
from consent.log import merkle, proofs, published, tree
from consent.models import Erased
from consent.proof import certificate
from consent.proof.account import Account
from consent.sample import Sample
from tests import cast
from tests.proof.test_pdf import address_in, words_of

FILES = {
    "certificate.pdf": "application/pdf",
    "certificate.proof.json": "application/json",
    "certificate.tlog-proof": "text/plain; charset=utf-8",
    "certificate.entry.json": "application/json",
}


@pytest.fixture
def address(aurora: Sample, given: Account) -> str:
    """Where Ana's certificate is, without the host; its entry still waits for its place."""
    done = erasure.erase(given.first.subject, company=aurora.company, entity="subject")
    assert done.entry is not None
    return f"/e/{vault.act_token(done.entry, use='erasure')}/"


def test_it_says_in_the_language_of_the_person_what_was_destroyed_and_what_stays(
    client: Client, address: str
) -> None:
    page = client.get(address)

    assert page.status_code == 200
    assert '<html lang="pt-br">' in page.text
    assert "Certificado de eliminação" in page.text
    assert "Café Aurora" in page.text
    for header, value in {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}.items():
        assert page.headers[header] == value
    assert "Certificate of erasure" in client.get(address, {"lang": "en"}).text
    assert "Certificado de supresión" in client.get(address, {"lang": "es"}).text


def test_until_the_log_has_it_the_page_says_so_and_there_is_no_proof(client: Client, address: str) -> None:
    assert "within seconds" in client.get(address, {"lang": "en"}).text
    for name in FILES.keys() - {"certificate.pdf"}:
        assert client.get(address + name).status_code == 409
    assert "espera" in words_of(client.get(address + "certificate.pdf").content)


def test_its_proof_verifies_and_is_of_the_erasure(client: Client, address: str) -> None:
    tree.sequence()

    for name, kind in FILES.items():
        answer = client.get(address + name)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    entry = client.get(address + "certificate.entry.json").content
    assert json.loads(entry)["type"] == "erased"
    proof = proofs.parse(client.get(address + "certificate.tlog-proof").text)
    proofs.verify(proof, leaf=merkle.leaf_hash(entry), log=published.keys()[0])
    bundle = json.loads(client.get(address + "certificate.proof.json").content)
    assert [record["entry"] for record in bundle["records"]] == [entry.decode()]
    assert f"<b>{proof.index}</b>" in client.get(address).text


def test_the_paper_leads_to_the_page_and_is_the_same_every_time(client: Client, address: str) -> None:
    tree.sequence()
    paper = client.get(address + "certificate.pdf").content

    assert address_in(paper).endswith(address)
    assert "Certificado de eliminação" in words_of(paper)
    assert paper == client.get(address + "certificate.pdf").content


def test_nothing_of_the_person_is_in_it(client: Client, address: str) -> None:
    tree.sequence()

    for name in ("", *FILES):
        assert b"987654321" not in client.get(address + name).content


def test_nobody_guesses_an_address(client: Client, address: str, given: Account) -> None:
    entry = Erased.objects.get().entry
    for token in (
        vault.act_token(entry, use="receipt"),
        vault.act_token(given.act, use="erasure"),
        address.strip("/")[2:-1],
        "x",
    ):
        for name in ("", *FILES):
            assert client.get(f"/e/{token}/{name}").status_code == 404


def test_the_receipt_that_somebody_kept_leads_to_the_certificate(
    client: Client, given: Account, address: str
) -> None:
    receipt = f"/r/{vault.act_token(given.act, use='receipt')}/"

    page = client.get(receipt, {"lang": "en"}).text
    assert address in page
    assert "may no longer send you" in page


def test_who_was_not_erased_has_none(client: Client, given: Account) -> None:
    assert certificate.address_of(given.first.subject) == ""
    assert "/e/" not in client.get(f"/r/{vault.act_token(given.act, use='receipt')}/").text


def test_it_says_when_the_company_did_it_and_works_without_any_record(
    aurora: Sample, given: Account, client: Client
) -> None:
    erasure.erase(given.first.subject, company=aurora.company, entity="staff:7")
    page = client.get(certificate.address_of(given.first.subject), {"lang": "en"}).text
    assert "the staff of the company" in page

    alone = vault.new_id()
    Erased.objects.create(
        subject=alone, company=aurora.company.pk, entry=vault.new_id(), entity="subject",
        recorded_at=cast.at("2026-11-20 12:00"),
    )  # fmt: skip
    found = certificate.read(certificate.address_of(alone).rstrip("/").rpartition("/")[2])
    assert found is not None
    assert (found.language, found.records) == ("en", 0)
