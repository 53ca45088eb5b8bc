"""What staff may type of a sheet, and what is wrong with the rest, field by field."""

from datetime import UTC, date, datetime

import pytest
from django.utils.translation import override

from consent.capture.paper import answers, asked, committing
from consent.capture.paper.answers import Answer, Problems
from consent.capture.paper.asked import Asked
from consent.capture.paper.committing import Outcome
from consent.errors import BadInput
from consent.models import CapturePoint, PaperPage
from consent.sample import Sample
from tests import sheets

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
GOOD = {
    "verdict": "filled", "number": "(11) 98765-4321", "signed_on": "2026-01-15", "name": "Ana", "language": "es",
    "box.novidades.sms": "yes", "box.novidades.whatsapp": "no",
}  # fmt: skip


@pytest.fixture
def words(aurora: Sample) -> Asked:
    found = asked.asked(sheets.draft(sheets.batch(aurora)))
    assert found is not None
    return found


def test_a_whole_answer_is_read_and_kept_as_it_is(words: Asked) -> None:
    answer = answers.read(GOOD, words, now=NOW)

    assert (answer.number, answer.signed_on, answer.language) == ("+5511987654321", "2026-01-15", "es")
    assert dict(answer.boxes) == {
        "novidades.sms": "yes", "novidades.whatsapp": "no", "pedidos.sms": "empty"
    }  # fmt: skip
    assert answers.restored(answer.values()) == answer


@pytest.mark.parametrize("verdict", ["not_signed", "unreadable", "duplicate", "no_sheet"])
def test_where_there_is_nothing_to_type_nothing_is_asked(words: Asked, verdict: str) -> None:
    assert answers.read({"verdict": verdict}, words, now=NOW) == Answer(verdict)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"verdict": ""}, "verdict.required"),
        ({"verdict": "maybe"}, "verdict.required"),
        ({"number": "12"}, "phone.not_possible"),
        ({"signed_on": ""}, "date.format"),
        ({"signed_on": "2026-02-30"}, "date.format"),
        ({"signed_on": "2026-03-06"}, "date.future"),
        ({"signed_on": "0206-01-15"}, "date.too_old"),
        ({"name": "x" * 121}, "name.bad"),
        ({"name": "a\0b"}, "name.bad"),
        ({"language": "fr"}, "language.unknown"),
        ({"box.novidades.sms": "maybe"}, "box.unknown"),
    ],
)
def test_each_mistake_has_its_name(words: Asked, changes: dict[str, str], code: str) -> None:
    with pytest.raises(Problems, match=code):
        answers.read(GOOD | changes, words, now=NOW)


def test_every_mistake_is_told_at_once(words: Asked) -> None:
    with pytest.raises(Problems) as caught:
        answers.read(GOOD | {"number": "", "signed_on": "", "name": "\n\n\0"}, words, now=NOW)

    assert [problem.pointer for problem in caught.value.problems] == ["number", "signed_on", "name"]


def test_a_day_is_read_as_people_of_the_page_write_it(aurora: Sample) -> None:
    for language in ("es", "pt-br"):
        with override(language):
            assert answers.read_day("31/01/2026", aurora.company, now=NOW) == date(2026, 1, 31)
    with override("en"), pytest.raises(BadInput, match=r"date\.format"):
        answers.read_day("31/01/2026", aurora.company, now=NOW)


def test_today_is_the_day_where_the_company_is(aurora: Sample) -> None:
    late = datetime(2026, 3, 6, 1, tzinfo=UTC)  # still the fifth in São Paulo
    with pytest.raises(BadInput, match=r"date\.future"):
        answers.read_day("2026-03-06", aurora.company, now=late)


def test_a_sheet_whose_point_was_renamed_meanwhile_is_set_aside(aurora: Sample) -> None:
    page = sheets.checked(sheets.draft(sheets.batch(aurora)))
    CapturePoint.objects.filter(pk=aurora.point.pk).update(slug="another")

    assert committing.commit(page, by="staff:1") == Outcome.NOT_ASKED
    assert PaperPage.objects.get().reason == "not_asked"
