"""The page of a number's health, looked at: it fits, reads well in three languages, and axe finds nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.models import PersonSource, Sender
from consent.quality import counting, keeping, source_days
from consent.quality.reading import Kind, Reading, Source
from consent.sample import Sample
from tests.browser.conftest import DESK, PHONE, Browse
from tests.browser.test_admin import Check, sign_in
from tests.quality.test_keeping import left
from tests.quality.test_sources import people, points
from tests.staff import user


@pytest.fixture
def troubled(aurora: Sample) -> Sender:
    """A number that turned red two days ago, and a source that is to blame."""
    sender = aurora.company.senders.get(number_id__gt="")
    sender.rule_book = "classic"
    sender.save()
    user("ana", is_superuser=True)
    now = timezone.now()
    for days, kind, value in ((6, Kind.RATING, "green"), (6, Kind.LIMIT, "10"), (4, Kind.RATING, "yellow"),
                              (2, Kind.RATING, "red")):  # fmt: skip
        then = now - timedelta(days=days)
        one = Reading(kind=kind, value=value, said_at=then, raw=value, number=sender.pk)
        keeping.keep(sender, [one], source=Source.POLL, read_at=then)
    left(sender, people=4)
    counting.count(sender, at=now)
    good, bad = points(aurora, 2)
    people(aurora, good, number=60, away=1, first=1)
    people(aurora, bad, number=60, away=20, first=1_000)
    PersonSource.objects.update(channel="whatsapp")
    source_days.recount()
    return sender


@pytest.mark.parametrize("locale", ["en", "es", "pt-BR"])
def test_the_page_of_a_number_fits_and_axe_finds_nothing(
    browse: Browse, assert_accessible: Check, troubled: Sender, locale: str
) -> None:
    for width in (PHONE, DESK):
        page = browse(width=width, locale=locale)
        sign_in(page, "ana")
        page.goto(f"/admin/consent/sender/{troubled.pk}/health/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert_accessible(page)


def test_the_pages_print_without_the_menu_and_with_whole_tables(browse: Browse, troubled: Sender) -> None:
    page = browse(width=720)  # A4 between its margins
    sign_in(page, "ana")
    page.emulate_media(media="print")
    for path in ("", f"consent/sender/{troubled.pk}/health/"):
        page.goto(f"/admin/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 720
        assert not page.locator("#nav-sidebar").is_visible()
        top = page.locator("h1").bounding_box()
        assert top is not None
        assert top["y"] < 200, "the first sheet begins with what the page is about"
    table = page.get_by_role("table", name="Where the trouble comes from")
    box = table.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 720
    assert page.get_by_role("columnheader", name="Never reached").is_visible()
