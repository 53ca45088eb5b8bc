"""The company's app in the sandbox: it shows, asks, hands in, shows the receipt, and lets go, by the API alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from consent import catalogue, opening
from consent.decision import WORDS, Reason
from consent.models import CapturePoint, ConsentRecord
from consent.sample import Sample
from tests.browser.conftest import DESK, PHONE, Browse
from tests.capture.test_guardian import point

__all__ = ["point"]

SMALL = 320  # WCAG 2.2 SC 1.4.10
GUARDIANS = {"en": "mother", "es": "madre", "pt-BR": "mãe"}
APP = "/sandbox/app/"
LOSES_AN_ANSWER = """() => {
  const real = window.fetch;
  window.fetch = async (...asked) => { await real(...asked); window.fetch = real; throw new TypeError("cut"); };
}"""


@pytest.mark.parametrize(
    ("locale", "width", "save", "again", "back"),
    [
        ("en", DESK, "Save my choice", "Ask again", "Take everything back"),
        ("es", PHONE, "Guardar mi elección", "Preguntar de nuevo", "Retirar todo"),
        ("pt-BR", PHONE, "Salvar minha escolha", "Perguntar de novo", "Retirar tudo"),
    ],
)
def test_an_app_asks_hands_in_and_lets_go(
    browse: Browse, aurora: Sample, assert_accessible: Callable[[Page], None], locale: str, width: int,
    save: str, again: str, back: str,
) -> None:  # fmt: skip
    aurora.point.trusts_app = True
    aurora.point.save()
    catalogue.forget()
    page = browse(width=width, locale=locale)
    page.goto(APP)
    expect(page.locator("[data-boxes] input")).to_have_count(3)
    assert page.locator("[data-boxes] input:checked").count() == 0
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    problem = page.locator("[data-problem]")

    page.get_by_role("button", name=save).click()
    expect(problem).not_to_be_empty()
    assert not ConsentRecord.objects.exists()

    page.locator("[data-boxes] input").first.check()
    page.locator("[name=contact]").fill("+5511987654321")
    page.locator("[name=verified]").check()
    page.get_by_role("button", name=save).click()
    verdicts = page.locator("[data-decisions] li")
    expect(verdicts).to_have_count(3)
    expect(verdicts.nth(0)).to_have_class("allowed")
    expect(verdicts.nth(1)).to_have_class("denied")
    expect(problem).to_be_empty()
    assert_accessible(page)
    with page.expect_popup() as opened:
        page.locator("[data-receipt]").click()
    expect(opened.value).to_have_url(re.compile("/r/"))

    page.get_by_role("button", name=back).click()
    expect(verdicts.nth(0)).to_have_class("denied")
    page.get_by_role("button", name=again).click()
    expect(page.locator("[data-wires] li").first).to_contain_text(WORDS[Reason.WITHDRAWN])
    assert ConsentRecord.objects.filter(state="withdrawn").count() == 3


def test_a_yes_that_waits_leads_to_the_phone(browse: Browse, aurora: Sample) -> None:
    page = browse()
    page.goto(APP)
    page.locator("[data-boxes] input").first.check()
    page.get_by_role("button", name="Save my choice").click()
    expect(page.locator("[data-decisions] li").first).to_contain_text(WORDS[Reason.REQUESTED])
    page.get_by_role("link", name="To the phone").click()
    expect(page).to_have_url(re.compile("/sandbox/"))


def test_an_answer_that_is_lost_is_asked_for_again_and_nothing_is_kept_twice(
    browse: Browse, aurora: Sample
) -> None:
    page = browse(width=PHONE)
    page.goto(APP)
    page.locator("[data-boxes] input").first.check()
    page.locator("[name=verified]").check()
    save, problem = page.get_by_role("button", name="Save my choice"), page.locator("[data-problem]")
    page.evaluate(LOSES_AN_ANSWER)
    save.click()
    expect(problem).to_contain_text("cannot be reached")
    save.click()
    expect(page.locator("[data-decisions] li")).to_have_count(3)
    expect(problem).to_be_empty()
    assert ConsentRecord.objects.count() == 1


@pytest.mark.parametrize("trouble", ["a page for people", "no answer for long"])
def test_what_is_no_answer_is_said_in_words_and_sent_again_as_the_same_write(
    browse: Browse, aurora: Sample, trouble: str
) -> None:
    page = browse(width=PHONE, locale="pt-BR")
    keys: list[str] = []

    def answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            route.continue_()
        elif trouble == "a page for people":
            route.fulfill(status=200, content_type="text/html", body="<h1>Sign in to the Wi-Fi</h1>")
        # else the request hangs

    page.route("**/api/v1/consents", answer)
    page.goto(APP)
    page.locator("[data-boxes] input").first.check()
    page.locator("[data-app]").evaluate("one => { one.dataset.patience = 500 }")
    save, problem = page.get_by_role("button", name="Salvar minha escolha"), page.locator("[data-problem]")
    save.click()
    expect(problem).to_contain_text("Tente de novo")
    save.click()

    expect(page.locator("[data-decisions] li")).to_have_count(3)
    assert len(set(keys)) == 1
    assert ConsentRecord.objects.count() == 1


def test_a_number_without_its_country_is_asked_for_again_before_anything_is_kept(
    browse: Browse, aurora: Sample
) -> None:
    """The company's country is added where people are asked, and not where programs ask."""
    page = browse(width=PHONE)
    page.goto(APP)
    page.locator("[data-boxes] input").first.check()
    number = page.locator("[name=contact]")
    number.fill("11 98765-4321")
    page.get_by_role("button", name="Save my choice").click()
    expect(page.locator("[data-problem]")).to_contain_text("country code first")
    expect(number).to_be_focused()
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize(
    ("locale", "width", "save", "of_age"),
    [
        ("en", DESK, "Save my choice", "Whoever was born on this day is 18"),
        ("es", SMALL, "Guardar mi elección", "Quien nació ese día tiene 18 años"),
        ("pt-BR", PHONE, "Salvar minha escolha", "Quem nasceu nesse dia tem 18 anos"),
    ],
)
def test_an_app_asks_for_a_guardian_in_the_words_it_was_given(
    browse: Browse, point: CapturePoint, assert_accessible: Callable[[Page], None], locale: str, width: int,
    save: str, of_age: str,
) -> None:  # fmt: skip
    page = browse(width=width, locale=locale)
    page.goto(APP)
    expect(page.locator("[data-child]")).to_be_hidden()
    page.get_by_role("link", name=point.title.in_language(locale)).click()
    relation, born, problem = (
        page.locator(one) for one in ("[name=relation]", "[name=born]", "[data-problem]")
    )
    expect(relation.locator("option")).to_have_count(5)
    assert_accessible(page)

    page.locator("[data-boxes] input").check()
    for field in (relation, born):
        page.get_by_role("button", name=save).click()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_be_focused()
        relation.select_option("mother")
    born.fill("1980-01-01")
    page.get_by_role("button", name=save).click()
    expect(problem).to_contain_text(of_age)
    expect(problem).to_be_in_viewport()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not ConsentRecord.objects.exists()

    born.fill("2015-06-14")
    page.get_by_role("button", name=save).click()
    expect(page.locator("[data-decisions] li")).to_have_class("denied")
    assert opening.evidence_of(ConsentRecord.objects.get().act_id)["guardians"] == [
        {"relation": "mother", "child_of_age": "2033-06-14"}
    ]
    with page.expect_popup() as opened:
        page.locator("[data-receipt]").click()
    expect(opened.value.locator("main")).to_contain_text(GUARDIANS[locale])


def test_the_language_of_the_app_changes_more_than_once(browse: Browse, aurora: Sample) -> None:
    page = browse()
    page.goto(APP)
    for name, language in (("Español", "es"), ("Português", "pt-br"), ("English", "en")):
        page.get_by_role("link", name=name).click()
        expect(page.locator("html")).to_have_attribute("lang", language)


def test_without_javascript_it_says_so(browse: Browse, aurora: Sample) -> None:
    page = browse(javascript=False)
    page.goto(APP)
    expect(page.get_by_text("turn JavaScript on")).to_be_visible()
    expect(page.locator("[data-step=ask]")).to_be_hidden()
