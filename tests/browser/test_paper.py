"""A pile of signed sheets, from the feeder to the records, with a real browser, worker and sandbox phones."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from consent import catalogue, opening
from consent.capture.paper import sheet
from consent.models import CapturePoint, ConsentRecord, EvidenceFile, OutboundMessage, PaperPage
from consent.paper.code import new_serial
from consent.sample import Sample
from tests import pens, sheets
from tests.browser.conftest import DESK, PHONE, Browse
from tests.capture.test_guardian import point
from tests.staff import PASSWORD, user

__all__ = ["point"]

type Check = Callable[[Page], None]

SHEETS = 20


@pytest.fixture
def staff(aurora: Sample) -> None:
    user("bruno", "Staff", "Opens personal data", company=aurora.company)


def sign_in(page: Page) -> Page:
    page.goto("/admin/login/")
    page.locator("#id_username").fill("bruno")
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#login-form [type=submit]").click()
    expect(page.locator("#logout-form")).to_be_visible()
    return page


def pile(aurora: Sample) -> tuple[bytes, dict[str, str]]:
    """Twenty signed sheets in one PDF, two of them twice, one crumpled; and the number on each, by its serial."""
    ask = catalogue.ask(aurora.company.slug, aurora.point.slug)
    assert ask is not None
    serials = [new_serial() for _ in range(SHEETS + 1)]
    paper = pens.printed(sheet.print_sheets(ask, language="pt-BR", serials=serials))
    numbers = {serial: f"119876543{place:02}" for place, serial in enumerate(serials[:SHEETS])}
    signed = [
        pens.signed(page, rows=len(ask.offers), yes=[0], number=number)
        for page, number in zip(paper, numbers.values(), strict=False)
    ]
    return pens.scanned([*signed, signed[3], signed[7], pens.torn(paper[SHEETS])]), numbers


def drop(page: Page, content: bytes) -> None:
    page.locator("#id_files").set_input_files(
        {"name": "pile.pdf", "mimeType": "application/pdf", "buffer": content}
    )
    page.locator("[data-drop] [type=submit]").click()


def write_down(page: Page) -> None:
    """Press Enter, and wait for whatever comes next."""
    now = page.locator("[data-sheet-form]").get_attribute("action")
    page.keyboard.press("Enter")
    expect(page.locator(f'[data-sheet-form][action="{now}"]')).to_have_count(0)


@pytest.mark.slow
@pytest.mark.no_cover
def test_a_pile_of_signed_sheets_becomes_records_by_keyboard(
    browse: Browse, staff: None, aurora: Sample, worker: None
) -> None:
    batch = sheets.batch(aurora)
    content, numbers = pile(aurora)
    day = date.fromisoformat(sheets.yesterday(batch))
    page = sign_in(browse(width=DESK))
    page.goto(f"/admin/consent/paperbatch/{batch.pk}/change/")
    drop(page, content)
    to_check = page.locator(".batch-figures dd").first
    expect(to_check).to_have_text(str(SHEETS + 3), timeout=180_000)
    assert {found.serial for found in PaperPage.objects.all()} == {*numbers, ""}

    page.keyboard.press("c")
    typed: set[str] = set()
    for _ in range(SHEETS + 3):
        expect(page.locator("#id_number")).to_be_focused()
        code = page.locator("[data-sheet] .subtitle code")
        serial = code.inner_text() if code.count() else ""
        if not serial:
            page.get_by_label("unreadable").check()
        elif serial in typed:
            expect(page.locator("[data-sheet] .errornote")).to_contain_text(
                re.compile("the same (serial|picture)")
            )
            page.get_by_label("a duplicate").check()
        else:
            expect(page.locator("[name='box.novidades.sms'][value=yes]")).to_be_checked()
            expect(page.locator("[name='box.pedidos.sms'][value=no]")).to_be_checked()
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.type(numbers[serial])
            expect(page.locator("[data-number-says]")).to_have_text(f"+55{numbers[serial]}")
            page.keyboard.press("Tab")
            page.keyboard.type(f"{day:%m%d%Y}")
            typed.add(serial)
        write_down(page)
    assert typed == {*numbers}
    assert not ConsentRecord.objects.exists()

    page.get_by_role("button", name=f"Commit {SHEETS} sheets").click()
    expect(page.locator(".messagelist")).to_contain_text(f"{SHEETS} sheets are on record.", timeout=120_000)

    given = ConsentRecord.objects.filter(state="requested", purpose__slug="novidades", channel="sms")
    assert given.count() == SHEETS
    assert {record.event_time.date() for record in given} == {day}
    for record in given:
        copy = EvidenceFile.objects.get(act=record.act_id, name="scan.jpg")
        assert opening.file_content(copy).startswith(b"\xff\xd8\xff")
    aside = PaperPage.objects.filter(state="aside").values_list("reason", flat=True)
    assert sorted(aside) == ["duplicate", "duplicate", "unreadable"]
    told = OutboundMessage.objects.filter(act__in=given.values("act"))
    for _ in range(600):  # two minutes, which only a hang reaches
        if not told.exclude(state="delivered").exists():
            break
        page.wait_for_timeout(200)
    assert list(told.values_list("state", flat=True)) == ["delivered"] * SHEETS


@pytest.mark.parametrize(("width", "locale"), [(DESK, "en"), (PHONE, "es"), (PHONE, "pt-BR")])
def test_pages_of_paper_are_accessible_and_fit(
    browse: Browse, staff: None, aurora: Sample, assert_accessible: Check, width: int, locale: str
) -> None:
    batch = sheets.batch(aurora, policy="all")
    code = sheets.code(aurora)
    drafts = [sheets.draft(batch, sheets.read(code)) for _ in range(2)]
    page = sign_in(browse(width=width, locale=locale))
    for address in (f"{batch.pk}/change/", f"page/{drafts[0].pk}/check/"):
        page.goto(f"/admin/consent/paperbatch/{address}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


@pytest.mark.parametrize(("width", "locale"), [(DESK, "en"), (PHONE, "es"), (320, "pt-BR")])
def test_a_sheet_for_a_child_is_typed_with_its_guardian(
    browse: Browse, staff: None, aurora: Sample, point: CapturePoint, assert_accessible: Check, width: int,
    locale: str,
) -> None:  # fmt: skip
    version = point.notice.current
    assert version is not None
    workshop = replace(aurora, point=point, version=version)
    draft = sheets.draft(sheets.batch(workshop), sheets.read(sheets.code(workshop)))
    page = sign_in(browse(width=width, locale=locale))
    page.goto(f"/admin/consent/paperbatch/page/{draft.pk}/check/")
    assert_accessible(page)
    page.locator("[name=number]").fill("(11) 98765-4321")
    page.locator("[name=signed_on]").fill(sheets.yesterday(draft.batch))
    write_down = page.locator("[data-sheet-form] [type=submit]")
    write_down.click()
    for name in ("relation", "of_age"):
        expect(page.locator(f"[name={name}]")).to_have_attribute("aria-invalid", "true")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.locator("[name=relation]").select_option("mother")
    page.locator("[name=of_age]").fill("2033-06-14")
    write_down.click()
    expect(page).to_have_url(re.compile(f"/{draft.batch_id}/change/$"))
    assert sheets.page(draft).state == "ready"


def test_without_script_a_file_is_sent_and_a_sheet_is_typed(
    browse: Browse, staff: None, aurora: Sample
) -> None:
    batch = sheets.batch(aurora)
    draft = sheets.draft(batch)
    page = sign_in(browse(width=DESK, javascript=False))
    page.goto(f"/admin/consent/paperbatch/{batch.pk}/change/")
    drop(page, b"%PDF-1.7")
    expect(page.locator(".messagelist")).to_contain_text("1 file has arrived.")

    page.goto(f"/admin/consent/paperbatch/page/{draft.pk}/check/")
    page.get_by_label("not signed").check()
    page.locator("[data-sheet-form] [type=submit]").click()

    expect(page.locator(".messagelist")).to_contain_text("Nothing in this batch waits for you.")
    assert sheets.page(draft).reason == "not_signed"


def test_the_next_sheet_is_there_before_it_is_asked_for_and_a_check_is_taken_back(
    browse: Browse, staff: None, aurora: Sample
) -> None:
    batch = sheets.batch(aurora)
    drafts = [sheets.draft(batch) for _ in range(3)]
    page = sign_in(browse(width=DESK))
    asked: list[str] = []
    page.goto(f"/admin/consent/paperbatch/{batch.pk}/check/")
    form = page.locator("[data-sheet-form]")
    first = form.get_attribute("action")
    expect(page.locator("#id_number")).to_be_focused()
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: asked.append(request.url))

    page.keyboard.press("PageDown")
    expect(page.locator(f'[data-sheet-form][action="{first}"]')).to_have_count(0)
    second = form.get_attribute("action")
    assert second not in asked[:1]
    page.keyboard.press("PageUp")
    expect(form).to_have_attribute("action", str(first))
    page.keyboard.press("F2")
    expect(page.locator("[data-zoom-button]")).to_have_attribute("aria-pressed", "true")

    page.get_by_label("unreadable").check()
    write_down(page)
    page.keyboard.press("Escape")
    page.keyboard.press("u")

    expect(page.locator(".messagelist")).to_contain_text("Taken back.")
    states: Any = PaperPage.objects.filter(pk__in=[draft.pk for draft in drafts]).values_list(
        "state", flat=True
    )
    assert set(states) == {"to_check"}
