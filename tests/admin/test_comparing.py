"""Two versions side by side: every word that went or came is marked, in every language and wording."""

import re
import time

import pytest
from django.test import Client
from django.urls import reverse

from consent.admin import comparing
from consent.models import Notice, NoticeVersion
from tests.staff import Firm


def compare(version: NoticeVersion) -> str:
    return reverse("admin:consent_noticeversion_compare", args=[version.pk])


def plain(marked: str) -> str:
    return re.sub("</?(ins|del)>", "", marked)


def test_words_that_differ_are_marked() -> None:
    before, after = comparing.marked("You can stop at any time.", "You may stop at any moment.")
    assert before == "You <del>can</del> stop at any <del>time</del>."
    assert after == "You <ins>may</ins> stop at any <ins>moment</ins>."


def test_what_is_marked_is_still_the_whole_text() -> None:
    texts = ("Um  texto\n\ncom {company} & <b>.", "Outro texto\n\nsem {channels} <i>.")
    for text, marked in zip(texts, comparing.marked(*texts), strict=True):
        assert plain(marked) == text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_frequent_words_of_a_long_text_still_match() -> None:
    before, after = comparing.marked("a b " * 300, "a b " * 300 + "c")
    assert "<del>" not in before
    assert after.endswith("<ins>c</ins>")


@pytest.mark.parametrize(
    ("old", "new"),
    [("a " * 5000, "a b " * 2500), ("! " * 5000, "!" * 10_000), ("a b c " * 1600, "c b a " * 1600)],
)
def test_no_two_texts_keep_the_process_busy(old: str, new: str) -> None:
    begun = time.process_time()
    before, after = comparing.marked(old, new)
    assert time.process_time() - begun < 5  # it was an hour
    assert (plain(before), plain(after)) == (old, new)


def test_a_draft_is_compared_with_the_version_before_it(bruno: Client, cafe: Firm) -> None:
    cafe.draft.wordings = {
        **cafe.aurora.version.wordings,
        "es": {**cafe.aurora.version.wordings["es"], "paper": "Firme <b>aquí</b>."},
    }
    cafe.draft.save()
    page = bruno.get(compare(cafe.draft)).content.decode()
    assert "Español, on paper" in page
    assert "<ins>Firme" in page
    assert "&lt;b&gt;" in page
    assert "<b>aquí" not in page
    assert page.count('class="compared-same"') == 11


def test_any_two_versions_of_a_notice_are_compared(bruno: Client, cafe: Firm) -> None:
    first = cafe.aurora.version
    page = bruno.get(compare(first), {"with": cafe.draft.pk}).content.decode()
    assert f'<option value="{cafe.draft.pk}" selected>' in page
    assert "<h3>2.0</h3>" in page.partition("<h3>1.0</h3>")[0]
    assert bruno.get(compare(first), {"with": "x"}).status_code == 200


def test_an_only_version_has_nothing_beside_it(bruno: Client, cafe: Firm) -> None:
    notice = Notice.objects.create(company=cafe.company, slug="so")
    only = NoticeVersion.objects.create(notice=notice)
    assert "no other version" in bruno.get(compare(only)).content.decode()


def test_versions_of_others_are_not_compared(clara: Client, cafe: Firm) -> None:
    assert clara.get(compare(cafe.draft)).status_code == 404
