"""Staff bring in a list in the admin: a file, its columns, a dry run, records; with the rights that takes."""

import io
import re
import secrets
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files import uploadedfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import ledger
from consent.imports import attachments, claims, reading
from consent.models import ConsentRecord, EvidenceFile, Import, ImportPart, Purpose
from tests import cast, clamd
from tests.fulldisk import full
from tests.imports import lists
from tests.staff import Firm, signed_in, user

PDF = b"%PDF-1.7 a form that Ana signed"


def hand_in(client: Client, content: bytes, *, firm: Firm, name: str = "list.csv", **more: Any) -> Any:
    said = {"company": firm.company.pk, "kind": "claims", "file": SimpleUploadedFile(name, content), **more}
    return client.post(reverse("admin:consent_import_add"), said)


def step(client: Client, name: str, batch: Import, **said: Any) -> Any:
    return client.post(reverse(f"admin:consent_import_{name}", args=[batch.pk]), said, follow=True)


def page(client: Client, batch: Import) -> str:
    return client.get(reverse("admin:consent_import_change", args=[batch.pk])).content.decode()  # type: ignore[no-any-return]


def zipped(**files: bytes) -> SimpleUploadedFile:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"forms/{name}.pdf", content)
    return SimpleUploadedFile("forms.zip", into.getvalue())


def test_a_list_goes_from_file_to_records(bruno: Client, cafe: Firm) -> None:
    Purpose.objects.update(validity_days=0)
    rows = "Celular;Fecha de alta;Archivo\n(11) 98765-0001;15/03/2024;ana.pdf\n(11) 98765-0002;15/03/2024;nobody.pdf\n"
    hand_in(bruno, rows.encode(), firm=cafe, evidence=zipped(ana=PDF))
    batch = Import.objects.get()
    seen = page(bruno, batch)
    assert "(11) 98765-0001" in seen, "whoever brought it sees the first rows"
    assert "Fecha de alta" in seen

    answer = step(bruno, "map", batch, in_contact="0", in_date="1", in_file="2", order="day")
    assert "Say for which channel the list is: choose its column" in answer.content.decode()
    step(
        bruno,
        "map",
        batch,
        in_contact="0",
        in_date="1",
        in_file="2",
        order="day",
        purpose="novidades",
        channel="sms",
    )
    assert "data-reload" in page(bruno, batch)
    lists.work(batch)
    tried = page(bruno, batch)
    assert "Row 3: The file that this row names is not in the zip." in tried
    step(bruno, "commit", batch)
    lists.work(batch)

    assert "What became of the rows" in page(bruno, batch)
    csv = bruno.get(reverse("admin:consent_import_verdicts", args=[batch.pk]))
    lines = b"".join(csv.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[1:] == [
        '2,given,"Recorded as an old consent, with its own date."',
        "3,file.missing,The file that this row names is not in the zip.",
    ]
    record = ConsentRecord.objects.get(method="import")
    assert EvidenceFile.objects.get(act=record.act_id).media_type == "application/pdf"
    assert (
        "imported list"
        in bruno.get(reverse("admin:consent_consentrecord_change", args=[record.pk])).content.decode()
    )


def test_letters_that_were_only_proposed_are_confirmed_and_remembered(bruno: Client, cafe: Firm) -> None:
    Purpose.objects.update(validity_days=0)
    rows = "Código;Telefone;Data;Loja\n1;(11) 98765-0001;15/03/2024;São João\n"
    hand_in(bruno, rows.encode("cp1252"), firm=cafe)
    batch = Import.objects.get()
    seen = page(bruno, batch)
    assert "<strong>Código</strong>, <strong>São</strong>" in seen
    assert not re.search("name=.encoding.[^>]*checked", seen), "nobody is nudged"

    said = {
        "in_contact": "1", "in_date": "2", "in_source": "3", "order": "day", "purpose": "novidades",
        "channel": "sms",
    }  # fmt: skip
    for answer in ({}, {"encoding": "other"}, {"encoding": "utf-8"}):
        refusal = step(bruno, "map", batch, **said, **answer).content.decode()
        assert (
            "Say whether the letters are right." in refusal or "not one of the available choices" in refusal
        )
        batch.refresh_from_db()
        assert batch.state == Import.State.MAPPING
    step(bruno, "map", batch, **said, encoding="windows-1252")
    assert lists.work(batch) == {"given": 1}
    step(bruno, "commit", batch)
    lists.work(batch)
    assert ConsentRecord.objects.filter(method="import").count() == 1

    hand_in(bruno, rows.replace("0001", "0002").encode(), firm=cafe)
    assert "encoding" not in page(bruno, Import.objects.latest("created_at")), "UTF-8 is no question"
    hand_in(bruno, rows.replace("0001", "0003").encode("cp1252"), firm=cafe)
    again = Import.objects.latest("created_at")
    assert re.search('name="encoding" value="windows-1252"[^>]*checked', page(bruno, again)), "remembered"


def test_an_export_that_excel_saved_anew_is_asked_about_as_well(bruno: Client, cafe: Firm) -> None:
    headings = ";".join(ledger.COLUMNS)
    hand_in(bruno, f"{headings}\nJoão\n".encode("cp1252"), firm=cafe)
    batch = Import.objects.get()
    assert batch.kind == Import.Kind.LEDGER
    assert "Say whether the letters are right." in step(bruno, "map", batch).content.decode()
    step(bruno, "map", batch, encoding="windows-1252")
    batch.refresh_from_db()
    assert batch.state == Import.State.CHECKING


def test_files_that_are_no_lists_are_explained(bruno: Client, cafe: Firm, monkeypatch: Any) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 10_000_000)
    for content, words in (
        (b"", "The submitted file is empty."),
        (b" \n", "The file is empty."),
        (b"tel,date\n", "The file has headings and no rows."),
        (b"nome,tel\nJo\xe3o,1\n\x81,2\n", "Line 3 cannot be read as Windows-1252."),
        ("nome,tel\nJoão,1\n".encode("utf-16-le"), "Line 1 is not in UTF-8."),
        (b"%PDF-1.4", "Bring a CSV file, an XLSX spreadsheet or JSON lines."),
        (b"PK\x03\x04broken", "The spreadsheet cannot be read."),
        (bomb.getvalue(), "The spreadsheet unpacks to more than anybody writes."),
        (",".join(["a"] * 201).encode() + b"\n1\n", "The file has more than 200 columns"),
    ):
        assert words in hand_in(bruno, content, firm=cafe).content.decode().replace("&#x27;", "'")
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    assert "more than 1,000,000 rows" in hand_in(bruno, b"tel\n1\n2\n3\n", firm=cafe).content.decode()
    monkeypatch.setattr(reading, "LARGEST", 3)
    assert "larger than 300 MB" in hand_in(bruno, b"tel\n1\n2\n3\n", firm=cafe).content.decode()
    assert not Import.objects.exists()


