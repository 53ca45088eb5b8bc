"""Saying yes and then stop in every conversation, on the sandbox phone, as a newcomer would.

Each yes ends with a receipt on the phone and a record whose evidence reads whole in the admin; each stop with a no
and its reason.
"""

import time
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from playwright.sync_api import Page, expect

from consent import decision, sample
from consent.models import ConsentRecord
from consent.sample import Sample
from consent.vocabulary import State
from tests.browser.conftest import DESK, PHONE, Browse
from tests.cast import ANA
from tests.staff import signed_in, user

pytestmark = pytest.mark.usefixtures("worker")

SOON = 20_000  # milliseconds: the worker looks five times a second, on a machine that may be busy

type Check = Callable[[Page], None]


@pytest.fixture
def bruno(aurora: Sample) -> Client:
    """Staff of the company, who may open evidence."""
    sample.approve(aurora)
    return signed_in(user("bruno", "Staff", "Opens personal data", company=aurora.company))


def phone_of_ana(page: Page) -> Page:
    page.goto("/sandbox/")
    page.locator("#id_number").fill("+55 11 98765-4321")
    page.get_by_role("button", name="Make", exact=True).click()
    return page


def app(page: Page, name: str) -> None:
    page.locator(".dock").get_by_role("link", name=name).click()
    expect(page.locator(f".phone.{name.lower() if name != 'Calls' else 'voice'}")).to_be_visible()


def write(page: Page, text: str) -> None:
    page.locator("#id_text").fill(text)
    page.keyboard.press("Enter")


def receipt(page: Page) -> None:
    """The last message is the receipt, and its address opens it."""
    link = page.locator(".bubble.received").last.locator("a[href*='/r/']")
    expect(link).to_be_visible(timeout=SOON)
    answer = page.request.get(link.get_attribute("href") or "")
    assert answer.ok
    assert "Café Aurora" in answer.text()


def reason(aurora: Sample, channel: str) -> str:
    return decision.may_send(
        ANA, company=aurora.company.pk, channel=channel, purpose="novidades"
    ).reason.value


def until(happened: Callable[[], bool]) -> None:
    """Wait for the worker: Meta's updates are acknowledged first, and understood after."""
    deadline = time.monotonic() + SOON / 1000
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def evidence(bruno: Client, channel: str) -> str:
    """What staff read when they open the evidence of Ana's yes."""
    record = ConsentRecord.objects.filter(state=State.GIVEN, channel=channel).latest("arrival")
    opened = bruno.post(reverse("admin:consent_consentrecord_open", args=[record.pk]))
    assert opened.status_code == 200
    return str(opened.content.decode())


def test_by_sms(aurora: Sample, browse: Browse, bruno: Client) -> None:
    page = phone_of_ana(browse(width=PHONE))
    write(page, "promo")
    expect(page.locator(".bubble.received")).to_have_count(1, timeout=SOON)
    asked = page.locator(".bubble.received .said p").inner_text()

    page.get_by_role("button", name="JOIN", exact=True).click()

    receipt(page)
    assert reason(aurora, "sms") == "given"
    read = evidence(bruno, "sms")
    for part in ("JOIN", ANA.value, *asked.split("\n\n")[:1]):
        assert escape(part.splitlines()[0]) in read
    page.get_by_role("button", name="STOP", exact=True).click()
    expect(page.locator(".bubble.received")).to_have_count(3, timeout=SOON)
    assert reason(aurora, "sms") == "withdrawn"


