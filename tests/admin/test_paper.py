"""Staff hand sheets in, look at each beside its form, commit them, and note where the paper went."""

import io
import os
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from PIL import Image

from consent import catalogue, erasure, outbox, sample
from consent.capture.paper import checking, kept, uploading, working
from consent.capture.paper.answers import Answer
from consent.models import (
    ConsentRecord,
    Opening,
    OutboundMessage,
    PaperBatch,
    PaperFile,
    PaperPage,
    PaperPiece,
)
from consent.paper import limits
from consent.sample import AT_META
from consent.vocabulary import Confirmation
from tests import clamd, sheets
from tests.fulldisk import full
from tests.staff import Firm, signed_in, user


def at(name: str, pk: object) -> str:
    return reverse(f"admin:consent_paper{name}", args=[pk])


def hand_in(client: Client, batch: PaperBatch, **files: bytes) -> str:
    """What the page says after some files were sent in one form, by their names."""
    sent = [SimpleUploadedFile(name.replace("_", "."), content) for name, content in files.items()]
    return client.post(at("batch_upload", batch.pk), {"files": sent}, follow=True).content.decode()


def photo() -> bytes:
    """A phone's picture with a place in it."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "S", 2: (23.0, 33.0, 1.0)})
    exif[0x010F] = "PHONE-MAKER"
    return sheets.picture("signed", size=(900, 1200), exif=exif)


def typed(page: PaperPage, **changes: str) -> dict[str, str]:
    fields = {
        "look": "1", "verdict": "filled", "number": "(11) 98765-4321", "signed_on": sheets.yesterday(page.batch),
        "name": "Ana Lima", "language": "pt-BR", "box.novidades.sms": "yes",
    }  # fmt: skip
    return fields | changes


def test_a_batch_is_made_with_a_seed_and_names_what_its_own_forms_say(bruno: Client, cafe: Firm) -> None:
    form = {
        "company": cafe.company.pk, "point": cafe.aurora.point.pk, "version": cafe.aurora.version.pk,
        "language": "pt-BR", "place": "Feira", "policy": "sample", "percent": "20", "box": "1",
    }  # fmt: skip
    bruno.post(reverse("admin:consent_paperbatch_add"), form)

    batch = PaperBatch.objects.get()
    assert (batch.place, batch.policy, batch.percent, len(batch.seed)) == ("Feira", "sample", 20, 16)
    assert batch.made_by.startswith("staff:")
    assert "Nothing was handed in yet." in bruno.get(at("batch_change", batch.pk)).content.decode()


def test_a_batch_of_mixed_parts_is_refused(bruno: Client, root: Client, cafe: Firm, bakery: Firm) -> None:
    form = {
        "company": cafe.company.pk, "point": bakery.aurora.point.pk, "version": cafe.aurora.version.pk,
        "language": "pt-BR", "place": "Feira", "policy": "all", "percent": "10",
    }  # fmt: skip
    assert (
        "Choose one of the same company."
        in root.post(reverse("admin:consent_paperbatch_add"), form).content.decode()
    )
    form["point"] = cafe.aurora.point.pk
    form["version"] = cafe.draft.pk
    assert (
        "Select a valid choice" in bruno.post(reverse("admin:consent_paperbatch_add"), form).content.decode()
    )
    assert not PaperBatch.objects.exists()


def test_files_of_a_form_are_taken_or_refused_one_by_one(
    bruno: Client, cafe: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = sheets.batch(cafe.aurora)
    said = hand_in(
        bruno, batch, good_jpg=photo(), empty_pdf=b"", program_jpg=b"MZ" + bytes(99), page_html=b"<html>hello</html>",
        zip_pdf=b"PK\x03\x04" + bytes(99), really_png_jpg=sheets.picture(format="PNG"),
    )  # fmt: skip

    assert "2 files have arrived." in said
    assert "mpty.pdf: This file is empty." in said
    assert said.count("This is no PDF, JPEG, PNG, TIFF, WebP or HEIC.") == 3
    assert set(PaperFile.objects.values_list("state", flat=True)) == {"waiting"}
    monkeypatch.setattr(limits, "BYTES", len(photo()) - 1)
    assert "arge.jpg: This file is larger than" in hand_in(bruno, batch, large_jpg=photo())
    assert "Choose one file or more." in hand_in(bruno, batch)


def test_a_strange_name_is_shown_plainly_and_kept_sealed(bruno: Client, cafe: Firm) -> None:
    batch = sheets.batch(cafe.aurora)
    name = "../../etc/ana-11987654321\u202egpj.exe"
    bruno.post(at("batch_begin", batch.pk), {"name": name, "size": "100"})

    file = PaperFile.objects.get()
    assert uploading.name_of(file) == "ana-11987654321gpj.exe"
    assert b"98765" not in bytes(file.name)


def test_an_upload_goes_on_where_the_line_broke(
    bruno: Client, cafe: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "PIECE", 4000)
    batch, content = sheets.batch(cafe.aurora), photo()
    begun = {"name": "a.jpg", "size": str(len(content))}

    def send(offset: int, piece: bytes) -> Any:
        where = at("file_piece", file["file"])
        return bruno.post(
            where, piece, content_type="application/octet-stream", headers={"X-Offset": str(offset)}
        )

    file = bruno.post(at("batch_begin", batch.pk), begun).json()
    assert send(0, content[:4000]).json()["arrived"] == 4000
    assert send(0, content[:4000]).json()["arrived"] == 4000  # its answer was lost
    assert send(9000, content[9000:9100]).status_code == 409
    assert send(4000, bytes(4001)).status_code == 413
    assert send(-1, b"x").status_code == 400
    assert f"({400000 // len(content)} %)" in bruno.get(at("batch_progress", batch.pk)).content.decode()

    again = bruno.post(at("batch_begin", batch.pk), begun).json()
    assert again == {"file": file["file"], "arrived": 4000}
    for offset in range(4000, len(content), 4000):
        send(offset, content[offset : offset + 4000])

    whole = PaperFile.objects.get()
    assert whole.state == "waiting"
    assert uploading.content(whole) == content
    assert photo()[2:40] not in b"".join(bytes(piece.sealed) for piece in whole.pieces.all())


def test_a_piece_of_another_kind_is_refused_and_an_unfinished_file_is_forgotten(
    bruno: Client, cafe: Firm
) -> None:
    batch = sheets.batch(cafe.aurora)
    file = bruno.post(at("batch_begin", batch.pk), {"name": "a.jpg", "size": "5000"}).json()["file"]
    where = at("file_piece", file)
    answer = bruno.post(where, b"MZ", content_type="application/octet-stream", headers={"X-Offset": "0"})
    assert (answer.status_code, answer.json()["code"]) == (415, "file.wrong_type")
    for size, status in (("0", 422), ("x", 400), (str(limits.PILE + 1), 413), ("9" * 99, 400)):
        assert bruno.post(at("batch_begin", batch.pk), {"name": "b", "size": size}).status_code == status

    bruno.post(at("file_forget", file))

    assert not PaperFile.objects.exists()


def test_what_staff_see_of_a_photo_was_encoded_anew_and_the_place_is_in_the_sealed_original_alone(
    bruno: Client, cafe: Firm
) -> None:
    batch, content = sheets.batch(cafe.aurora), photo()
    assert b"PHONE-MAKER" in content
    hand_in(bruno, batch, photo_jpg=content)
    while working.drain():
        pass

    page = PaperPage.objects.get()
    shown = kept.unseal("copy", page.pk, page.copy)
    assert Image.open(io.BytesIO(shown)).getexif() == {}
    assert b"PHONE-MAKER" not in shown
    html = bruno.get(at("page_check", page.pk)).content.decode()
    assert "data:image/jpeg;base64," in html
    assert kept.unseal("original", page.pk, page.original) == content
    assert b"PHONE-MAKER" not in b"".join(
        bytes(getattr(page, name)) for name in ("original", "copy", "reading")
    )
    assert not page.file.pieces.exists()


def test_a_sheet_is_typed_checked_by_another_and_committed(bruno: Client, cafe: Firm) -> None:
    page = sheets.draft(sheets.batch(cafe.aurora, policy="all"))
    dora = signed_in(user("dora", "Staff", "Opens personal data", company=cafe.company))
    assert bruno.get(at("batch_check", page.batch_id))["Location"] == at("page_check", page.pk)

    wrong = bruno.post(
        at("page_check", page.pk), typed(page, number="123", signed_on="2999-01-01", verdict="")
    )
    assert "Say what this page is." in wrong.content.decode()
    wrong = bruno.post(at("page_check", page.pk), typed(page, number="123", signed_on="2999-01-01"))
    assert "Nobody has signed in the future." in wrong.content.decode()
    assert 'value="123"' in wrong.content.decode()
    bruno.post(at("page_check", page.pk), typed(page))
    looked = bruno.get(at("page_check", page.pk)).content.decode()
    assert "It waits for somebody else: you have looked at it already." in looked
    assert "The second is for somebody else." in (
        bruno.post(at("page_check", page.pk), typed(page, look="2")).content.decode()
    )
    dora.post(at("page_check", page.pk), typed(page, look="2"))
    assert sheets.page(page).state == "ready"

    said = dora.post(at("batch_commit", page.batch_id), follow=True).content.decode()

    assert "1 sheet is on record." in said
    assert ConsentRecord.objects.filter(method="paper").count() == 1
    assert (
        Opening.objects.filter(page=page.pk).count() == 2
    )  # one for each of them, however often they looked
    assert "It is on record" in dora.get(at("page_check", page.pk)).content.decode()
    record = ConsentRecord.objects.get(method="paper")
    opened = dora.post(reverse("admin:consent_consentrecord_open", args=[record.pk])).content.decode()
    assert opened.count("data:image/jpeg;base64,") == 1  # the copy, and never the page as it came
    assert "Loja da Rua Augusta" in opened


def test_where_two_differ_the_third_sees_both(bruno: Client, cafe: Firm) -> None:
    page = sheets.draft(sheets.batch(cafe.aurora, policy="all"))
    page = sheets.checked(page, by="staff:98")
    sheets.checked(page, sheets.filled(page, number="(11) 98765-4322"), by="staff:99", look=2)

    html = bruno.get(at("page_check", page.pk)).content.decode()

    assert "Two people read it differently" in html
    assert "+5511987654321" in html
    assert "+5511987654322" in html
    bruno.post(at("page_check", page.pk), typed(page, look="3", verdict="unreadable"))
    assert sheets.page(page).reason == "unreadable"


def test_the_last_check_is_taken_back_with_one_press(bruno: Client, cafe: Firm) -> None:
    page = sheets.draft(sheets.batch(cafe.aurora))
    bruno.post(at("page_check", page.pk), typed(page, verdict="not_signed"))
    assert sheets.page(page).state == "aside"

    other = sheets.draft(page.batch)
    assert at("page_undo", page.pk) in bruno.get(at("page_check", other.pk)).content.decode()
    assert at("page_undo", page.pk) in bruno.get(at("page_check", page.pk)).content.decode()
    bruno.post(at("page_undo", page.pk))
    assert sheets.page(page).state == "to_check"
    assert "taken back" in bruno.get(at("page_check", page.pk)).content.decode()
    assert "cannot be taken back" in bruno.post(at("page_undo", page.pk), follow=True).content.decode()


def test_a_number_is_judged_while_it_is_typed(bruno: Client, cafe: Firm) -> None:
    page = sheets.draft(sheets.batch(cafe.aurora))

    def says(number: str) -> Any:
        return bruno.post(at("page_number", page.pk), {"number": number}).json()

    assert says("11 98765 4321") == {"is_good": True, "message": "+5511987654321"}
    assert says("11 9876")["is_good"] is False
    assert "digits" in says("0800 FLOWERS")["message"]


def test_duplicates_are_shown_beside_the_form(bruno: Client, cafe: Firm) -> None:
    batch, sheet = sheets.batch(cafe.aurora), sheets.code(cafe.aurora)
    first, _second = (sheets.draft(batch, sheets.read(sheet)) for _ in range(2))

    html = bruno.get(at("page_check", first.pk)).content.decode()

    assert "This may have been scanned before:" in html
    assert "the same serial" in html


def test_what_lies_aside_says_why_and_an_unreadable_file_too(bruno: Client, cafe: Firm) -> None:
    batch = sheets.batch(cafe.aurora)
    page = sheets.draft(batch)
    sheets.checked(page, sheets.filled(page, yes=()))
    bruno.post(at("batch_commit", batch.pk))
    hand_in(bruno, batch, cut_pdf=b"%PDF-1.7 cut off")
    while working.drain():
        pass

    html = bruno.get(at("batch_progress", batch.pk)).content.decode()

    assert "nothing was ticked" in html
    assert "The file is damaged or cut off." in html


def test_a_file_that_does_not_open_is_shown_and_read_again_once_its_key_is_back(
    bruno: Client, cafe: Firm
) -> None:
    batch = sheets.batch(cafe.aurora)
    file = sheets.file(batch)
    sealed = bytes(PaperPiece.objects.get(file=file).sealed)
    PaperPiece.objects.filter(file=file).update(sealed=b"\x01" + bytes(60))
    PaperFile.objects.filter(pk=file.pk).update(name=b"\x01" + bytes(60))
    while working.drain():
        pass

    page = bruno.get(at("batch_change", batch.pk)).content.decode()
    assert "its seal does not open; is its key still in OPTIN_KEYRING?" in page
    assert "Read it again" in page

    PaperPiece.objects.filter(file=file).update(sealed=sealed)
    bruno.post(at("file_again", file.pk))
    while working.drain():
        pass
    assert PaperFile.objects.get(pk=file.pk).state == "read"
    assert "Read it again" not in bruno.get(at("batch_change", batch.pk)).content.decode()


def test_reading_is_paused_and_goes_on(bruno: Client, cafe: Firm) -> None:
    batch = sheets.batch(cafe.aurora)
    hand_in(bruno, batch, a_jpg=photo())
    bruno.post(at("batch_pause", batch.pk))
    assert working.drain() == 0

    bruno.post(at("batch_pause", batch.pk))

    assert working.drain() == 1
    assert PaperPage.objects.count() == 1


def test_destruction_is_noted_once_nothing_is_left_to_do(bruno: Client, cafe: Firm) -> None:
    page = sheets.draft(sheets.batch(cafe.aurora))
    today = date.fromisoformat(sheets.yesterday(page.batch))

    def note(day: str) -> str:
        return bruno.post(
            at("batch_destroyed", page.batch_id), {"destroyed_on": day}, follow=True
        ).content.decode()

    assert "still to be checked" in note(today.isoformat())
    sheets.checked(page, sheets.filled(page, verdict="unreadable"))
    assert "cannot be in the future" in note((today + timedelta(days=400)).isoformat())
    assert "cannot be in the future" in note("soon")
    assert "Written down." in note(today.isoformat())

    page = sheets.page(page)
    assert page.batch.destroyed_on == today
    assert not bytes(page.copy)
    assert not bytes(page.original)
    assert not any(bytes(check.answer) for check in page.checks.all())
    assert "The paper was destroyed on" in bruno.get(at("batch_change", page.batch_id)).content.decode()


def test_whoever_may_not_open_personal_data_sees_totals_and_no_sheet(cafe: Firm) -> None:
    page = sheets.draft(sheets.batch(cafe.aurora))
    eva = signed_in(user("eva", "Staff", company=cafe.company))

    html = eva.get(at("batch_change", page.batch_id)).content.decode()

    assert "only who may open it" in html
    assert at("page_check", page.pk) not in html
    for name, pk in (("page_check", page.pk), ("batch_check", page.batch_id)):
        assert eva.get(at(name, pk)).status_code == 403
    for name, pk in (("page_number", page.pk), ("page_undo", page.pk), ("batch_commit", page.batch_id)):
        assert eva.post(at(name, pk)).status_code == 403
    assert checking.LOOKS[PaperPage.State(sheets.page(page).state)] == 1


def test_the_list_says_where_the_paper_lies(bruno: Client, cafe: Firm) -> None:
    sheets.draft(sheets.batch(cafe.aurora))
    html = bruno.get(reverse("admin:consent_paperbatch_changelist")).content.decode()
    assert re.search(r"7, B2", html)


def test_home_says_which_paper_needs_somebody(bruno: Client, clara: Client, cafe: Firm) -> None:
    page = sheets.draft(sheets.batch(cafe.aurora, destroy_on=date(2020, 1, 1)))
    PaperFile.objects.update(state="failed")

    html = bruno.get("/admin/").content.decode()

    assert "1 sheet waits to be checked or committed." in html
    assert "could not be read." in html
    assert "was to be destroyed on" in html
    assert at("batch_change", page.batch_id) in html
    assert "waits to be checked" not in clara.get("/admin/").content.decode()


def test_a_language_that_the_notice_does_not_speak_is_refused(bruno: Client, cafe: Firm) -> None:
    cafe.aurora.point.notice.versions.filter(pk=cafe.draft.pk).update(wordings={"en": {}}, state="published")
    form = {
        "company": cafe.company.pk, "point": cafe.aurora.point.pk, "version": cafe.draft.pk, "language": "es",
        "place": "Feira", "policy": "all", "percent": "10",
    }  # fmt: skip
    page = bruno.post(reverse("admin:consent_paperbatch_add"), form)
    assert "The notice does not speak this language." in page.content.decode()


def test_what_was_sealed_with_a_lost_key_is_said_and_changes_nothing(bruno: Client, cafe: Firm) -> None:
    page = sheets.checked(sheets.draft(sheets.batch(cafe.aurora)))
    PaperPage.objects.update(agreed=b"\x01" + bytes(60), copy=b"\x01" + bytes(60))

    said = bruno.post(at("batch_commit", page.batch_id), follow=True).content.decode()

    assert "A seal does not open." in said
    assert not ConsentRecord.objects.filter(method="paper").exists()
    assert "There is no picture of this page." in bruno.get(at("page_check", page.pk)).content.decode()
    waiting = bruno.get(at("batch_check", page.batch_id), follow=True)
    assert "Nothing in this batch waits for you." in waiting.content.decode()


def test_the_list_names_paper_that_was_destroyed(bruno: Client, cafe: Firm) -> None:
    sheets.batch(cafe.aurora, destroyed_on=date(2026, 1, 2))
    assert "destroyed on" in bruno.get(reverse("admin:consent_paperbatch_changelist")).content.decode()


def test_whoever_may_check_reopens_what_a_colleague_set_aside(
    bruno: Client, root: Client, clara: Client, cafe: Firm
) -> None:
    batch = sheets.batch(cafe.aurora)
    page = sheets.checked(sheets.draft(batch), Answer("unreadable"), by="staff:99")
    seen = bruno.get(at("page_check", page.pk)).content.decode()
    assert "Reopen this page" in seen
    assert "If that was wrong, reopen it below." in seen
    assert "Take my last check back" not in seen

    said = bruno.post(at("page_reopen", page.pk), follow=True).content.decode()

    assert "Reopened: it waits to be checked afresh." in said
    assert "Reopen this page" not in said
    assert sheets.page(page).state == "to_check"
    assert page.checks.get().undone_by.startswith("staff:")
    again = bruno.post(at("page_reopen", page.pk), follow=True).content.decode()
    assert "This page cannot be reopened" in again
    assert bruno.get(at("page_reopen", page.pk)).status_code == 405
    reader = signed_in(user("rita", "Staff", company=cafe.company))
    assert reader.post(at("page_reopen", page.pk)).status_code == 403
    assert reader.post(at("batch_tell", page.batch_id)).status_code == 403


def test_the_batch_says_who_could_not_be_told_and_why(bruno: Client, cafe: Firm) -> None:
    point = cafe.aurora.point
    point.sender = cafe.company.senders.get(address=AT_META)
    point.confirmation = Confirmation.NONE
    point.save()
    catalogue.forget()
    batch = sheets.batch(cafe.aurora)
    assert "no approved template" not in bruno.get(at("batch_change", batch.pk)).content.decode()
    page = sheets.checked(sheets.draft(batch))
    other = sheets.draft(batch)
    sheets.checked(other, sheets.filled(other, number="(11) 98765-4322", yes=(), no=("novidades.sms",)))
    assert "no approved template is set up" in bruno.get(at("batch_change", batch.pk)).content.decode()

    said = bruno.post(at("batch_commit", batch.pk), follow=True).content.decode()
    assert "queued" in said
    assert "nobody to tell" in said
    outbox.drain()
    said = bruno.get(at("batch_progress", batch.pk)).content.decode()

    assert "1 person could not be told what was registered" in said
    assert "The person has not written for 24 hours" in said
    assert at("batch_tell", batch.pk) not in said
    assert "Nobody is told" in bruno.post(at("batch_tell", batch.pk), follow=True).content.decode()
    sample.approve(cafe.aurora)
    said = bruno.get(at("batch_change", batch.pk)).content.decode()
    assert "no approved template" not in said
    assert at("batch_tell", batch.pk) in said
    assert "Tell 1 person now" in said
    assert "1 person is told now." in bruno.post(at("batch_tell", batch.pk), follow=True).content.decode()
    assert "Nobody is told" in bruno.post(at("batch_tell", batch.pk), follow=True).content.decode()
    assert OutboundMessage.objects.get(act=sheets.page(page).act).state == "queued"
    assert sheets.page(page).state == "committed"


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_said_and_changes_nothing(bruno: Client, cafe: Firm) -> None:
    batch, content = sheets.batch(cafe.aurora), os.urandom(900_000)
    content = b"%PDF-" + content
    begun = {"name": "a.pdf", "size": str(len(content))}
    where = at("file_piece", bruno.post(at("batch_begin", batch.pk), begun).json()["file"])
    how: Any = {"content_type": "application/octet-stream", "headers": {"X-Offset": "0"}}
    with full("consent_paperpiece"):
        answer = bruno.post(where, content, **how)
        sent = bruno.post(at("batch_upload", batch.pk), {"files": [SimpleUploadedFile("b.pdf", content)]})

    assert (answer.status_code, answer.json()["code"]) == (507, "storage.full")
    assert "somebody has made room" in answer.json()["message"]
    assert sent.status_code == 507
    assert "There is no room left" in sent.content.decode()
    assert PaperFile.objects.get().arrived == 0  # the one that was begun, and nothing of the other
    assert not PaperPiece.objects.exists()
    assert bruno.post(where, content, **how).json()["arrived"] == len(content)


def test_a_pile_in_colour_is_taken_and_a_picture_of_its_size_is_not(bruno: Client, cafe: Firm) -> None:
    batch, size = sheets.batch(cafe.aurora), str(200 * 1024 * 1024)
    how: Any = {"content_type": "application/octet-stream", "headers": {"X-Offset": "0"}}
    said = {}
    for name, start in (("a.pdf", b"%PDF-1.7"), ("a.tif", b"II*\0"), ("a.jpg", b"\xff\xd8\xff\xe0")):
        file = bruno.post(at("batch_begin", batch.pk), {"name": name, "size": size}).json()["file"]
        said[name] = bruno.post(at("file_piece", file), start, **how).status_code

    assert said == {"a.pdf": 200, "a.tif": 200, "a.jpg": 413}
    assert PaperFile.objects.count() == 2  # nothing waits for the rest of what is not taken
    one_more = {"name": "b", "size": str(limits.PILE + 1)}
    assert bruno.post(at("batch_begin", batch.pk), one_more).status_code == 413


def test_a_picture_of_exactly_25_mb_is_taken_and_one_byte_more_is_refused_with_its_reason(
    bruno: Client, cafe: Firm
) -> None:
    batch, most = sheets.batch(cafe.aurora), 25 * 1024 * 1024
    largest = photo().ljust(most, b"\0")

    assert "1 file has arrived." in hand_in(bruno, batch, a_jpg=largest)
    file = PaperFile.objects.get()
    assert (file.state, file.arrived) == ("waiting", most)
    assert "This file is larger than 25 MB." in hand_in(bruno, batch, b_jpg=largest + b"\0")
    how: Any = {"content_type": "application/octet-stream", "headers": {"X-Offset": "0"}}
    begun = bruno.post(at("batch_begin", batch.pk), {"name": "b.jpg", "size": str(most + 1)}).json()["file"]
    answer = bruno.post(at("file_piece", begun), largest[: 1024 * 1024], **how)
    assert (answer.status_code, answer.json()["code"]) == (413, "file.too_large")
    assert "Nothing was kept of it." in answer.json()["message"]
    assert PaperFile.objects.get() == file


def test_an_infected_file_and_a_silent_scanner_are_said(bruno: Client, cafe: Firm, settings: Any) -> None:
    batch = sheets.batch(cafe.aurora)
    hand_in(bruno, batch, bad_pdf=b"%PDF-1.7 " + clamd.EICAR)
    with clamd.running() as settings.OPTIN_SCANNER:
        working.drain()
    hand_in(bruno, batch, other_pdf=b"%PDF-1.7 ")
    working.drain()

    said = bruno.get(at("batch_progress", batch.pk)).content.decode()
    assert "The virus scanner found something in it." in said
    assert "The virus scanner does not answer" in said


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\0.jpg", "a.jpg"),
        ("C:\\CON", "CON"),
        ("x" * 5000 + ".jpg", "x" * 76 + ".jpg"),
        ('"\r\nSet-Cookie: a=b', '"Set-Cookie: a=b'),
        ("\u202egpj.exe", "gpj.exe"),
    ],
)
def test_a_name_goes_nowhere_but_into_the_list(bruno: Client, cafe: Firm, name: str, shown: str) -> None:
    batch = sheets.batch(cafe.aurora)
    answer = bruno.post(at("batch_begin", batch.pk), {"name": name, "size": "100"})

    assert answer.status_code == 200
    assert not answer.cookies
    assert uploading.name_of(PaperFile.objects.get()) == shown
    assert escape(shown) in bruno.get(at("batch_progress", batch.pk)).content.decode()


def test_a_sheet_of_somebody_who_was_erased_says_so(bruno: Client, cafe: Firm) -> None:
    page = sheets.checked(sheets.draft(sheets.batch(cafe.aurora)))
    erasure.erase(cafe.said.subject, company=cafe.company, entity="staff:1")

    listed = bruno.get(at("batch_change", page.batch_id)).content.decode()
    assert "erased at the person&#x27;s request: nothing is kept of it" in listed
    shown = bruno.get(at("page_check", page.pk))
    assert shown.status_code == 200
    assert at("page_reopen", page.pk) not in shown.content.decode()