def test_zips_that_are_no_evidence_are_refused(bruno: Client, cafe: Firm, monkeypatch: Any) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.pdf", b"%PDF-" + b" " * 1_000_000)
    broken = zipped(a=PDF).read().replace(b"PK\x03\x04", b"PK\x00\x00")
    rows = b"tel,date\n11987650001,2024-03-15\n"
    for evidence, words in (
        (zipped(a=b"MZ a program"), "Scans and recordings are PDF"),
        (SimpleUploadedFile("x.zip", b"no zip"), "Scans and recordings are PDF"),
        (SimpleUploadedFile("x.zip", broken), "The zip cannot be read."),
        (SimpleUploadedFile("x.zip", bomb.getvalue()), "The zip unpacks to more"),
    ):
        assert words in hand_in(bruno, rows, firm=cafe, evidence=evidence).content.decode()
    assert not Import.objects.exists()


def test_the_second_of_two_people_approves(bruno: Client, cafe: Firm, settings: Any) -> None:
    settings.OPTIN_IMPORT_APPROVAL_ROWS = 0
    Purpose.objects.update(validity_days=0)
    batch = lists.bring(cafe.aurora, "tel,date\n11987650001,2024-03-15\n", entity="staff:0")
    lists.try_out(batch)
    step(bruno, "commit", batch)
    assert "somebody else opens this page" in page(bruno, batch)
    assert "Somebody else has to approve this list." in step(bruno, "approve", batch).content.decode()

    other = signed_in(user("dora", "Staff", company=cafe.company))
    assert "Approve and record" in page(other, batch)
    step(other, "approve", batch)
    lists.work(batch)
    assert cast.may(cafe.aurora, cast.Contact.tel("+5511987650001")).allow