@pytest.mark.parametrize(("provider", "stop"), [("Meta", "button"), ("Twilio", "word")])
def test_on_whatsapp(
    aurora: Sample, browse: Browse, bruno: Client, assert_accessible: Check, provider: str, stop: str
) -> None:
    page = phone_of_ana(browse(width=DESK))
    app(page, "WhatsApp")
    page.locator(".partners").get_by_role("link", name=provider).click()
    expect(page.locator(".partner .from")).to_contain_text(provider)
    write(page, "promo")
    buttons = page.locator(".bubble.received .buttons button")
    expect(buttons).to_have_count(3, timeout=SOON)
    assert_accessible(page)
    yes = buttons.first.inner_text()

    buttons.first.click()

    receipt(page)
    assert reason(aurora, "whatsapp") == "given"
    read = evidence(bruno, "whatsapp")
    assert escape(yes) in read
    assert "Café Aurora" in read
    if stop == "button":
        buttons.nth(2).click()
    else:
        write(page, "não quero mais")
    expect(page.locator(".bubble.received")).to_have_count(3, timeout=SOON)
    assert reason(aurora, "whatsapp") == "withdrawn"


def test_offers_stopped_in_the_menu_of_the_chat_are_a_stop(
    aurora: Sample, browse: Browse, bruno: Client
) -> None:
    page = phone_of_ana(browse(width=DESK))
    app(page, "WhatsApp")
    write(page, "promo")
    page.locator(".buttons button").first.click(timeout=SOON)
    receipt(page)

    page.locator(".menu summary").click()
    page.get_by_role("button", name="Stop offers").click()

    expect(page.locator(".bubble.note")).to_contain_text("You stopped offers")
    until(lambda: reason(aurora, "whatsapp") == "withdrawn")


def test_on_a_call_of_the_person(
    aurora: Sample, browse: Browse, bruno: Client, assert_accessible: Check
) -> None:
    page = phone_of_ana(browse(width=DESK))
    app(page, "Calls")
    page.get_by_role("button", name="Call Café Aurora").click()
    expect(page.locator(".heard .voice").last).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("1")
    expect(page.locator(".heard .keys")).to_have_text("You pressed 1")
    assert reason(aurora, "sms") != "given"
    page.get_by_role("button", name="Let time pass").click()
    expect(page.locator(".recent.completed")).to_be_visible()
    app(page, "SMS")
    expect(page.locator(".bubble.received")).to_have_count(1, timeout=SOON)

    page.get_by_role("button", name="JOIN", exact=True).click()

    receipt(page)
    assert reason(aurora, "sms") == "given"
    read = evidence(bruno, "sms")
    for part in ("JOIN", ANA.value):
        assert part in read
    stops_by_key(page)
    assert reason(aurora, "sms") == "withdrawn"


def test_on_a_call_that_was_asked_for(
    aurora: Sample, browse: Browse, bruno: Client, assert_accessible: Check
) -> None:
    page = phone_of_ana(browse(width=DESK))
    form = browse(width=PHONE)
    form.goto("/c/aurora/ligue-me/?lang=en")
    form.locator(".box label").first.click()
    form.locator("input[type=tel]").fill(ANA.value)
    form.locator("form button[type=submit]").last.click()
    expect(page.get_by_text("Incoming call")).to_be_visible(timeout=SOON)
    assert_accessible(page)

    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".heard .voice").last).to_be_visible()
    page.locator(".keypad").get_by_role("button", name="1", exact=True).click()
    expect(page.locator(".heard .keys")).to_have_text("You pressed 1")
    page.get_by_role("button", name="Let time pass").click()
    expect(page.locator(".recent.completed")).to_be_visible()

    app(page, "SMS")
    receipt(page)
    assert reason(aurora, "sms") == "given"
    read = evidence(bruno, "sms")
    for part in ("Café Aurora", ANA.value, "spoken"):
        assert part in read
    stops_by_key(page)
    assert reason(aurora, "sms") == "withdrawn"


def stops_by_key(page: Page) -> None:
    """Call once more, and press 0."""
    app(page, "Calls")
    page.get_by_role("button", name="Call Café Aurora").click()
    expect(page.locator(".heard .voice").last).to_be_visible()
    page.keyboard.press("0")
    expect(page.locator(".call")).to_have_count(0)
