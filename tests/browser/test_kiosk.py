"""A tablet at the counter in a real browser: opened by its link, and five people answer while the network is off."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from consent import opening
from consent.capture.kiosk import tablets
from consent.models import ConsentRecord
from consent.sample import Sample
from tests.browser.conftest import DESK, PATIENCE, PHONE, Browse
from tests.kiosk import Tablet
from tests.line import Line

type Check = Callable[[Page], None]

NUMBERS = [f"(11) 98765-43{last}" for last in range(21, 26)]
WAITING = """async () => {
  const opening = indexedDB.open("optin-kiosk " + location.pathname);
  const db = await new Promise((done) => { opening.onsuccess = () => done(opening.result); });
  const all = db.transaction("answers").objectStore("answers").getAll();
  const found = await new Promise((done) => { all.onsuccess = () => done(all.result); });
  db.close();
  return found;
}"""


@pytest.fixture
def tablet(aurora: Sample) -> Tablet:
    return Tablet.of(aurora)


@pytest.fixture
def line(live_server: Any, settings: Any) -> Iterator[Line]:
    """What connects the tablet with the server."""
    made = Line(live_server.url)
    settings.OPTIN_PUBLIC_URL = made.url
    yield made
    made.cut()


@pytest.fixture
def counter(new_context: Callable[..., BrowserContext], line: Line) -> BrowserContext:
    """A tablet's browser, whose network goes off; what that breaks stands in its console."""
    context = new_context(base_url=line.url, viewport={"width": DESK, "height": 800}, locale="pt-BR")
    context.set_default_timeout(PATIENCE)
    return context


def open_up(page: Page, tablet: Tablet) -> None:
    page.goto(tablets.address(tablet.kiosk, tablet.key))
    expect(page.locator("#kiosk-begin")).to_be_visible()
    expect(page.locator("body[data-ready=yes]")).to_be_attached()


def answer(page: Page, number: str, *, signs: bool = False) -> None:
    page.locator("#kiosk-begin").click()
    page.locator('[name="box"][value="novidades.sms"]').check()
    page.locator("#kiosk-phone").fill(number)
    if signs:
        frame = page.locator("#kiosk-signature").bounding_box()
        assert frame
        page.locator("#kiosk-signature").scroll_into_view_if_needed()
        frame = page.locator("#kiosk-signature").bounding_box()
        assert frame
        page.mouse.move(frame["x"] + 40, frame["y"] + 60)
        page.mouse.down()
        page.mouse.move(frame["x"] + 200, frame["y"] + 90, steps=5)
        page.mouse.up()
    page.locator("#kiosk-form .act").click()
    expect(page.locator("#thanks-heading")).to_be_visible()


def test_five_answers_without_a_network_survive_the_browser_and_keep_their_moments(
    counter: BrowserContext, line: Line, tablet: Tablet
) -> None:
    page, now = counter.new_page(), timezone.now()
    with time_machine.travel(now - timedelta(days=3)):
        open_up(page, tablet)
    counter.set_offline(True)
    line.cut()
    moments = [now - timedelta(days=2) + timedelta(hours=hours) for hours in range(5)]
    for number, moment in zip(NUMBERS, moments, strict=True):
        page.clock.set_fixed_time(moment)
        answer(page, number, signs=number == NUMBERS[0])
        page.locator('[data-screen="thanks"] [data-reset]').click()
        expect(page.locator("#kiosk-begin")).to_be_visible()
    waiting = page.evaluate(WAITING)
    assert len(waiting) == 5
    assert "98765" not in str(waiting)  # whoever takes the tablet reads no number
    page.close()
    assert not ConsentRecord.objects.exists()

    page = counter.new_page()
    page.clock.set_fixed_time(now)
    page.goto(tablet.path)
    expect(page.locator('[data-screen="begin"] [data-waiting]')).to_contain_text("5")
    line.mend()
    counter.set_offline(False)  # the page hears of it
    expect(page.locator('[data-screen="begin"] [data-waiting]')).to_have_text("")

    records = list(ConsentRecord.objects.order_by("event_time"))
    said = [opening.evidence_of(record.act_id) for record in records]
    assert [evidence["typed"] for evidence in said] == NUMBERS
    for record, moment in zip(records, moments, strict=True):
        assert timedelta(0) <= record.event_time - moment < timedelta(minutes=30)
    assert said[0]["signed"] is True
    assert said[1]["signed"] is False
    page.close()


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_kiosk_is_accessible_fits_and_begins_anew(
    browse: Browse, tablet: Tablet, assert_accessible: Check, width: int
) -> None:
    page = browse(width=width, locale="es")
    open_up(page, tablet)
    assert tablet.key not in page.url
    assert_accessible(page)
    page.locator("#kiosk-begin").click()
    expect(page.locator("#form-heading")).to_be_focused()
    assert_accessible(page)
    page.locator("#kiosk-phone").fill("12")
    page.locator("#kiosk-form .act").click()
    expect(page.locator("#kiosk-problems li")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.locator("#kiosk-form [data-reset]").click()

    expect(page.locator("#kiosk-begin")).to_be_visible()
    assert page.locator("#kiosk-phone").input_value() == ""


def test_a_number_that_is_none_is_told_while_the_person_is_there(browse: Browse, tablet: Tablet) -> None:
    page = browse(width=DESK, locale="en")
    open_up(page, tablet)
    page.locator("#kiosk-begin").click()
    page.locator('[name="box"][value="novidades.sms"]').check()
    page.locator("#kiosk-phone").fill("(11) 58765-43210")
    page.locator("#kiosk-form .act").click()

    expect(page.locator("#kiosk-problems li")).to_have_count(1)
    assert not ConsentRecord.objects.exists()


def test_without_script_the_page_says_where_the_form_is_and_a_typed_key_opens(
    browse: Browse, tablet: Tablet
) -> None:
    page = browse(javascript=False)
    page.goto(f"{tablet.path}open/")
    page.locator("#id_key").fill(tablet.key)
    page.locator("#open-form .act").click()

    expect(page.locator("noscript, main")).to_contain_text(["/c/aurora/novidades"])
