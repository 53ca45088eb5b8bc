"""Whoever is erased leaves the sheets that are no record yet; the sheets stay in their batch, empty, and say why."""

import pytest
from django.db.models import Count
from django.utils import timezone

from consent import erasure, vault
from consent.capture.paper import checking, committing
from consent.models import LegalHold, PaperBatch, PaperFile, PaperPage
from consent.sample import Sample
from tests import cast, sheets
from tests.staff import other_sample

SEALED = ("original", "copy", "reading", "agreed")


def erase_ana(aurora: Sample) -> None:
    said = cast.says(aurora, channel="voice")
    erasure.erase(said.subject, company=aurora.company, entity="staff:1")


def kept(page: PaperPage) -> set[str]:
    """Everything of a page that could tell who it is about."""
    page = sheets.page(page)
    found = {name for name in (*SEALED, "picture", "person") if getattr(page, name)}
    found |= {"check" for check in page.checks.all() if check.answer or check.lookup}
    return found | ({"name"} if page.file.name else set())


def aside(batch: PaperBatch) -> PaperPage:
    """Nothing was ticked, which is found out when it is to be committed."""
    page = sheets.draft(batch)
    page = sheets.checked(page, sheets.filled(page, yes=()))
    assert committing.commit(page, by=sheets.ANA) == "nothing_ticked"
    return page


WAYS = {
    "second": lambda aurora: sheets.checked(sheets.draft(sheets.batch(aurora, policy="all"))),
    "ready": lambda aurora: sheets.checked(sheets.draft(sheets.batch(aurora))),
    "aside": lambda aurora: aside(sheets.batch(aurora)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_sheet_with_the_number_is_emptied_and_still_counted(aurora: Sample, way: str) -> None:
    page = WAYS[way](aurora)
    assert sheets.page(page).state == way
    assert {"original", "reading", "check", "name"} <= kept(page)

    erase_ana(aurora)

    found = sheets.page(page)
    assert (found.state, found.reason) == ("aside", PaperPage.ERASED)
    assert kept(page) == set()
    assert page.batch.pages.aggregate(all=Count("pk")) == {"all": 1}


def test_a_number_that_was_taken_back_is_found_as_well(aurora: Sample) -> None:
    page = sheets.checked(sheets.draft(sheets.batch(aurora)))
    checking.undo(page, by=sheets.ANA, at=timezone.now())

    erase_ana(aurora)

    assert kept(page) == set()


def test_other_people_and_other_companies_keep_theirs(aurora: Sample) -> None:
    batch, bakery = sheets.batch(aurora), other_sample()
    unread, brunos = sheets.draft(batch), sheets.draft(batch)
    brunos = sheets.checked(brunos, sheets.filled(brunos, number=cast.BRUNO.value))
    theirs = sheets.batch(
        aurora, company=bakery.company, point=bakery.point, version=bakery.version, language="pt-BR"
    )
    elsewhere = sheets.checked(sheets.draft(theirs))
    before = [kept(page) for page in (unread, brunos, elsewhere)]

    erase_ana(aurora)

    assert [kept(page) for page in (unread, brunos, elsewhere)] == before
    assert sheets.page(brunos).state == "ready"


def test_a_file_keeps_its_name_while_another_page_of_it_waits(aurora: Sample) -> None:
    page = sheets.checked(sheets.draft(sheets.batch(aurora)))
    PaperPage.objects.create(
        id="00000000-0000-4000-8000-000000000001", batch=page.batch, file=page.file, number=1,
        media_type="image/jpeg",
    )  # fmt: skip
    erase_ana(aurora)

    assert kept(page) == {"name"}


def test_under_a_legal_hold_the_sheet_stays(aurora: Sample) -> None:
    page = sheets.checked(sheets.draft(sheets.batch(aurora)))
    said, before = cast.says(aurora, channel="voice"), kept(page)
    LegalHold.objects.create(
        id=vault.new_id(), subject=said.subject, company=aurora.company, reason="A court asks.", by="staff:1",
        since=timezone.now(),
    )  # fmt: skip
    with pytest.raises(erasure.Held):
        erasure.erase(said.subject, company=aurora.company, entity="staff:1")

    assert kept(page) == before
    assert sheets.page(page).state == "ready"


def test_an_emptied_sheet_becomes_no_record_and_is_not_looked_at_again(aurora: Sample) -> None:
    listed = sheets.checked(sheets.draft(sheets.batch(aurora)))

    erase_ana(aurora)

    assert (
        committing.commit(listed, by=sheets.ANA) == committing.Outcome.ERASED
    )  # listed before it was emptied
    page = sheets.page(listed)
    assert not checking.undo(page, by=sheets.ANA, at=timezone.now())
    assert not checking.reopen(page, by=sheets.ANA, at=timezone.now())
    assert sheets.page(page).reason == PaperPage.ERASED
    assert PaperFile.objects.count() == 1
