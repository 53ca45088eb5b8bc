"""Who looks at which sheet, what happens where two differ, and how a check is taken back."""

import json

import pytest
from django.utils import timezone

from consent.capture.paper import checking, duplicates, keeping
from consent.capture.paper.answers import Answer
from consent.capture.paper.duplicates import Why
from consent.errors import BadInput
from consent.models import LogPending, PaperCheck, PaperPage
from consent.paper.result import Mark
from consent.sample import Sample
from tests import sheets
from tests.sheets import ANA, BRUNO, CLARA


def test_a_second_person_checks_and_agreement_makes_the_sheet_ready(aurora: Sample) -> None:
    page = sheets.draft(sheets.batch(aurora, policy="all"))
    page = sheets.checked(page, by=ANA)
    assert page.state == "second"
    assert not checking.waiting(page.batch, by=ANA).exists()
    assert checking.waiting(page.batch, by=BRUNO).get() == page

    with pytest.raises(BadInput, match="same_person"):
        checking.check(page, sheets.filled(page), by=ANA, look=2, at=timezone.now())
    page = sheets.checked(page, sheets.filled(page, name="ANNA LIMA"), by=BRUNO, look=2)

    assert page.state == "ready"


def test_where_two_differ_a_third_look_decides(aurora: Sample) -> None:
    page = sheets.draft(sheets.batch(aurora, policy="all"))
    page = sheets.checked(page, by=ANA)
    page = sheets.checked(page, sheets.filled(page, number="(11) 98765-4322"), by=BRUNO, look=2)
    assert page.state == "third"

    page = sheets.checked(page, sheets.filled(page, number="(11) 98765-4322"), by=CLARA, look=3)

    assert page.state == "ready"
    assert checking.agreed(page).number == "+5511987654322"
    assert [check.by for check in page.checks.order_by("look")] == [ANA, BRUNO, CLARA]


def test_somebody_who_is_late_is_told(aurora: Sample) -> None:
    page = sheets.draft(sheets.batch(aurora))
    sheets.checked(page, by=ANA)

    with pytest.raises(BadInput, match="moved"):
        checking.check(page, sheets.filled(page), by=BRUNO, look=1, at=timezone.now())


def test_a_check_is_taken_back_by_whoever_made_it_and_stays_on_record(aurora: Sample) -> None:
    page = sheets.draft(sheets.batch(aurora))
    page = sheets.checked(page, Answer("unreadable"), by=ANA)
    assert (page.state, page.reason) == ("aside", "unreadable")

    assert not checking.undo(page, by=BRUNO, at=timezone.now())
    assert checking.undo(page, by=ANA, at=timezone.now())

    page = sheets.page(page)
    assert (page.state, page.reason) == ("to_check", "")
    assert PaperCheck.objects.exclude(undone_at=None).count() == 1
    assert sheets.checked(page, by=BRUNO).state == "ready"


def test_what_was_set_aside_is_reopened_by_somebody_else_and_that_is_on_record(aurora: Sample) -> None:
    page = sheets.draft(sheets.batch(aurora, policy="all"))
    page = sheets.checked(page, Answer("not_signed"), by=ANA)
    page = sheets.checked(page, Answer("not_signed"), by=BRUNO, look=2)
    assert page.state == "aside"

    assert checking.reopen(page, by=CLARA, at=timezone.now())

    page = sheets.page(page)
    assert (page.state, page.reason) == ("to_check", "")
    assert [check.undone_by for check in page.checks.all()] == [CLARA, CLARA]
    entry = json.loads(bytes(LogPending.objects.get().data))
    assert (entry["what"], entry["page"], entry["entity"]) == ("reopened", str(page.pk), CLARA)
    assert sheets.checked(page, by=CLARA).state == "second"


def test_only_what_lies_aside_and_is_still_kept_is_reopened(aurora: Sample) -> None:
    batch = sheets.batch(aurora)
    waiting, ready = sheets.draft(batch), sheets.checked(sheets.draft(batch))
    assert not checking.reopen(waiting, by=BRUNO, at=timezone.now())
    assert not checking.reopen(ready, by=BRUNO, at=timezone.now())

    gone = sheets.batch(aurora)
    page = sheets.checked(sheets.draft(gone), Answer("unreadable"))
    assert keeping.destroy(gone, on=timezone.localdate(), by=ANA, at=timezone.now())
    assert not checking.reopen(page, by=BRUNO, at=timezone.now())
    assert not checking.undo(page, by=ANA, at=timezone.now())  # nothing is kept of it to be looked at


def test_the_sample_follows_from_the_seed_and_is_as_large_as_it_says(aurora: Sample) -> None:
    batch = sheets.batch(aurora, policy="sample", percent=100)
    everything = sheets.batch(aurora, policy="sample", percent=1)
    page = sheets.draft(batch)

    assert checking.is_drawn(batch, page.pk)
    assert [checking.is_drawn(everything, page.pk)] * 3 == [
        checking.is_drawn(everything, page.pk) for _ in range(3)
    ]


def test_the_most_doubtful_come_first(aurora: Sample) -> None:
    batch = sheets.batch(aurora)
    sure = sheets.draft(batch, sheets.read(sheets.code(aurora)))
    unread = sheets.draft(batch)

    assert list(checking.waiting(batch, by=ANA)) == [unread, sure]


def test_a_box_the_machine_is_not_sure_of_is_left_to_the_person(aurora: Sample) -> None:
    reading = sheets.read(sheets.code(aurora))
    unsure = [
        box if n else type(box)(**{**_values(box), "mark": Mark.UNSURE})
        for n, box in enumerate(reading.boxes)
    ]
    page = sheets.draft(sheets.batch(aurora), sheets.read(sheets.code(aurora), boxes=tuple(unsure)))

    assert page.doubt == 1.0


def _values(box: object) -> dict[str, object]:
    return {name: getattr(box, name) for name in box.__slots__}  # type: ignore[attr-defined]


@pytest.mark.parametrize("why", Why)
def test_duplicates_are_found_by_picture_serial_and_person(aurora: Sample, why: Why) -> None:
    batch, sheet = sheets.batch(aurora), sheets.code(aurora)
    if why == Why.PERSON:
        pages = [sheets.checked(sheets.draft(batch)) for _ in range(2)]
    elif why == Why.SERIAL:
        pages = [sheets.draft(batch, sheets.read(sheet)) for _ in range(2)]
    else:
        pages = [sheets.draft(batch, sheets.read(fingerprint="one picture")) for _ in range(2)]

    (twin,) = duplicates.twins(pages[0])

    assert (twin.page, twin.why) == (pages[1], why)
    PaperPage.objects.filter(pk=pages[1].pk).update(state="aside")
    assert not duplicates.twins(pages[0])
