"""The form as people meet it: on a cheap phone, on a desk, in three languages, without JavaScript."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from consent import dialogue, opening, vault
from consent.capture.website import pressure
from consent.contact import Contact
from consent.models import Act, CapturePoint, ConsentRecord, OutboundMessage
from consent.sample import Sample
from tests.browser.conftest import DESK, PHONE, Browse

FORM = "/c/aurora/novidades/"
LANGUAGES = ["en", "es", "pt-BR"]
ANAS_NUMBER = Contact.tel("+5511987654321")

type Check = Callable[[Page], None]


@pytest.fixture(autouse=True)
def _sample(aurora: Sample) -> None:
    pressure.forget()


def fill_in(page: Page, *, phone: str = "(11) 98765-4321", language: str = "en") -> None:
    page.goto(f"{FORM}?lang={language}")
    page.locator('[name="box.novidades.sms"]').check()
    page.locator("#id_phone").fill(phone)


def send(page: Page) -> None:
    page.locator("button.act").click()


def arrive(page: Page) -> None:
    """To the page that waits for the proof."""
    fill_in(page)
    send(page)
    expect(page.locator("#id_code")).to_be_visible()


def type_code(page: Page) -> None:
    page.locator("#id_code").fill(dialogue.spaced(vault.code(Act.objects.earliest("recorded_at").pk)))
    send(page)


def say(sample: Sample, words: str) -> None:
    """Ana answers on her phone."""
    OutboundMessage.objects.update(state="sent", sent_at=datetime.now(UTC))
    dialogue.answer(
        sender=sample.sender, contact=ANAS_NUMBER, text=words,
        method="sms", reference=words, evidence={},
    )  # fmt: skip


def assert_fits(page: Page) -> None:
    """Nothing sticks out sideways (WCAG 2.2 SC 1.4.10)."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


# --- The road from the form to the receipt ---


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_person_signs_up_and_holds_a_receipt(browse: Browse, width: int, javascript: bool) -> None:
    page = browse(width=width, javascript=javascript)

    arrive(page)
    expect(page.locator(".number").first).to_have_text("+55 ·· ····· ··21")
    type_code(page)

    expect(page.locator("h1")).to_have_text("You said yes")
    expect(page.locator(".lines")).to_contain_text("News and offers")
    assert ConsentRecord.objects.get(state="given").possession == "code"
    assert page.context.cookies() == []


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_a_mistake_is_explained_where_it_was_made_and_nothing_typed_is_lost(
    browse: Browse, javascript: bool
) -> None:
    page = browse(javascript=javascript)
    page.goto(f"{FORM}?lang=en")
    page.locator("#id_phone").fill("119876")
    send(page)

    expect(page.locator("#problems li")).to_have_count(2)
    expect(page.locator("#problems")).to_be_focused()
    expect(page.locator("#id_phone")).to_have_value("119876")
    expect(page.locator("#id_phone")).to_have_attribute("aria-invalid", "true")

    page.locator('[name="box.pedidos.sms"]').check()
    page.locator("#id_phone").fill("11 98765 4321")
    send(page)
    expect(page.locator("#id_code")).to_be_visible()


def test_an_answer_by_sms_moves_the_page_on_by_itself(strict_page: Page, aurora: Sample) -> None:
    arrive(strict_page)

    say(aurora, "SIM")

    expect(strict_page.locator("h1")).to_have_text("You said yes")


def test_without_script_a_link_asks_whether_the_answer_has_come(browse: Browse, aurora: Sample) -> None:
    page = browse(javascript=False)
    arrive(page)
    page.locator(".again").click()
    expect(page.locator("#id_code")).to_be_visible()

    say(aurora, "SIM")
    page.locator(".again").click()

    expect(page.locator("h1")).to_have_text("You said yes")


def test_a_double_click_is_one_act(strict_page: Page) -> None:
    fill_in(strict_page)
    strict_page.locator("button.act").dblclick()

    expect(strict_page.locator("#id_code")).to_be_visible()
    assert Act.objects.count() == 1


def test_going_back_and_sending_again_is_the_same_act(strict_page: Page) -> None:
    arrive(strict_page)
    first = strict_page.url
    strict_page.go_back()
    expect(strict_page.locator("#id_phone")).to_have_value("(11) 98765-4321")
    send(strict_page)
    expect(strict_page.locator("#id_code")).to_be_visible()

    assert strict_page.url == first
    assert Act.objects.count() == 1


def test_a_keyboard_is_enough(strict_page: Page) -> None:
    strict_page.goto(f"{FORM}?lang=en")
    keyboard = strict_page.keyboard
    keyboard.press("Tab")
    expect(strict_page.locator(".skip")).to_be_focused()
    keyboard.press("Enter")
    for _ in range(20):
        keyboard.press("Tab")
        if strict_page.evaluate("document.activeElement.name") == "box.novidades.sms":
            break
    keyboard.press("Space")
    for _ in range(3):
        keyboard.press("Tab")
    keyboard.type("11 98765 4321")
    keyboard.press("Enter")

    expect(strict_page.locator("#id_code")).to_be_visible()


def test_the_language_can_be_changed_without_script(browse: Browse) -> None:
    page = browse(javascript=False, locale="pt-BR")
    page.goto(FORM)
    expect(page.locator("html")).to_have_attribute("lang", "pt-br")

    page.get_by_role("link", name="Español").click()

    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator(".statement")).to_contain_text("quiere comunicarse con usted por")
    assert page.context.cookies() == []


# --- Many at once ---


