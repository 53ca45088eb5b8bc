"""The worker reads what has arrived page by page; killed in the middle, nothing is lost and nothing comes twice."""

import io
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from consent.capture.paper import kept, taking_in, uploading, working
from consent.models import PaperFile, PaperPage, PaperPiece
from consent.paper.result import Reason
from consent.sample import Sample
from tests import clamd, sheets
from tests.fulldisk import full
from tests.staff import other_sample

ROOT = Path(__file__).resolve().parents[3]
PAGES, KILLED = 200, 100

# A worker on the database of the run that is killed, for good, when half of its pages are kept and the next is read.
WORKER = """
import os, signal
import django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = {name!r}
from consent.capture.paper import taking_in, working
keep = taking_in.store
def store(file, number, parts, **page):
    if number == {killed}:
        os.kill(os.getpid(), signal.SIGKILL)
    keep(file, number, parts, **page)
taking_in.store = store
working.drain()
"""


def pdf(pages: int) -> bytes:
    """A PDF of small blank pages, each of another height so that none is taken for another."""
    document = pypdfium2.PdfDocument.new()
    for number in range(pages):
        document.new_page(100, 100 + number)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def drain() -> None:
    while working.drain():
        pass


def test_each_page_of_a_pdf_becomes_a_draft_with_its_own_original(aurora: Sample) -> None:
    file = sheets.file(sheets.batch(aurora), pdf(2), name="scan.pdf")

    drain()

    file.refresh_from_db()
    first, second = PaperPage.objects.order_by("number")
    assert (file.state, file.pages, file.done, file.lease_until) == ("read", 2, 2, None)
    assert not PaperPiece.objects.exists()
    assert (first.reason, second.reason) == ("blank", "blank")
    alone = pypdfium2.PdfDocument(kept.unseal("original", second.pk, second.original))
    assert len(alone) == 1
    assert alone[0].get_size() == (100, 101)
    alone.close()


def test_what_cannot_be_read_keeps_its_bytes_and_its_reason(aurora: Sample) -> None:
    content = b"%PDF-1.7 and nothing more"
    file = sheets.file(sheets.batch(aurora), content)

    drain()

    file.refresh_from_db()
    assert (file.state, file.reason, file.lease_until) == ("failed", "corrupt", None)
    assert uploading.content(file) == content


def test_a_file_whose_bytes_are_gone_ends_alone_and_leaves_no_process(aurora: Sample) -> None:
    batch = sheets.batch(aurora)
    gone, whole = sheets.file(batch), sheets.file(batch)
    PaperPiece.objects.filter(file=gone).delete()
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    before = children.read_text()

    drain()

    assert PaperFile.objects.get(pk=gone.pk).reason == "unexpected"
    assert PaperFile.objects.get(pk=whole.pk).state == "read"
    assert children.read_text() == before


def test_once_its_key_is_back_a_file_is_read_again(aurora: Sample) -> None:
    file = sheets.file(sheets.batch(aurora))
    sealed = bytes(PaperPiece.objects.get(file=file).sealed)
    PaperPiece.objects.filter(file=file).update(sealed=b"\x01" + bytes(60))
    drain()
    PaperPiece.objects.filter(file=file).update(sealed=sealed)

    uploading.again(file)
    drain()

    file.refresh_from_db()
    assert (file.state, file.reason) == ("read", "")


def test_a_seal_that_does_not_open_ends_one_file_alone(aurora: Sample) -> None:
    batch = sheets.batch(aurora)
    broken, whole = sheets.file(batch), sheets.file(batch)
    PaperPiece.objects.filter(file=broken).update(sealed=b"\x01" + bytes(60))

    drain()

    assert PaperFile.objects.get(pk=broken.pk).reason == "seal_broken"
    assert PaperFile.objects.get(pk=whole.pk).state == "read"


def test_two_workers_never_have_the_same_file(aurora: Sample) -> None:
    file, now = sheets.file(sheets.batch(aurora)), timezone.now()

    assert working.claim(now) == file
    assert working.claim(now) is None
    late = working.claim(now + working.LEASE + timedelta(seconds=1))
    assert late == file


def test_a_worker_that_lost_its_lease_stops(aurora: Sample) -> None:
    file = sheets.file(sheets.batch(aurora), pdf(3))
    claimed = working.claim(timezone.now())
    assert claimed is not None
    PaperFile.objects.filter(pk=file.pk).update(lease_until=timezone.now() + timedelta(hours=1))

    working.read(claimed)

    assert not PaperPage.objects.exists()
    assert PaperFile.objects.get(pk=file.pk).state == "waiting"


