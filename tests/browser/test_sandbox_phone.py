"""The sandbox phone, driven: a form is filled in, its SMS comes, an answer goes in, and the receipt opens."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from consent import decision
from consent.sample import Sample
from tests.browser.conftest import DESK, PHONE, Browse
from tests.cast import ANA

FORM = "/c/aurora/novidades/"

pytestmark = pytest.mark.usefixtures("worker")


def decide(aurora: Sample) -> str:
    return decision.may_send(ANA, company=aurora.company.pk, channel="sms", purpose="novidades").reason.value


def fill_in(page: Page, language: str) -> None:
    page.goto(f"{FORM}?lang={language}")
    page.locator(".box label").first.click()
    page.locator("input[type=tel]").fill("11 98765-4321")
    page.locator("form button[type=submit]").last.click()


@pytest.mark.parametrize(
    ("language", "locale", "yes", "stop"),
    [("pt-BR", "pt-BR", "SIM", "SAIR"), ("es", "es", "ACEPTO", "SALIR"), ("en", "en", "JOIN", "STOP")],
)
def test_a_newcomer_answers_the_sms_opens_the_receipt_and_stops(
    aurora: Sample,
    browse: Browse,
    assert_accessible: Callable[[Page], None],
    language: str,
    locale: str,
    yes: str,
    stop: str,
) -> None:
    phone = browse(width=PHONE, locale=locale)
    phone.goto("/sandbox/")
    assert_accessible(phone)

    fill_in(browse(width=PHONE, locale=locale), language)

    # The page that was open all the time finds the phone and its message by itself.
    bubbles = phone.locator(".bubble")
    expect(bubbles).to_have_count(1)
    expect(bubbles.first).to_contain_text(yes)
    assert_accessible(phone)

    phone.get_by_role("button", name=yes, exact=True).click()
    expect(bubbles).to_have_count(3)
    assert decide(aurora) == "given"
    phone.locator("summary").last.click()
    expect(phone.locator("details[open]")).to_contain_text("X-Twilio-Signature")
    assert_accessible(phone)

    receipt = bubbles.last.get_by_role("link")
    assert "/r/" in (receipt.get_attribute("href") or "")
    receipt.click()
    expect(phone.locator("h1")).to_be_visible()
    phone.go_back()

    phone.get_by_role("button", name=stop, exact=True).click()
    expect(bubbles).to_have_count(5)
    assert decide(aurora) == "withdrawn"


def test_everything_works_without_javascript(aurora: Sample, browse: Browse) -> None:
    page = browse(width=PHONE, javascript=False)
    page.goto("/sandbox/")
    page.locator("#id_number").fill("+55 11 98765-4321")
    page.get_by_role("button", name="Make", exact=True).click()

    page.locator("#id_text").fill("Help")
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator(".bubble")).to_have_count(2)
    page.get_by_role("link", name="Look again").click()
    expect(page.locator(".bubble")).to_have_count(2)

    page.get_by_role("link", name="Calls", exact=True).click()
    page.get_by_role("button", name="Call Café Aurora").click()
    page.locator(".keypad").get_by_role("button", name="2", exact=True).click()
    expect(page.locator(".recent.completed")).to_be_visible()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("switch", name="The network is cut").click()
    expect(page.get_by_role("switch", name="The network is cut")).to_be_checked()
    page.get_by_role("link", name="WhatsApp", exact=True).click()
    page.locator("#id_text").fill("promo")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("The network of this phone is cut.")).to_be_visible()


@pytest.mark.parametrize(
    ("width", "locale", "scheme"), [(PHONE, "pt-BR", "light"), (DESK, "es", "dark"), (DESK, "en", "light")]
)
def test_every_screen_is_accessible_and_fits(
    aurora: Sample,
    browse: Browse,
    assert_accessible: Callable[[Page], None],
    width: int,
    locale: str,
    scheme: Any,
) -> None:
    page = browse(width=width, locale=locale)
    page.emulate_media(color_scheme=scheme)
    page.goto("/sandbox/")
    page.locator("#id_number").fill("+55 11 98765-4321")
    page.locator(".make button").click()
    for app in ("whatsapp", "settings", "voice"):
        page.locator(f".dock .{app}").click()
        expect(page.locator(f".phone.{app}")).to_be_visible()
        assert_accessible(page)
    page.locator(".ring").click()
    expect(page.locator(".heard .voice").last).to_be_visible()
    assert_accessible(page)
    page.locator(".end").click()
    for drawer in page.locator(".recent summary").all():
        drawer.click()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_phones_stand_side_by_side_and_each_is_a_person(
    aurora: Sample, browse: Browse, assert_accessible: Callable[[Page], None]
) -> None:
    page = browse(width=DESK)
    for number in ("+55 11 98765-4321", "+55 11 98765-4322"):
        page.goto("/sandbox/")
        page.locator("#id_number").fill(number)
        page.get_by_role("button", name="Make", exact=True).click()
    page.get_by_role("link", name="Show them side by side").click()

    ana = page.frame_locator("iframe[title*='4321']")
    ana.get_by_role("button", name="STOP", exact=True).click()

    expect(ana.locator(".bubble")).to_have_count(2)
    expect(page.frame_locator("iframe[title*='4322']").locator(".bubble")).to_have_count(0)
    assert_accessible(page)


@pytest.mark.parametrize("width", [320, PHONE, DESK])
def test_nothing_is_cut_off_and_the_newest_message_is_in_sight(
    aurora: Sample, browse: Browse, width: int
) -> None:
    page = browse(width=width)
    page.goto("/sandbox/")
    page.locator("#id_number").fill("+55 11 98765-4321")
    page.get_by_role("button", name="Make", exact=True).click()
    for _time in range(3):
        page.locator("#id_text").fill("Help " + "x" * 200)
        page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator(".bubble").last).to_be_in_viewport()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    small = page.evaluate(
        "[...document.querySelectorAll('.phone button, .phone input:not([type=hidden]), .phone summary')]"
        ".filter(e => e.getBoundingClientRect().height < 24).length"
    )
    assert small == 0


def test_what_did_not_get_through_is_told_and_sent_again(
    aurora: Sample, browse: Browse, assert_accessible: Callable[[Page], None], settings: Any, live_server: Any
) -> None:
    page = browse(width=DESK)
    page.goto("/sandbox/")
    page.locator("#id_number").fill("+55 11 98765-4321")
    page.get_by_role("button", name="Make", exact=True).click()
    settings.OPTIN_PUBLIC_URL = "http://127.0.0.1:9"
    page.locator("#id_text").fill("STOP")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not delivered")).to_be_visible()
    assert_accessible(page)

    settings.OPTIN_PUBLIC_URL = live_server.url
    page.get_by_role("button", name="Send it again").click()

    expect(page.get_by_text("Not delivered")).to_have_count(0)
    assert decide(aurora) == "withdrawn"


def test_the_phone_works_in_the_dark(
    aurora: Sample, browse: Browse, assert_accessible: Callable[[Page], None]
) -> None:
    page = browse(width=DESK)
    page.emulate_media(color_scheme="dark")
    page.goto("/sandbox/")
    page.locator("#id_number").fill("+55 11 98765-4321")
    page.get_by_role("button", name="Make", exact=True).click()
    page.get_by_role("button", name="STOP", exact=True).click()
    expect(page.locator(".bubble")).to_have_count(2)

    assert_accessible(page)