def test_under_pressure_the_browser_works_for_a_moment(strict_page: Page, settings: Any) -> None:
    settings.OPTIN_CHALLENGE_AFTER = 1
    for _ in range(3):
        pressure.note(point=0, network="127.0.0.1", now=datetime.now(UTC))
    fill_in(strict_page)
    expect(strict_page.locator("altcha-widget input[type=checkbox]")).to_be_checked()

    send(strict_page)

    expect(strict_page.locator("#id_code")).to_be_visible()


# --- Inside somebody else's page ---


@pytest.fixture
def shop(live_server: Any) -> Iterator[str]:
    """The address of a page of another website, with the form in it."""
    line = f'<script src="{live_server.url}/embed.js" data-point="aurora/novidades" data-lang="en" async></script>'

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<!doctype html><title>Shop</title><h1>Shop</h1>{line}<p>After</p>".encode()
            self.send_response(200 if self.path == "/cart" else 204)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            if self.path == "/cart":
                self.wfile.write(body)

        def log_message(self, *_what: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/cart"
        server.shutdown()
        thread.join()


def test_one_line_puts_the_form_into_another_website(strict_page: Page, shop: str) -> None:
    strict_page.goto(shop)
    frame = strict_page.frame_locator("iframe")
    expect(frame.locator("h1")).to_have_text("News from Café Aurora")
    inner = frame.locator("html").evaluate("element => element.scrollHeight")
    expect(strict_page.locator("iframe")).to_have_css("height", f"{inner}px")

    frame.locator('[name="box.novidades.sms"]').check()
    frame.locator("#id_phone").fill("11 98765-4321")
    frame.locator("button.act").click()
    expect(frame.locator("#id_code")).to_be_visible()
    frame.locator("#id_code").fill(vault.code(Act.objects.earliest("recorded_at").pk))
    frame.locator("button.act").click()
    expect(frame.locator("h1")).to_have_text("Thank you, it is recorded")

    with strict_page.context.expect_page() as opened:
        frame.get_by_role("link", name="Open your receipt").click()
    expect(opened.value.locator("h1")).to_have_text("You said yes")
    assert strict_page.context.cookies() == []
    evidence = opening.evidence_of(Act.objects.earliest("recorded_at").pk)
    assert evidence["embedded_in"] == shop.removesuffix("/cart")


def test_the_frame_listens_to_nobody_else(strict_page: Page, shop: str) -> None:
    strict_page.goto(shop)
    frame = strict_page.frame_locator("iframe")
    expect(frame.locator("h1")).to_be_visible()

    strict_page.evaluate("window.postMessage({optinHeight: 9999}, '*')")
    strict_page.wait_for_timeout(300)

    box = strict_page.locator("iframe").bounding_box()
    assert box
    assert box["height"] < 9999


# --- Everybody can use it ---


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_every_page_is_accessible_in_every_language(
    browse: Browse, assert_accessible: Check, width: int, language: str
) -> None:
    page = browse(width=width, locale=language)

    def look() -> None:
        assert_fits(page)
        assert_accessible(page)

    for path in ("/", f"{FORM}?lang={language}", f"{FORM}?lang={language}&embed=1", "/nada/"):
        page.goto(path)
        look()
    page.goto(f"{FORM}?lang={language}")
    send(page)
    expect(page.locator("#problems")).to_be_visible()
    look()
    fill_in(page, language=language)
    send(page)
    expect(page.locator("#id_code")).to_be_visible()
    page.locator("summary").click()
    look()
    page.locator("#id_code").fill("12")
    send(page)
    expect(page.locator("#problems")).to_be_visible()
    look()
    type_code(page)
    expect(page.locator(".receipt")).to_be_visible()
    look()
    CapturePoint.objects.update(is_open=False)
    page.goto(f"{FORM}?lang={language}")
    look()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("color", ["#ffe600", "#101010"])
def test_every_colour_can_be_read_by_day_and_by_night(
    browse: Browse, assert_accessible: Check, aurora: Sample, color: str, scheme: Any
) -> None:
    aurora.company.color = color
    aurora.company.save()
    page = browse()
    page.emulate_media(color_scheme=scheme)

    fill_in(page)
    assert_accessible(page)
    send(page)
    expect(page.locator("#id_code")).to_be_visible()
    assert_accessible(page)


def test_the_form_under_pressure_is_accessible(
    strict_page: Page, assert_accessible: Check, settings: Any
) -> None:
    settings.OPTIN_CHALLENGE_AFTER = 1
    for _ in range(3):
        pressure.note(point=0, network="127.0.0.1", now=datetime.now(UTC))
    strict_page.goto(f"{FORM}?lang=en")
    expect(strict_page.locator("altcha-widget input[type=checkbox]")).to_be_checked()

    assert_accessible(strict_page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_sticks_out_on_the_smallest_phones(browse: Browse, language: str) -> None:
    page = browse(width=320)

    page.goto("/?lang=" + language)
    assert_fits(page)
    fill_in(page, language=language)
    assert_fits(page)
    send(page)
    expect(page.locator("#id_code")).to_be_visible()
    assert_fits(page)
    type_code(page)
    expect(page.locator(".receipt")).to_be_visible()
    assert_fits(page)


def test_what_is_touched_is_as_big_as_a_finger(strict_page: Page) -> None:
    strict_page.goto(f"{FORM}?lang=en")

    for selector in (".box", ".act", ".languages a", "#id_phone"):
        for target in strict_page.locator(selector).all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 44, selector
            assert box["width"] >= 44, selector