def test_a_page_that_ended_every_worker_is_given_up_with_its_reason(aurora: Sample) -> None:
    file = sheets.file(sheets.batch(aurora), pdf(2))
    PaperFile.objects.filter(pk=file.pk).update(attempts=working.MOST_ATTEMPTS)

    drain()

    first, second = PaperPage.objects.order_by("number")
    assert (first.reason, second.reason) == (Reason.CRASHED, Reason.BLANK)


def test_a_page_kept_twice_is_kept_once(aurora: Sample) -> None:
    file = sheets.file(sheets.batch(aurora))
    for _ in range(2):
        taking_in.store(file, 0, [sheets.read()], original=b"x", media_type="image/jpeg")

    assert PaperPage.objects.count() == 1


def test_several_sheets_in_one_picture_show_nobody_the_others(aurora: Sample) -> None:
    file = sheets.file(sheets.batch(aurora))
    taking_in.store(
        file, 0, [sheets.read(part=0), sheets.read(part=1)], original=b"both", media_type="image/jpeg"
    )

    assert [bytes(page.original) for page in PaperPage.objects.all()] == [b"", b""]


def test_a_sheet_of_another_company_is_matched_to_nothing(aurora: Sample) -> None:
    stranger = other_sample()
    page = sheets.draft(sheets.batch(aurora), sheets.read(sheets.code(stranger)))

    assert (page.reason, page.serial, page.point) == ("other_company", "", None)


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_leaves_nothing_out_and_nothing_twice(aurora: Sample) -> None:
    file = sheets.file(sheets.batch(aurora), pdf(PAGES))
    code = WORKER.format(name=connection.settings_dict["NAME"], killed=KILLED)
    worker = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert worker.returncode == -signal.SIGKILL
    assert PaperPage.objects.count() == KILLED
    assert working.drain() == 0  # its lease still runs

    PaperFile.objects.filter(pk=file.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    drain()

    assert sorted(PaperPage.objects.values_list("number", flat=True)) == list(range(PAGES))
    assert PaperFile.objects.get(pk=file.pk).state == "read"


@pytest.fixture
def clamav(settings: Any) -> Iterator[None]:
    with clamd.running() as place:
        settings.OPTIN_SCANNER = place
        yield


def test_an_infected_file_is_never_read_and_lies_sealed(aurora: Sample, clamav: None) -> None:
    batch = sheets.batch(aurora)
    content = pdf(1) + b"% " + clamd.EICAR
    infected, clean = sheets.file(batch, content), sheets.file(batch, pdf(2))

    drain()

    infected.refresh_from_db()
    clean.refresh_from_db()
    assert (infected.state, infected.reason, infected.pages) == ("failed", "malware", None)
    assert (clean.state, clean.reason, clean.pages) == ("read", "", 2)
    assert uploading.content(infected) == content
    assert clamd.EICAR not in b"".join(bytes(piece.sealed) for piece in infected.pieces.all())


def test_while_the_scanner_is_silent_nothing_is_read_and_nothing_is_lost(
    aurora: Sample, settings: Any, tmp_path: Path
) -> None:
    settings.OPTIN_SCANNER = str(tmp_path / "clamd.ctl")
    file = sheets.file(sheets.batch(aurora), pdf(2))

    drain()

    file.refresh_from_db()
    assert (file.state, file.reason, file.attempts) == ("waiting", "scanner_silent", 0)
    assert not PaperPage.objects.exists()
    with clamd.running() as place:
        settings.OPTIN_SCANNER = place
        PaperFile.objects.filter(pk=file.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        drain()
    file.refresh_from_db()
    assert (file.state, file.reason) == ("read", "")
    assert PaperPage.objects.count() == 2


def test_bytes_are_found_whatever_the_pieces_are(aurora: Sample) -> None:
    content = bytes(range(256)) * 40
    content = b"%PDF-" + content
    cuts = [0, 600, 700, 701, 5000, len(content)]
    pieces = [content[start:end] for start, end in itertools.pairwise(cuts)]
    file = uploading.take(sheets.batch(aurora), name="x", size=len(content), pieces=pieces, by=sheets.ANA)
    found = uploading.Pieces(file)

    assert b"".join(found) == content
    for offset, size in ((0, 1), (0, 10_245), (699, 3), (4_990, 4_000), (10_244, 50), (10_245, 5)):
        assert found.read(offset, size) == content[offset : offset + size]


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_costs_no_page(aurora: Sample) -> None:
    file = sheets.file(sheets.batch(aurora), pdf(3))
    with full("consent_paperpage"):
        for _ in range(working.MOST_ATTEMPTS + 2):
            with pytest.raises(OperationalError):
                working.drain()
            PaperFile.objects.filter(pk=file.pk).update(lease_until=None)

    drain()

    assert list(PaperPage.objects.values_list("reason", flat=True)) == ["blank"] * 3