def test_rights_decide_who_brings_lists_in(
    auditor: Client, nobody: Client, clara: Client, bruno: Client, cafe: Firm
) -> None:
    batch = lists.bring(cafe.aurora, "tel,date\n11987650001,2024-03-15\n", entity="staff:0")

    assert hand_in(auditor, b"tel\n1\n", firm=cafe).status_code == 403
    assert "11987650001" not in page(auditor, batch)
    for name in ("map", "attach", "commit", "approve", "undo"):
        assert step(auditor, name, batch).status_code == 403
        assert step(clara, name, batch).status_code == 404
        assert step(nobody, name, batch).status_code == 403
    assert "undone" in step(bruno, "undo", batch).content.decode()
    assert "It is too late" in step(bruno, "undo", batch).content.decode()
    assert step(bruno, "attach", batch).status_code == 404
    assert "Undo this list" not in page(bruno, batch)


def test_an_infected_list_or_evidence_is_refused_and_so_is_what_nobody_looked_at(
    bruno: Client, cafe: Firm, settings: Any
) -> None:
    rows = b"tel,date\n11987650001,2024-03-15\n"
    with clamd.running() as settings.OPTIN_SCANNER:
        infected = hand_in(bruno, rows + clamd.EICAR, firm=cafe).content.decode()
        beside = hand_in(
            bruno, rows, firm=cafe, evidence=zipped(a=b"%PDF-1.7" + clamd.EICAR)
        ).content.decode()
        assert not Import.objects.exists()
        hand_in(bruno, rows, firm=cafe, evidence=zipped(a=PDF))
        assert Import.objects.count() == 1
    silent = hand_in(bruno, rows + b"11987650002,2024-03-15\n", firm=cafe).content.decode()

    assert "The virus scanner found something in this file." in infected
    assert "The virus scanner found something in this file." in beside
    assert "The virus scanner does not answer" in silent
    assert Import.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_leaves_nothing_of_a_list(bruno: Client, cafe: Firm) -> None:
    numbers = [f"{11987650000 + number},2024-03-15,{secrets.token_hex(40)}" for number in range(2500)]
    rows = "\n".join(["tel,date,note", *numbers]).encode()
    with full("consent_importpart"):
        answer = hand_in(bruno, rows, firm=cafe)

    assert answer.status_code == 507
    assert not ImportPart.objects.exists()
    assert not ConsentRecord.objects.filter(method="import").exists()
    assert not Import.objects.exclude(
        state=Import.State.READING
    ).exists()  # a try that failed forbids no other
    Import.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert hand_in(bruno, rows, firm=cafe).status_code == 302


def test_a_disk_too_full_for_an_upload_is_said(
    bruno: Client, cafe: Firm, settings: Any, monkeypatch: Any
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    # The kernel's own full disk, where Django puts what it receives.
    with Path("/dev/full").open("wb+", buffering=0) as disk:
        monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", lambda **_how: disk)
        answer = hand_in(bruno, b"tel,date\n" + b"11987650001,2024-03-15\n" * 9000, firm=cafe)

    assert answer.status_code == 507
    assert not Import.objects.exists()


def test_scans_come_one_by_one_by_their_names(bruno: Client, cafe: Firm, monkeypatch: Any) -> None:
    rows = b"Celular,Fecha,Archivo\n11987654321,2024-03-15,ana.pdf\n"
    scan, other = SimpleUploadedFile("../../ana.pdf", PDF), SimpleUploadedFile("b.pdf", PDF + b"b")
    hand_in(bruno, rows, firm=cafe, evidence=[scan, other])
    batch = Import.objects.get()
    assert {bytes(kept.name) for kept in batch.files.all()} == {
        claims.file_key(batch, name) for name in ("ana.pdf", "b.pdf")
    }
    for content, words in (
        (b"MZ", "Scans and recordings are PDF"),
        (PDF * 10, "A file is larger than 25 MB."),
    ):
        monkeypatch.setattr(attachments, "LARGEST", 50)
        files = [SimpleUploadedFile("c.pdf", b"%PDF-c"), SimpleUploadedFile("d.pdf", content)]
        path = reverse("admin:consent_import_attach", args=[batch.pk])
        assert words in bruno.post(path, {"evidence": files}, follow=True).content.decode()
        assert batch.files.count() == 2, "all of them or none"
