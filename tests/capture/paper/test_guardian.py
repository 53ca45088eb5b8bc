"""A sheet asks for a guardian: printed on it, typed by staff, and recorded by the rules of the website form."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import cv2
import numpy as np
import pytest
import time_machine
from django.utils import timezone
from django.utils.translation import override

from consent import catalogue, guardian, opening, receipts
from consent.capture.paper import answers, asked, committing, sheet
from consent.capture.paper.answers import Problems, Verdict
from consent.capture.paper.committing import Outcome
from consent.models import CapturePoint, ConsentRecord, OutboundMessage, PaperPage
from consent.paper import decoding, page
from consent.paper.result import Mark
from consent.proof import account
from consent.sample import Sample
from consent.vocabulary import Relation
from tests import cast, pens, sheets
from tests.capture.paper.test_sheet import words as words_of
from tests.capture.test_guardian import LONG, confirms, given, may, point

__all__ = ["point"]

OF_AGE = "2033-06-14"
CHILD = {"relation": "mother", "of_age": OF_AGE}
NOW = cast.at("2026-03-05 12:00")
FIELDS = {
    "verdict": "filled", "number": "(11) 98765-4321", "signed_on": "2026-01-15", "name": "Ana",
    "box.oficina.sms": "yes",
}  # fmt: skip


@pytest.fixture
def workshop(aurora: Sample, point: CapturePoint) -> Sample:
    """Café Aurora, asking for the children's workshop."""
    version = point.notice.current
    assert version is not None
    return replace(aurora, point=point, version=version)


def draft(workshop: Sample) -> PaperPage:
    return sheets.draft(sheets.batch(workshop), sheets.read(sheets.code(workshop)))


def typed(of: PaperPage, **changes: Any) -> PaperPage:
    said = sheets.filled(of, **({"yes": ("oficina.sms",)} | CHILD | changes))
    return sheets.checked(of, said)


def read(workshop: Sample, **changes: str) -> answers.Answer:
    found = asked.asked(draft(workshop))
    assert found is not None
    return answers.read(FIELDS | CHILD | changes, found, now=NOW)


@pytest.mark.parametrize("blank", [False, True])
@pytest.mark.parametrize(("language", "paper"), [("en", "a4"), ("es", "letter"), ("pt-BR", "letter")])
def test_the_sheet_asks_in_words_and_for_no_birth_date(
    point: CapturePoint, language: str, paper: str, blank: bool
) -> None:
    ask = catalogue.ask("aurora", "criancas")
    assert ask is not None
    pdf = sheet.print_sheets(ask, language=language, serials=["0123456789"], paper=paper, blank=blank)
    said = words_of(pdf)

    with override(language.lower()):
        shown = [*map(str, guardian.PAPER.values()), str(Relation.OTHER.label)]
        assert str(guardian.ASKS_BORN) not in said
    for each in shown:
        assert " ".join(each.split()) in said
    assert b"pdfuaid" in pdf


def test_other_sheets_ask_nothing_of_children(aurora: Sample) -> None:
    ask = catalogue.ask("aurora", "novidades")
    assert ask is not None
    pdf = sheet.print_sheets(ask, language="en", serials=["0123456789"])
    assert str(guardian.ASKED) not in words_of(pdf)


def test_what_is_printed_more_does_not_hinder_the_machine(point: CapturePoint) -> None:
    ask = catalogue.ask("aurora", "criancas")
    assert ask is not None
    [paper] = pens.printed(sheet.print_sheets(ask, language="pt-BR", serials=["0123456789"]))
    signed = np.array(pens.signed(paper, rows=1, yes=[0], number="11987654321").convert("RGB"))
    _done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(signed, cv2.COLOR_RGB2BGR))
    [found] = page.read(decoding.opened(jpeg.tobytes()), 0)

    assert [(box.is_yes, box.mark) for box in found.boxes] == [(True, Mark.TICKED), (False, Mark.EMPTY)]


def test_a_sheet_for_a_child_waits_for_the_guardian_and_keeps_who_that_is(workshop: Sample) -> None:
    day = (timezone.localdate() - timedelta(days=9)).isoformat()
    committed = typed(draft(workshop), signed_on=day)
    assert committing.commit(committed, by="staff:7") == Outcome.RECORDED

    requested = ConsentRecord.objects.get()
    assert (requested.state, requested.method) == ("requested", "paper")
    assert 0 < requested.valid_days < LONG
    kept = opening.evidence_of(requested.act_id)
    assert kept[guardian.EVIDENCE] == [{"relation": "mother", "child_of_age": OF_AGE}]
    assert kept[guardian.TEXT]["asked"] == "Você diz sim por uma criança"
    assert kept[guardian.TEXT]["of_age"] == "O dia em que a criança faz 18 anos"
    assert "born" not in kept[guardian.TEXT]
    assert may(workshop).reason == "requested"
    confirms(workshop)
    assert may(workshop).allow
    assert given().valid_days < LONG
    until = account.until(given())
    assert until is not None
    assert until.date() < date.fromisoformat(OF_AGE)
    with override("en"):
        assert receipts.guardians_of(given()) == receipts.guardians_of(requested) == ("mother",)


