"""The forms of a receipt as files: for whoever has the address, and for nobody else."""

import json
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from consent import receipts, vault
from consent.log import tree
from consent.proof import tlog_proof
from consent.proof.account import Account
from consent.sample import Sample
from consent.vocabulary import State
from tests.proof import acts

Get = Callable[..., HttpResponse]

OF_ACT = {
    "receipt.pdf": "application/pdf",
    "receipt.jsonld": "application/ld+json",
    "receipt.json": "application/json",
    "receipt.proof.json": "application/json",
}
OF_RECORD = {".tlog-proof": "text/plain; charset=utf-8", ".entry.json": "application/json"}


@pytest.fixture
def get(client: Client) -> Get:
    def asked(found: Account, name: str, *, use: str = "receipt") -> HttpResponse:
        return client.get(f"/r/{vault.act_token(found.act, use=use)}/{name}")  # type: ignore[return-value]

    return asked


def names(found: Account) -> dict[str, str]:
    return OF_ACT | {f"{found.first.uid}{extension}": kind for extension, kind in OF_RECORD.items()}


def test_each_form_is_a_file_to_keep_that_leaves_nothing_behind(given: Account, get: Get) -> None:
    for name, kind in names(given).items():
        answer = get(given, name)

        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not answer.cookies


def test_no_form_holds_the_number(given: Account, get: Get) -> None:
    for name in names(given):
        assert b"987654321" not in get(given, name).content


def test_files_have_names_that_tell_them_apart(given: Account, get: Get) -> None:
    kept = [
        get(given, name).headers["Content-Disposition"].partition("filename=")[2] for name in names(given)
    ]

    assert len(set(kept)) == len(kept)
    assert f'"receipt-2026-11-20-{given.act.hex[-6:]}.pdf"' in kept
    assert f'"{given.first.uid}.tlog-proof"' in kept


def test_the_files_of_a_record_are_its_proof_and_its_entry(given: Account, get: Get) -> None:
    [logged] = tlog_proof.of_records([given.first.uid]).values()

    assert get(given, f"{given.first.uid}.tlog-proof").content == str(logged.proof).encode()
    assert get(given, f"{given.first.uid}.entry.json").content == logged.entry


def test_the_bundle_lists_the_records_in_the_order_they_were_said(given: Account, get: Get) -> None:
    bundle = json.loads(get(given, "receipt.proof.json").content)

    entries = [json.loads(record["entry"]) for record in bundle["records"]]
    assert [entry["id"] for entry in entries] == [str(record.uid) for record in given.records]


def test_the_own_address_has_the_same_files(given: Account, get: Get) -> None:
    for name in names(given):
        assert get(given, name, use=receipts.OWN).content == get(given, name).content


def test_an_address_that_is_not_quite_right_leads_nowhere(given: Account, client: Client, get: Get) -> None:
    token = vault.act_token(given.act, use="receipt")
    for wrong in ("x", token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), "é", str(given.act)):
        for name in names(given):
            assert client.get(f"/r/{wrong}/{name}").status_code == 404
    assert get(given, "receipt.pdf", use="confirm").status_code == 404


def test_an_act_that_is_not_there_has_no_forms(client: Client, db: None) -> None:
    assert client.get(f"/r/{vault.act_token(vault.new_id(), use='receipt')}/receipt.pdf").status_code == 404


def test_an_address_opens_its_own_records_only(given: Account, aurora: Sample, get: Get) -> None:
    other = acts.say_among_others(aurora)

    assert get(given, f"{other.first.uid}.tlog-proof").status_code == 404
    assert get(given, f"{other.first.uid}.entry.json").status_code == 404


def test_a_no_has_no_kantara_receipt(aurora: Sample, get: Get) -> None:
    assert get(acts.say(aurora, State.REFUSED), "receipt.json").status_code == 404


def test_a_record_that_waits_for_its_place_is_to_be_asked_for_again(aurora: Sample, get: Get) -> None:
    waiting = acts.say(aurora, language="es")

    for name in ("receipt.proof.json", f"{waiting.first.uid}.tlog-proof", f"{waiting.first.uid}.entry.json"):
        answer = get(waiting, name)
        assert answer.status_code == 409
        assert answer.headers["Retry-After"] == "3"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "registro" in answer.content.decode()


def test_what_needs_no_place_in_the_log_is_there_at_once(aurora: Sample, get: Get) -> None:
    waiting = acts.say(aurora)

    for name in ("receipt.pdf", "receipt.jsonld", "receipt.json"):
        assert get(waiting, name).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_sent_there(given: Account, client: Client, method: str) -> None:
    token = vault.act_token(given.act, use="receipt")

    for name in names(given):
        assert getattr(client, method)(f"/r/{token}/{name}").status_code == 405


def test_the_receipt_page_offers_them(aurora: Sample, client: Client) -> None:
    given = acts.say(aurora, event_time=timezone.now())
    tree.sequence()
    token = vault.act_token(given.act, use="receipt")
    page = client.get(f"/r/{token}/").content.decode()

    for name in names(given):
        assert f'href="/r/{token}/{name}"' in page
    assert 'href="/verify/"' in page


def test_the_receipt_page_offers_only_what_there_is(aurora: Sample, client: Client) -> None:
    refused = acts.say(aurora, State.REFUSED)
    token = vault.act_token(refused.act, use="receipt")
    page = client.get(f"/r/{token}/").content.decode()

    assert f'href="/r/{token}/receipt.pdf"' in page
    assert 'receipt.json"' not in page
    assert "receipt.proof.json" not in page
    assert ".tlog-proof" not in page
