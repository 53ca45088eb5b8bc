"""The preference centre as people meet it: on a phone, without JavaScript, read aloud, in three languages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from consent import dialogue, receipts, vault
from consent.capture.website import pressure
from consent.models import Act, Visit
from consent.sample import Sample
from tests import cast
from tests.browser.conftest import DESK, PHONE, Browse
from tests.preferences.conftest import anybodys, own

SMALL = 320  # WCAG 2.2 SC 1.4.10
LANGUAGES = ["en", "es", "pt-BR"]

type Check = Callable[[Page], None]


class Thumb:
    """Counts what somebody has to touch and to fill in."""

    def __init__(self) -> None:
        self.taps = self.fields = 0

    def tap(self, where: Locator) -> None:
        self.taps += 1
        where.click()

    def fill(self, where: Locator, text: str) -> None:
        self.fields += 1
        where.fill(text)


def opt_in(page: Page) -> Thumb:
    """From the open form to the receipt."""
    pressure.forget()
    thumb = Thumb()
    page.goto("/c/aurora/novidades/?lang=en")
    thumb.tap(page.locator('[name="box.novidades.sms"]'))
    thumb.fill(page.locator("#id_phone"), "(11) 98765-4321")
    thumb.tap(page.locator("button.act"))
    code = dialogue.spaced(vault.code(Act.objects.earliest("recorded_at").pk))
    thumb.fill(page.locator("#id_code"), code)
    thumb.tap(page.locator("button.act"))
    expect(page.locator("h1")).to_have_text("You said yes")
    return thumb


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_the_way_out_is_shorter_than_the_way_in_and_so_is_the_way_back(
    aurora: Sample, browse: Browse, javascript: bool
) -> None:
    page = browse(javascript=javascript)
    way_in = opt_in(page)
    receipt = page.url

    one = Thumb()
    one.tap(page.get_by_role("link", name="Change or stop this"))
    one.tap(page.get_by_role("button", name="Stop: News and offers by SMS"))
    expect(page.get_by_role("status")).to_contain_text("it is stopped")
    assert cast.may(aurora).reason == "withdrawn"

    back = Thumb()
    back.tap(page.get_by_role("link", name="Turn on: News and offers by SMS"))
    back.tap(page.get_by_role("button", name="Yes, I want this"))
    expect(page.get_by_role("status")).to_contain_text("you said yes again")
    assert cast.may(aurora).allow

    page.goto(receipt)
    everything = Thumb()
    everything.tap(page.get_by_role("link", name="Change or stop this"))
    everything.tap(page.get_by_role("button", name="Stop everything from Café Aurora"))
    expect(page.get_by_role("status")).to_contain_text("it is stopped")
    assert cast.may(aurora).reason == "withdrawn"

    history = page.locator(".history li .label")
    expect(history).to_have_text(
        [
            "You stopped it: Everything, on every channel",
            "You said yes: News and offers by SMS",
            "You stopped it: News and offers by SMS",
            "You said yes: News and offers by SMS",
            "You were asked, and had not answered yet: News and offers by SMS",
        ]
    )
    for way in (one, back, everything):
        assert way.taps < way_in.taps
        assert way.fields == 0 < way_in.fields


@pytest.mark.parametrize("width", [SMALL, DESK])
def test_stopping_everything_is_the_largest_button(aurora: Sample, browse: Browse, width: int) -> None:
    cast.says(aurora, channel="whatsapp")
    act = cast.says(aurora).act
    cast.stops(aurora, channel="whatsapp")
    page = browse(width=width, javascript=False)
    page.goto(own(act))
    buttons = page.locator("main button, main a.switch, main a.act").all()
    areas = [box["width"] * box["height"] for box in map(Locator.bounding_box, buttons) if box]

    largest = max(areas)
    assert len(areas) == 3, "stop one, turn one on, stop everything"
    assert areas.count(largest) == 1
    expect(buttons[areas.index(largest)]).to_have_attribute("name", "all")
    assert page.locator("main [required]").count() == 0, "nothing has to be filled in to stop"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_accessible_and_fits(
    aurora: Sample, browse: Browse, assert_accessible: Check, language: str
) -> None:
    cast.says(aurora, channel="whatsapp")
    said = cast.says(aurora)
    cast.stops(aurora, channel="whatsapp")
    stop = receipts.stop_address(said.subject)
    page = browse(width=SMALL)
    for address in (own(said.act), anybodys(said.act), f"{own(said.act)}back/aurora/novidades.sms/", stop):
        page.goto(f"{address}?lang={language}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    page.locator("button.act").click()
    expect(page.locator(".sign")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_way_by_number_is_accessible_and_fits(
    aurora: Sample, browse: Browse, assert_accessible: Check, language: str
) -> None:
    cast.says(aurora)
    page = browse(width=SMALL)

    def look() -> None:
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url

    page.goto(f"/preferences/?lang={language}")
    look()
    page.locator("#id_phone").fill("12")
    page.locator('button[value="code"]').click()
    expect(page.locator("#problems")).to_be_visible()
    look()
    page.locator("#id_phone").fill("(11) 98765-4321")
    page.locator('button[value="code"]').click()
    expect(page.locator("#id_code")).to_be_visible()
    look()
    page.locator("#id_code").fill(vault.code(Visit.objects.get().pk))
    page.locator("button.act").first.click()
    expect(page.locator(".switches")).to_be_visible()
    look()
    page.goto(f"/preferences/?lang={language}")
    page.locator("#id_phone").fill("(11) 98765-4321")
    page.locator('button[value="stop"]').click()
    expect(page.locator(".sign")).to_be_visible()
    look()


def test_asking_about_data_is_accessible_and_fits(
    aurora: Sample, browse: Browse, assert_accessible: Check
) -> None:
    said = cast.says(aurora)
    page = browse(width=SMALL)
    page.goto(f"{own(said.act)}?lang=es")
    page.locator("a[href*='/rights/']").click()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    page.locator("button.act").click()
    expect(page.locator("a[download]")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


def test_what_is_read_aloud_tells_each_switch_from_the_others(aurora: Sample, browse: Browse) -> None:
    cast.says(aurora, channel="whatsapp")
    said = cast.says(aurora)
    cast.stops(aurora, channel="whatsapp")
    page = browse(javascript=False)
    page.goto(f"{own(said.act)}?lang=en")

    tree = page.locator("main").aria_snapshot()
    for part in (
        'heading "Your choices" [level=1]',
        'button "Stop: News and offers by SMS"',
        'link "Turn on: News and offers by WhatsApp"',
        'button "Stop everything from Café Aurora"',
        'heading "Everything you said, newest first" [level=2]',
    ):
        assert part in tree, tree


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_printed_it_is_a_list_without_buttons(aurora: Sample, browse: Browse, width: int) -> None:
    said = cast.says(aurora)
    page = browse(width=width)
    page.goto(f"{own(said.act)}?lang=en")
    page.emulate_media(media="print")

    expect(page.locator(".everything")).to_be_hidden()
    expect(page.locator(".switches button")).to_be_hidden()
    expect(page.locator(".switches .label")).to_have_text("News and offers by SMS")
