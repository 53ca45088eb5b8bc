"""A checked sheet becomes records by the day it was signed, once, with its scan, and the person is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from consent import erasure, opening
from consent.audits import scoring
from consent.capture.paper import committing, uploading
from consent.capture.paper.committing import Outcome
from consent.contact import Contact
from consent.log import tree
from consent.models import ActOrigin, ConsentRecord, EvidenceFile, OutboundMessage, PaperPage, Purpose
from consent.sample import Sample
from consent.vocabulary import Confirmation
from tests import cast, sheets

JANUARY, FEBRUARY, MARCH = "2026-01-15", "2026-02-10 12:00", "2026-03-05 12:00"


def commit(page: PaperPage) -> Outcome:
    return committing.commit(page, by="staff:7")


def told(page: PaperPage) -> list[str]:
    act = sheets.page(page).act
    return [opening.message_content(message)["text"] for message in OutboundMessage.objects.filter(act=act)]


def single_step(aurora: Sample) -> None:
    aurora.point.confirmation = Confirmation.NONE
    aurora.point.save()


def test_a_sheet_becomes_records_of_the_day_it_was_signed_with_the_scan_as_evidence(aurora: Sample) -> None:
    single_step(aurora)
    page = sheets.draft(sheets.batch(aurora), sheets.read(sheets.code(aurora, serial="AAAAAAAAA1")))
    page = sheets.checked(page, sheets.filled(page, signed_on=JANUARY, no=("novidades.whatsapp",)))
    assert not ConsentRecord.objects.exists()  # nothing is consent before it is committed

    assert commit(page) == Outcome.RECORDED

    given, refused = ConsentRecord.objects.order_by("arrival")
    assert (given.state, given.channel, given.possession) == ("given", "sms", "policy")
    assert (refused.state, refused.channel) == ("refused", "whatsapp")
    assert given.event_time == datetime(
        2026, 1, 15, 3, tzinfo=UTC
    )  # where the company is, the day begins then
    assert (given.method, given.entity, given.clock) == ("paper", "staff:7", "paper")
    brought = ActOrigin.objects.get(act=given.act_id)
    assert brought.origin == f"batch:{page.batch_id}"
    evidence = opening.evidence_of(given.act_id)
    assert evidence["sheet"] == "AAAAAAAAA1"
    assert (evidence["place"], evidence["box"], evidence["shelf"]) == ("Loja da Rua Augusta", "7", "B2")
    assert [check["by"] for check in evidence["checks"]] == [sheets.ANA]
    copy, original = EvidenceFile.objects.order_by("id").filter(act=given.act_id).order_by("name")[::-1]
    assert opening.file_content(copy).startswith(b"\xff\xd8\xff")
    assert opening.file_content(original) == b"the page as it came"


def test_the_evidence_of_a_printed_sheet_is_complete(aurora: Sample) -> None:
    single_step(aurora)
    page = sheets.checked(sheets.draft(sheets.batch(aurora), sheets.read(sheets.code(aurora))))
    commit(page)
    tree.sequence()

    (score,) = scoring.score(
        list(ConsentRecord.objects.select_related("company", "purpose", "notice__notice"))
    )

    assert not [point.slug for point in score.points if point.holds is False]


def test_the_person_is_told_in_the_language_of_the_sheet_what_was_registered(aurora: Sample) -> None:
    single_step(aurora)
    Purpose.objects.update(validity_days=0)
    page = sheets.draft(sheets.batch(aurora))
    page = sheets.checked(page, sheets.filled(page, signed_on=JANUARY))
    commit(page)

    (text,) = told(page)

    assert text.startswith("Café Aurora: ")
    assert "15/01/2026" in text
    assert "Novidades e ofertas por SMS" in text
    assert "SAIR" in text
    assert cast.may(aurora).allow


def test_under_the_usual_policy_the_yes_waits_for_the_answer_of_the_person(aurora: Sample) -> None:
    page = sheets.draft(sheets.batch(aurora))
    page = sheets.checked(page, sheets.filled(page, signed_on=JANUARY))
    commit(page)

    (text,) = told(page)
    assert "15/01/2026" in text
    assert ConsentRecord.objects.get().state == "requested"
    assert not cast.may(aurora).allow

    OutboundMessage.objects.update(state="sent", sent_at=datetime.now(UTC))
    cast.writes(aurora, "SIM")
    assert cast.may(aurora).allow


@pytest.mark.parametrize("way", [Confirmation.CODE, Confirmation.LINK])
def test_where_no_page_waits_for_a_code_a_link_asks(aurora: Sample, way: Confirmation) -> None:
    aurora.point.confirmation = way
    aurora.point.save()
    page = sheets.checked(sheets.draft(sheets.batch(aurora)))
    commit(page)

    assert "/y/aurora/" in told(page)[0]


@pytest.mark.parametrize("way", [Confirmation.NONE, Confirmation.REPLY])
def test_an_old_sheet_never_undoes_a_later_stop(aurora: Sample, way: Confirmation) -> None:
    aurora.point.confirmation = way
    aurora.point.save()
    with time_machine.travel(cast.at(FEBRUARY), tick=False):
        cast.stops(aurora, event_time=cast.at(FEBRUARY))
    with time_machine.travel(cast.at(MARCH), tick=False):
        page = sheets.draft(sheets.batch(aurora))
        page = sheets.checked(page, sheets.filled(page, signed_on=JANUARY))
        assert commit(page) == Outcome.RECORDED

        assert not cast.may(aurora).allow
        assert cast.may(aurora).reason == "withdrawn"
        assert told(page) == []  # whoever said stop is not even asked
        cast.writes(aurora, "SIM")
        assert not cast.may(aurora).allow


def test_a_sheet_signed_after_the_stop_counts(aurora: Sample) -> None:
    single_step(aurora)
    with time_machine.travel(cast.at(FEBRUARY), tick=False):
        cast.stops(aurora, event_time=cast.at(FEBRUARY))
    with time_machine.travel(cast.at(MARCH), tick=False):
        page = sheets.draft(sheets.batch(aurora))
        page = sheets.checked(page, sheets.filled(page, signed_on="2026-02-11"))
        commit(page)

        assert cast.may(aurora).allow


def test_the_same_sheet_scanned_twice_is_one_act_and_a_copy_of_it_signed_by_another_person_is_another(
    aurora: Sample,
) -> None:
    batch, serial = sheets.batch(aurora), sheets.code(aurora)
    first, again, others = (sheets.draft(batch, sheets.read(serial)) for _ in range(3))
    for page in (first, again):
        sheets.checked(page)
    sheets.checked(others, sheets.filled(others, number="(21) 97654-3210"))

    outcomes = [commit(page) for page in committing.ready(batch)]

    assert sorted(outcomes) == ["duplicate", "recorded", "recorded"]
    assert ConsentRecord.objects.count() == 2
    assert PaperPage.objects.get(state="aside").reason == "duplicate"


def test_a_commit_that_was_cut_off_before_the_page_knew_goes_on(aurora: Sample) -> None:
    page = sheets.checked(sheets.draft(sheets.batch(aurora)))
    kept = {name: getattr(page, name) for name in ("original", "copy", "reading", "agreed", "state")}
    commit(page)
    PaperPage.objects.update(**kept, act=None)

    assert commit(sheets.page(page)) == Outcome.RECORDED
    assert ConsentRecord.objects.count() == 1
    assert sheets.page(page).state == "committed"


def test_a_sheet_without_a_tick_and_one_of_a_point_that_is_gone_lie_aside(aurora: Sample) -> None:
    page = sheets.draft(sheets.batch(aurora))
    page = sheets.checked(page, sheets.filled(page, yes=()))
    assert commit(page) == Outcome.NOTHING_TICKED

    assert not ConsentRecord.objects.exists()
    assert sheets.page(page).reason == "nothing_ticked"


def test_erasing_the_person_leaves_nothing_of_the_sheet(aurora: Sample) -> None:
    page = sheets.checked(sheets.draft(sheets.batch(aurora)))
    commit(page)
    page = sheets.page(page)
    record = ConsentRecord.objects.get()

    erasure.erase(record.subject, company=aurora.company, entity="staff:1")

    assert not EvidenceFile.objects.exists()
    assert not any(bytes(getattr(page, name)) for name in ("original", "copy", "reading", "agreed"))
    assert not any(bytes(check.answer) for check in page.checks.all())
    page = sheets.page(page)
    assert (page.person, page.picture) == (None, None)
    assert uploading.name_of(page.file) == ""  # files are named after people


def test_nobody_signs_in_the_future_and_the_day_of_a_record_is_never_after_its_writing(
    aurora: Sample,
) -> None:
    page = sheets.draft(sheets.batch(aurora))
    sheets.checked(page)
    commit(sheets.page(page))
    record = ConsentRecord.objects.get()
    assert record.event_time < record.recorded_at
    assert record.recorded_at - record.event_time < timedelta(days=3)


def test_a_number_of_a_country_the_company_does_not_write_to_is_no_answer(aurora: Sample) -> None:
    page: Any = sheets.draft(sheets.batch(aurora))
    with pytest.raises(Exception, match=r"phone\.country_not_enabled"):
        sheets.filled(page, number="+49 30 901820")
    assert Contact.tel("+49 30 901820").region == "DE"
