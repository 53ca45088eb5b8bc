"""The page behind a link, and the one that waits for a call, as people meet them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from consent import catalogue, dialogue
from consent.capture.website import pressure
from consent.models import CapturePoint
from consent.recording import Recorded
from consent.sample import Sample
from consent.vocabulary import Confirmation
from tests import cast
from tests.browser.conftest import DESK, PHONE, Browse

type Check = Callable[[Page], None]


@pytest.fixture
def asked(aurora: Sample) -> Recorded:
    """Ana's number was typed, and the link went to it."""
    CapturePoint.objects.filter(pk=aurora.point.pk).update(confirmation=Confirmation.LINK)
    catalogue.forget()
    pressure.forget()
    return cast.sent(cast.asks(aurora))


def link(recorded: Recorded) -> str:
    request = dialogue.waiting_request(recorded.act)
    assert request is not None
    return dialogue.link(recorded.act, request.company)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_link_is_confirmed_without_javascript(
    aurora: Sample, asked: Recorded, browse: Browse, width: int
) -> None:
    page = browse(width=width, javascript=False)
    page.goto(link(asked))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="Sim, eu quero").click()

    expect(page.locator("h1")).to_have_text("Você disse sim")
    assert cast.may(aurora).reason == "given"


@pytest.mark.parametrize("language", ["en", "es", "pt-BR"])
def test_every_state_of_the_page_is_accessible(
    asked: Recorded, browse: Browse, assert_accessible: Check, language: str
) -> None:
    page = browse()
    address = link(asked)
    page.goto(f"{address}?lang={language}")
    page.locator("summary").click()
    assert_accessible(page)
    page.locator('button[value="yes"]').click()
    page.goto(f"{address}?lang={language}")
    expect(page.locator(".sign")).to_be_visible()
    assert_accessible(page)


def test_an_old_link_offers_to_ask_once_more(
    asked: Recorded, browse: Browse, assert_accessible: Check, settings: object
) -> None:
    address = link(asked)
    settings.OPTIN_ASK_TTL_HOURS = 0  # type: ignore[attr-defined]
    page = browse()
    page.goto(f"{address}?lang=en")
    assert_accessible(page)
    page.get_by_role("button", name="Ask me once more").click()
    expect(page.locator("h1")).to_have_text("Look at your phone")
    assert_accessible(page)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_page_that_waits_for_a_call_says_which_key_to_press(
    aurora: Sample, browse: Browse, assert_accessible: Check, width: int
) -> None:
    pressure.forget()
    page = browse(width=width)
    page.goto("/c/aurora/ligue-me/?lang=en")
    page.locator('[name="box.novidades.sms"]').check()
    page.locator("#id_phone").fill("(11) 98765-4321")
    page.locator("button.act").click()
    expect(page.locator("#by-call")).to_be_visible()
    expect(page.locator("#id_code")).to_have_count(0)
    assert_accessible(page)
