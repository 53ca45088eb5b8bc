"""A new user brings a spreadsheet with odd headings and national numbers, and ends with records."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from consent.models import ConsentRecord, Purpose
from consent.sample import Sample
from tests import cast
from tests.browser.conftest import DESK, PHONE, Browse
from tests.browser.test_admin import sign_in
from tests.imports.lists import spreadsheet
from tests.staff import user

ROWS = [
    ["Cliente", "Fone p/ contato", "Aceita receber?", "Dt. do cadastro", "Loja"],
    ["Ana", "(11) 98765-4321", "Sim", "15/03/2026", "Centro"],
    ["Bruno", 21976543210, "sim", "16/03/2026", "Centro"],
    ["Caio", "(11) 98765-0009", "Não", "17/03/2026", "Norte"],
    ["Duda", "5.51199E+12", "Sim", "18/03/2026", "Norte"],
    ["Eva", "(11) 98765-0008", "Sim", "18/03/2094", "Norte"],
]


def pictured(page: Page, name: str) -> None:
    """Leave a picture where OPTIN_PICTURES says, for whoever wants to look."""
    if folder := os.environ.get("OPTIN_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "locale"), [(DESK, "en"), (PHONE, "pt-BR")])
def test_a_spreadsheet_with_odd_headings_becomes_records_without_reading_anything(
    browse: Browse,
    aurora: Sample,
    worker: None,
    assert_accessible: Callable[[Page], None],
    width: int,
    locale: str,
) -> None:
    Purpose.objects.update(validity_days=0)
    user("bruno", "Staff", company=aurora.company)
    page = browse(width=width, locale=locale)
    sign_in(page)
    page.goto("/admin/consent/import/")
    pictured(page, f"imports-empty-{width}")
    page.locator(".object-tools .addlink, .empty a").first.click()
    page.locator("#id_file").set_input_files(
        {"name": "clientes 2026.xlsx", "mimeType": "application/octet-stream", "buffer": spreadsheet(*ROWS)}
    )
    pictured(page, f"import-add-{width}")
    assert_accessible(page)
    page.locator("#content-main form [type=submit]").click()

    expect(page.locator("#id_in_contact")).to_have_value("1")
    expect(page.locator("#id_in_state")).to_have_value("2")
    expect(page.locator("#id_in_date")).to_have_value("3")
    expect(page.locator("#id_in_source")).to_have_value("4")
    page.locator("#id_purpose").select_option("novidades")
    page.locator("#id_channel").select_option("sms")
    pictured(page, f"import-map-{width}")
    assert_accessible(page)
    page.locator("form[action$='/map/'] [type=submit]").click()

    commit = page.locator("form[action$='/commit/'] [type=submit]")
    expect(commit).to_be_visible()
    page.locator("details summary").first.click()
    pictured(page, f"import-tried-{width}")
    assert_accessible(page)
    assert not ConsentRecord.objects.exists()
    commit.click()

    expect(page.locator("#list-heading .badge-given")).to_be_visible()
    pictured(page, f"import-done-{width}")
    assert ConsentRecord.objects.count() == 3
    assert cast.may(aurora).allow
    assert cast.may(aurora, cast.BRUNO).allow
    page.goto("/admin/consent/import/")
    expect(page.locator("#result_list")).to_contain_text(re.compile("clientes 2026.xlsx"))
    pictured(page, f"imports-{width}")