def test_a_no_needs_nobody(workshop: Sample) -> None:
    said = read(workshop, **{"box.oficina.sms": "no", "relation": "", "of_age": ""})
    assert said.guardian is None
    page = typed(draft(workshop), yes=(), no=("oficina.sms",))
    assert committing.commit(page, by="staff:7") == Outcome.RECORDED

    refused = ConsentRecord.objects.get()
    assert (refused.state, refused.valid_days) == (
        "refused",
        workshop.point.offers.get().purpose.validity_days,
    )
    assert guardian.EVIDENCE not in opening.evidence_of(refused.act_id)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"relation": "", "of_age": ""}, ["guardian.relation", "guardian.day"]),
        ({"relation": "uncle"}, ["guardian.relation"]),
        ({"of_age": "2033-02-30"}, ["guardian.day"]),
        ({"of_age": "2033-06-14\0"}, ["guardian.day"]),
        ({"of_age": "2015-06-14"}, ["guardian.over"]),  # the day of birth, by mistake
        ({"of_age": "0001-01-01"}, ["guardian.over"]),
        ({"of_age": "2026-03-18"}, ["guardian.over"]),
        ({"of_age": "2044-03-07"}, ["guardian.too_young"]),
        ({"of_age": "9999-12-31"}, ["guardian.too_young"]),
    ],
)
def test_a_yes_needs_both_and_each_mistake_is_named(
    workshop: Sample, changes: dict[str, str], expected: list[str]
) -> None:
    with pytest.raises(Problems) as caught:
        read(workshop, **changes)
    assert [one.code for one in caught.value.problems] == expected


def test_what_was_typed_is_kept_as_it_is_and_two_readings_must_agree_on_it(workshop: Sample) -> None:
    said = read(workshop)
    assert answers.restored(said.values()) == said
    assert read(workshop, of_age="2044-03-05").guardian
    for other in ({"relation": "father"}, {"of_age": "2033-06-15"}):
        assert not said.agrees_with(read(workshop, **other))
    assert said.agrees_with(read(workshop, name="Ana Lima"))


def test_a_sheet_without_a_guardian_is_set_aside_and_other_sheets_know_no_such_thing(
    aurora: Sample, workshop: Sample
) -> None:
    page = draft(workshop)
    found = asked.asked(page)
    assert found is not None
    sheets.checked(page, answers.read({"verdict": Verdict.NO_GUARDIAN}, found, now=NOW))
    assert sheets.page(page).reason == "no_guardian"

    other = asked.asked(sheets.draft(sheets.batch(aurora), sheets.read(sheets.code(aurora))))
    assert other is not None
    with pytest.raises(Problems, match=r"verdict\.required"):
        answers.read({"verdict": Verdict.NO_GUARDIAN}, other, now=NOW)
    plain = answers.read(FIELDS | CHILD | {"box.novidades.sms": "yes"}, other, now=NOW)
    assert plain.guardian is None


def test_who_comes_of_age_before_the_sheet_is_committed_is_not_spoken_for(workshop: Sample) -> None:
    of_age = timezone.localdate() + timedelta(days=20)
    page = typed(draft(workshop), of_age=of_age.isoformat())
    with time_machine.travel(timezone.now() + timedelta(days=7)):
        assert committing.commit(page, by="staff:7") == Outcome.OF_AGE

    assert sheets.page(page).reason == "of_age"
    assert not ConsentRecord.objects.exists()
    assert not OutboundMessage.objects.exists()


def test_a_form_of_the_company_s_own_claims_no_words_of_ours(workshop: Sample) -> None:
    page = typed(sheets.draft(sheets.batch(workshop)))
    assert committing.commit(page, by="staff:7") == Outcome.RECORDED

    kept = opening.evidence_of(ConsentRecord.objects.get().act_id)
    assert kept[guardian.EVIDENCE] == [{"relation": "mother", "child_of_age": OF_AGE}]
    assert guardian.TEXT not in kept
