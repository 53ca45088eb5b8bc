"""Requests about data from both sides: a person asks and follows on a phone, staff answer at a desk."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from consent.sample import Sample
from tests import cast
from tests.browser.conftest import DESK, Browse
from tests.browser.test_admin import sign_in
from tests.preferences.conftest import own
from tests.staff import user

SMALL = 320  # WCAG 2.2 SC 1.4.10

type Check = Callable[[Page], None]


@pytest.fixture
def phone(browse: Browse) -> Page:
    return browse(width=SMALL)


@pytest.fixture
def desk(aurora: Sample, browse: Browse) -> Page:
    user("bruno", "Staff", "Opens personal data", "Erases people", company=aurora.company)
    page = browse(width=DESK)
    sign_in(page)
    return page


def picture(page: Page, name: str) -> None:
    """Kept for people to look at where OPTIN_PICTURES names a folder."""
    if folder := os.environ.get("OPTIN_PICTURES"):
        page.screenshot(path=Path(folder) / f"rights-{name}.png", full_page=True)


def ask(phone: Page, start: str, kind: str, **fields: str) -> None:
    """From the preference centre to the page of a new request."""
    phone.goto(f"{start}?lang=en")
    phone.get_by_role("link", name="Get, correct or erase").click()
    phone.get_by_label(kind).check()
    for name, text in fields.items():
        phone.locator(f"#id_{name}").fill(text)
    phone.locator("button.act").click()
    expect(phone.get_by_text("Café Aurora answers by")).to_be_visible()


def open_newest(desk: Page) -> None:
    desk.goto("/admin/consent/rightsrequest/")
    desk.locator("#result_list tbody th a, #result_list tbody td a").first.click()


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


def test_a_request_is_put_off_and_then_refused_and_the_person_reads_both_reasons(
    aurora: Sample, phone: Page, desk: Page, assert_accessible: Check
) -> None:
    ask(phone, own(cast.says(aurora).act), "With whom you share my data", text="All of them")

    open_newest(desk)
    desk.get_by_text("Put it off, or refuse it").click()
    assert_accessible(desk)
    picture(desk, "answering")
    desk.get_by_label("Why it takes longer").fill("Our archive is large.")
    desk.get_by_role("button", name="Put it off, once").click()
    expect(desk.get_by_text("Written down.")).to_be_visible()
    phone.reload()
    expect(phone.get_by_text("Our archive is large.")).to_be_visible()
    expect(phone.get_by_text("Takes longer", exact=False)).to_be_visible()

    desk.get_by_text("Put it off, or refuse it").click()
    expect(desk.get_by_role("button", name="Put it off, once")).to_have_count(0)
    desk.get_by_role("button", name="Refuse").click()
    expect(desk.get_by_role("alert")).to_contain_text("Give the reason")
    desk.get_by_text("Put it off, or refuse it").click()
    desk.get_by_label("Why it is refused").fill("LGPD art. 18: told last week.")
    desk.get_by_role("button", name="Refuse").click()
    phone.reload()
    expect(phone.get_by_text("Café Aurora refused it")).to_be_visible()
    expect(phone.get_by_text("told last week")).to_be_visible()
    assert_accessible(phone)
    assert_fits(phone)
    picture(phone, "refused")


def test_a_corrected_name_is_what_the_person_sees(
    aurora: Sample, phone: Page, desk: Page, assert_accessible: Check
) -> None:
    start = own(cast.says(aurora).act)
    ask(phone, start, "Correct my name", name="Ana Sousa")

    open_newest(desk)
    desk.get_by_role("button", name="Open what they wrote").click()
    name = desk.get_by_label("The name that counts from now on")
    expect(name).to_have_value("Ana Sousa")
    assert_accessible(desk)
    picture(desk, "correcting")
    name.fill("Ana Souza")
    desk.get_by_role("button", name="Done, as it says above").click()
    expect(desk.get_by_text("Written down.")).to_be_visible()

    phone.reload()
    expect(phone.get_by_text("We corrected your name.")).to_be_visible()
    phone.goto(f"{start}?lang=en")
    expect(phone.get_by_text("Your name: Ana Souza")).to_be_visible()
    assert_accessible(phone)
    assert_fits(phone)
    picture(phone, "name")


def test_a_person_is_erased_once_the_legal_hold_is_lifted(aurora: Sample, phone: Page, desk: Page) -> None:
    said = cast.says(aurora)
    held = f"/admin/consent/consentrecord/person/{said.subject}/legal-hold/"
    ask(phone, own(said.act), "Erase everything about me")
    desk.goto(held)
    desk.locator("[name=reason]").fill("Court 7")
    desk.locator("#content-main button[type=submit]").click()

    open_newest(desk)
    desk.get_by_role("button", name="Erase for good, and answer").click()
    expect(desk.get_by_role("alert")).to_contain_text("A legal hold forbids")
    phone.reload()
    expect(phone.get_by_text("Café Aurora answers by")).to_be_visible()
    expect(phone.get_by_text("Court 7")).to_have_count(0)
    assert cast.may(aurora).allow

    desk.goto(held)
    desk.locator("#content-main button[type=submit]").click()
    open_newest(desk)
    desk.get_by_role("button", name="Erase for good, and answer").click()
    expect(desk.get_by_text("Written down.")).to_be_visible()
    phone.reload()
    expect(phone.get_by_role("link", name="Certificate of erasure")).to_be_visible()
    picture(phone, "erased")
    assert not cast.may(aurora).allow
