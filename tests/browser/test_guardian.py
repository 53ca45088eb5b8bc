"""The form on which an adult says yes for a child: at both widths, in three languages, with what is missing named."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from consent import dialogue, vault
from consent.capture.website import pressure
from consent.models import Act, CapturePoint
from tests.browser.conftest import DESK, Browse
from tests.capture.test_guardian import PATH, point

__all__ = ["point"]

SMALL = 320  # WCAG 2.2 SC 1.4.10
LANGUAGES = ["en", "es", "pt-BR"]

type Check = Callable[..., None]


@pytest.fixture(autouse=True)
def _calm(point: CapturePoint) -> None:
    pressure.forget()


@pytest.mark.parametrize("width", [SMALL, DESK])
def test_the_form_for_a_child_is_accessible_before_and_after_a_mistake(
    browse: Browse, assert_accessible: Check, width: int
) -> None:
    page = browse(width=width)
    for language in LANGUAGES:
        page.goto(f"{PATH}?lang={language}")
        expect(page.locator("fieldset").filter(has=page.locator('[name="relation"]'))).to_be_visible()
        looks_right(page, assert_accessible)
        page.locator("#id_phone").fill("(11) 98765-4321")
        page.locator("button.act").click()
        expect(page.locator('[name="born"]')).to_have_attribute("aria-invalid", "true")
        looks_right(page, assert_accessible)
    assert not Act.objects.exists()


def test_a_parent_says_yes_on_a_small_phone_without_javascript(browse: Browse) -> None:
    page = browse(width=SMALL, javascript=False)
    page.goto(f"{PATH}?lang=en")
    page.locator('[name="box.oficina.sms"]').check()
    page.locator('[name="relation"]').select_option("mother")
    page.locator('[name="born"]').fill("2015-06-14")
    page.locator("#id_phone").fill("(11) 98765-4321")
    page.locator("button.act").click()
    page.locator("#id_code").fill(dialogue.spaced(vault.code(Act.objects.get().pk)))
    page.locator("button.act").click()
    expect(page.locator("h1")).to_have_text("You said yes")
    expect(page.locator("body")).to_contain_text("mother")


def looks_right(page: Page, assert_accessible: Check) -> None:
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
