"""The staff pages in a real browser: at both widths, in three languages, under the strict policy."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from consent import sample, starter
from consent.admin.checked import field_name
from consent.admin.records import RecordAdmin
from consent.audits import drawing
from consent.log import tree
from consent.models import AuditItem, ConsentRecord, DecisionCount, Hold, NoticeVersion, Opening
from tests import cast
from tests.browser.conftest import DESK, PHONE, Browse
from tests.staff import PASSWORD, Firm, firm, user

type Check = Callable[..., None]


@pytest.fixture
def cafe(aurora: Any) -> Firm:
    made = firm(sample.seed())
    tree.sequence()
    user("bruno", "Staff", "Opens personal data", company=made.company, first_name="Bruno")
    return made


def sign_in(page: Page, name: str = "bruno") -> None:
    page.goto("/admin/login/")
    page.locator("#id_username").fill(name)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#login-form [type=submit]").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    page.wait_for_load_state()  # an address comes before its scripts


def main_pages(cafe: Firm) -> list[str]:
    record = ConsentRecord.objects.get(uid=cafe.said.records[0]).pk
    point, company = cafe.aurora.point, cafe.company
    today = timezone.localdate()
    for reason in ("given", "no_record"):
        DecisionCount.objects.create(company=company, day=today, channel="sms", reason=reason, times=3)
    drawn = drawing.draw(
        company, first_day=today - timedelta(days=2), last_day=today + timedelta(days=1), asked=1, seed="x",
        user=User.objects.get(username="bruno").pk, at=timezone.now(),
    )  # fmt: skip
    item = AuditItem.objects.get(sample=drawn)
    return [
        "consent/auditsample/", f"consent/auditsample/{drawn.pk}/change/",
        f"consent/auditsample/item/{item.pk}/",
        "", "password_change/", f"consent/company/{company.pk}/change/", "consent/capturepoint/",
        f"consent/capturepoint/{point.pk}/change/", "consent/capturepoint/add/", "consent/sender/add/",
        f"consent/purpose/{cafe.aurora.purposes['novidades'].pk}/change/",
        f"consent/notice/{point.notice_id}/change/", f"consent/noticeversion/{cafe.draft.pk}/change/",
        f"consent/noticeversion/{cafe.aurora.version.pk}/change/", f"consent/noticeversion/{cafe.draft.pk}/preview/",
        f"consent/noticeversion/{cafe.draft.pk}/publish/", f"consent/noticeversion/{cafe.draft.pk}/delete/",
        "consent/consentrecord/", f"consent/consentrecord/{record}/change/", "consent/consentrecord/find/",
        f"consent/consentrecord/person/{cafe.said.subject}/", "consent/outboundmessage/",
        f"consent/outboundmessage/{cafe.message.pk}/change/", "consent/outboundmessage/errors/",
        f"consent/outboundmessage/stop/company/{company.pk}/", "consent/inboundmessage/", "consent/hold/",
        f"consent/inboundmessage/{cafe.inbound.pk}/change/",
        "consent/hold/next/", "consent/opening/", "consent/decisioncount/",
        "consent/consentrecord/export/", "consent/import/", "consent/exportschedule/", "consent/exportschedule/add/",
        "consent/subscription/", "consent/subscription/add/",
        "consent/logentry/0/change/", "consent/checkpoint/", "consent/apikey/",
        f"consent/apikey/{cafe.key.pk}/change/", f"consent/company/{company.pk}/history/",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize(("width", "locale"), [(PHONE, "es"), (PHONE, "pt-BR"), (DESK, "en")])
def test_every_page_is_accessible_and_fits_its_screen(
    browse: Browse, cafe: Firm, assert_accessible: Check, width: int, locale: str
) -> None:
    page = browse(width=width, locale=locale)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto("/admin/login/")
    assert_accessible(page)
    sign_in(page)
    for path in main_pages(cafe):
        page.goto(f"/admin/{path}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        # In the dark a page has the same parts, of other colours.
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        assert_accessible(page, rules=["color-contrast", "link-in-text-block"])
        page.emulate_media(color_scheme="light", reduced_motion="reduce")


def test_superusers_pages_are_accessible(browse: Browse, cafe: Firm, assert_accessible: Check) -> None:
    root = user("ana", is_superuser=True)
    page = browse(width=DESK)
    sign_in(page, "ana")
    for path in ("", "auth/user/", f"auth/user/{root.pk}/change/", "auth/user/add/", "auth/group/1/change/",
                 "axes/accessattempt/", "consent/company/add/"):  # fmt: skip
        page.goto(f"/admin/{path}")
        assert_accessible(page)


def test_evidence_is_opened_with_one_button(browse: Browse, cafe: Firm, assert_accessible: Check) -> None:
    page = browse()
    sign_in(page)
    record = ConsentRecord.objects.get(uid=cafe.said.records[0])
    page.goto(f"/admin/consent/consentrecord/{record.pk}/change/")
    expect(page.get_by_text(cast.ANA.masked)).to_be_visible()
    expect(page.get_by_text("Shown to Ana.")).to_have_count(0)
    page.get_by_role("button", name="Open the evidence").click()
    expect(page.get_by_text("Shown to Ana.")).to_be_visible()
    assert_accessible(page)
    assert Opening.objects.get().subject == cafe.said.subject


def press(page: Page, key: str) -> None:
    """Press a key once the page listens for it: the switch for keys is shown by the same script."""
    expect(page.get_by_label("Answer with single keys")).to_be_visible()
    page.keyboard.press(key)


def test_messages_are_judged_with_single_keys_that_can_be_turned_off(
    browse: Browse, cafe: Firm, assert_accessible: Check
) -> None:
    cast.writes(cafe.aurora, "vocês podem parar com isso?")
    cast.says(cafe.aurora, cast.BRUNO)
    cast.writes(cafe.aurora, "isso é spam!!!", cast.BRUNO)
    page = browse()
    sign_in(page)
    page.get_by_role("link", name="2 messages may be stops.").click()
    press(page, "o")
    expect(page.get_by_text("vocês podem parar com isso?")).to_be_visible()
    assert_accessible(page)
    press(page, "n")
    expect(page.get_by_text("isso é spam!!!")).to_be_visible()
    press(page, "u")
    expect(page.get_by_text("vocês podem parar com isso?")).to_be_visible()
    page.get_by_label("Answer with single keys").uncheck()
    press(page, "s")
    page.get_by_role("button", name="Later").click()
    expect(page.get_by_text("isso é spam!!!")).to_be_visible()
    page.get_by_label("Answer with single keys").check()
    press(page, "s")
    expect(page.get_by_text("Written down: it was a stop.")).to_be_visible()
    assert sorted(Hold.objects.values_list("ending", flat=True)) == ["", "stop"]


def test_messages_are_judged_without_javascript(browse: Browse, cafe: Firm) -> None:
    cast.writes(cafe.aurora, "vocês podem parar com isso?")
    page = browse(javascript=False)
    sign_in(page)
    page.goto("/admin/consent/hold/next/")
    page.get_by_role("button", name="Open the message").click()
    page.get_by_role("button", name="It is a stop").click()
    expect(page.get_by_text("Nothing waits to be judged.")).to_be_visible()
    assert Hold.objects.get().ending == "stop"


def test_a_notice_is_written_checked_and_published(browse: Browse, cafe: Firm) -> None:
    page = browse(width=DESK)
    sign_in(page)
    page.goto(f"/admin/consent/noticeversion/{cafe.draft.pk}/change/")
    expect(page.locator("#check-status")).to_contain_text("things keep this version from being published.")
    page.locator("fieldset details").evaluate_all("parts => parts.forEach(part => { part.open = true; })")
    for language, kinds in starter.wordings(sms_to_us=True).items():
        for kind, text in kinds.items():
            page.locator(f"#id_{field_name(kind, language)}").fill(f"{text} Fresh words.")
    # Nothing is pressed: the rules and the preview follow what is typed.
    expect(page.locator("#check-status")).to_have_text("Every rule is green. This version can be published.")
    expect(page.locator("#checked").get_by_text("Fresh words.")).to_have_count(18)
    page.locator("#id_paper_es").fill("Firme.")
    page.get_by_role("button", name="Check and preview").click()
    page.locator("#checked").get_by_role("link", name="Español, on paper").first.click()
    expect(page.locator("#id_paper_es")).to_be_in_viewport()
    page.locator("#id_paper_es").fill(starter.wordings(sms_to_us=True)["es"]["paper"])
    page.get_by_role("button", name="Save and publish…").click()
    expect(page.get_by_text("Version 1.0 retires.")).to_be_visible()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("From now on people see version 2.0.")).to_be_visible()
    assert NoticeVersion.objects.get(pk=cafe.draft.pk).state == "published"


def test_writing_a_notice_is_accessible_in_three_languages(
    browse: Browse, cafe: Firm, assert_accessible: Check
) -> None:
    page = browse()
    sign_in(page)
    for name, verdict in (("English", "keep"), ("Español", "impiden"), ("Português", "impedem")):
        page.goto(f"/admin/consent/noticeversion/{cafe.draft.pk}/change/")
        page.get_by_role("button", name=name).click()
        expect(page.locator("#check-status")).to_contain_text(verdict)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_a_notice_is_checked_without_javascript(browse: Browse, cafe: Firm) -> None:
    page = browse(javascript=False)
    sign_in(page)
    page.goto(f"/admin/consent/noticeversion/{cafe.draft.pk}/change/")
    page.locator("#id_screen_en").fill("We are {company}. Fresh words.")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Check and preview").click()
    expect(opened.value.get_by_text("We are Café Aurora. Fresh words.").first).to_be_visible()
    expect(opened.value.get_by_text("Say whether the number is passed on").first).to_be_visible()


def test_a_slash_leads_to_finding_a_person(browse: Browse, cafe: Firm) -> None:
    page = browse(width=DESK)
    sign_in(page)
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile("/find/$"))
    page.wait_for_load_state()
    page.keyboard.type(cast.ANA.value)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/person/{cafe.said.subject}/$"))
    expect(page.get_by_text("Yes: the person agreed on")).to_be_visible()


def test_a_list_on_a_phone_names_each_value_and_fits(browse: Browse, cafe: Firm) -> None:
    page = browse(width=PHONE, locale="es")
    sign_in(page)
    page.goto("/admin/consent/consentrecord/")
    cell = page.locator("#result_list .field-purpose_name").first
    expect(cell).to_have_attribute("data-label", "Finalidad")
    expect(cell).to_be_in_viewport(ratio=1)
    assert page.locator(".results").evaluate("list => list.scrollWidth - list.clientWidth") == 0


def test_a_sender_is_asked_what_its_provider_and_channel_need(browse: Browse, cafe: Firm) -> None:
    page = browse(width=DESK)
    sign_in(page)
    page.goto("/admin/consent/sender/add/")
    asked = ["account", "token", "number_id", "app_secret", "rule_book"]
    for channel, provider, needed in (
        ("sms", "sandbox", set()),
        ("sms", "twilio", {"account", "token"}),
        ("whatsapp", "meta", {*asked}),
    ):
        page.locator("#id_channel").select_option(channel)
        page.locator("#id_provider").select_option(provider)
        assert {name for name in asked if page.locator(f"#id_{name}").is_visible()} == needed


def test_a_new_company_is_in_the_time_zone_of_the_browser(browse: Browse, cafe: Firm) -> None:
    user("root", is_superuser=True)
    page = browse(width=DESK)
    page.add_init_script(
        "Intl.DateTimeFormat.prototype.resolvedOptions = () => ({timeZone: 'America/Sao_Paulo'})"
    )
    sign_in(page, "root")
    page.goto("/admin/consent/company/add/")
    expect(page.locator("#id_time_zone")).to_have_value("America/Sao_Paulo")


def test_an_address_is_copied(browse: Browse, cafe: Firm) -> None:
    page = browse(width=DESK)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page)
    page.goto(f"/admin/consent/capturepoint/{cafe.aurora.point.pk}/change/")
    button = page.get_by_role("button", name="Copy").first
    button.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").endswith("/c/aurora/novidades/")


def test_the_language_is_switched_from_any_page(browse: Browse, cafe: Firm) -> None:
    page = browse()
    sign_in(page)
    page.goto("/admin/consent/consentrecord/")
    page.get_by_role("button", name="Português").click()
    expect(page.locator("html")).to_have_attribute("lang", "pt-br")
    expect(page).to_have_url(re.compile("/admin/consent/consentrecord/$"))


def test_everything_needed_works_without_javascript(browse: Browse, cafe: Firm) -> None:
    page = browse(javascript=False)
    sign_in(page)
    page.goto("/admin/consent/consentrecord/find/")
    page.locator("#id_number").fill(cast.ANA.value)
    page.get_by_role("button", name="Find").click()
    page.locator("table").last.get_by_role("link").first.click()
    page.get_by_role("button", name="Open the evidence").click()
    expect(page.get_by_text("Shown to Ana.")).to_be_visible()


@pytest.mark.parametrize("width", [375, 1280])
def test_the_first_page_leads_to_every_other_one_without_javascript(
    browse: Browse, cafe: Firm, width: int
) -> None:
    page = browse(width=width, javascript=False)
    sign_in(page)
    page.get_by_role("link", name="Audit samples").click()
    assert page.url.endswith("/admin/consent/auditsample/")


def test_a_long_list_turns_its_pages_within_a_phone(cafe: Firm, browse: Browse, monkeypatch: Any) -> None:
    for number in range(1, 13):
        cast.says(cafe.aurora, cast.stranger(number))
    monkeypatch.setattr(RecordAdmin, "list_per_page", 1)
    page = browse(width=PHONE)
    sign_in(page)
    page.goto("/admin/consent/consentrecord/?p=7")
    expect(page.locator(".paginator li")).not_to_have_count(0)
    assert page.locator(".paginator li").count() > 8
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
