"""A newcomer presses "people block" and watches a sandbox number turn red, be restricted, and recover."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect

from consent import catalogue, decision
from consent.capture.whatsapp import working as whatsapp
from consent.models import QualityTold, Sender
from consent.quality import polling, telling
from consent.sample import Sample
from tests import cast
from tests.browser.conftest import DESK, PHONE, Browse
from tests.browser.test_admin import Check, sign_in
from tests.decision.test_judging import wrote
from tests.staff import user


@pytest.fixture
def pretend(aurora: Sample, settings: Any) -> Sender:
    settings.OPTIN_MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    sender = aurora.company.senders.get(number_id__gt="")
    sender.rule_book = "classic"
    sender.save()
    user("ana", is_superuser=True, email="ana@aurora.example")
    for purpose in aurora.purposes.values():
        cast.says(aurora, channel="whatsapp", purpose=purpose)
    wrote(sender, timedelta(hours=1))
    return sender


def decides(sender: Sender) -> list[str]:
    """What is answered for an offer, for news of an order, and for a reply, as any process answers within a second."""
    catalogue.forget()
    asked = [("novidades", False), ("pedidos", False), ("novidades", True)]
    return [
        decision.may_send(
            cast.ANA, company=sender.company_id, channel="whatsapp", purpose=purpose, sender=sender.address,
            is_reply=is_reply,
        ).reason.value
        for purpose, is_reply in asked
    ]  # fmt: skip


def press(page: Page, name: str) -> None:
    """Press a button and do what the worker does after it: take in webhooks, ask the pretend Meta, send e-mails."""
    page.get_by_role("button", name=name).click()
    page.wait_for_load_state()
    whatsapp.drain()
    while polling.drain():
        pass
    page.reload()


def test_a_number_goes_from_green_to_restricted_and_back(
    browse: Browse, assert_accessible: Check, pretend: Sender
) -> None:
    page = browse(width=DESK)
    sign_in(page, "ana")
    page.goto(f"/admin/consent/sender/{pretend.pk}/health/")
    now = page.get_by_role("region", name="Now", exact=True)
    expect(now).to_contain_text("Not known yet")

    press(page, "People read and like it")
    expect(now).to_contain_text("Green: high")
    expect(now).to_contain_text("Connected")
    assert decides(pretend) == ["given", "given", "given"]

    press(page, "People block")
    expect(now).to_contain_text("Yellow: medium")

    press(page, "People block")
    expect(now).to_contain_text("Red: low")
    expect(now).to_contain_text("Flagged")
    assert decides(pretend) == ["sender_quality", "given", "in_window"]

    press(page, "People block")
    expect(now).to_contain_text("Restricted")
    held = page.get_by_role("region", name="Held back")
    expect(held).to_contain_text("the platform forbids messages that begin a conversation")
    expect(held).to_contain_text(re.compile(r"in (23\s+hours|1\s+day)"))
    assert decides(pretend) == ["sender_restricted", "sender_restricted", "in_window"]
    assert_accessible(page)

    press(page, "Let a day pass")
    expect(now).to_contain_text("Red: low")
    expect(now).to_contain_text("Flagged")
    assert decides(pretend) == ["sender_quality", "given", "in_window"]

    for _ in range(3):
        press(page, "People read and like it")
    expect(now).to_contain_text("Green: high")
    assert decides(pretend) == ["given", "given", "given"]
    press(page, "Let a week pass")
    expect(now).to_contain_text("Connected")
    expect(now).to_contain_text("1,000 people in 24 hours")
    expect(page.get_by_text("8 days ahead")).to_be_visible()

    while telling.drain():
        pass
    told = [(one.change_id, one.name) for one in QualityTold.objects.all()]
    assert told
    assert len(told) == len(set(told))
    assert len(mail.outbox) == len(told)
    assert not QualityTold.objects.filter(mailed_at=None).exists()
    assert QualityTold.objects.filter(change__facet="rating", change__now="red").count() == 1
    assert QualityTold.objects.filter(change__facet="status", change__now="restricted").count() == 1
    assert all(one.mailed_at <= timezone.now() for one in QualityTold.objects.all())
    page.goto("/admin/")
    notice = page.get_by_role("link", name=re.compile(r"is now Connected\. \d+ notices before it"))
    expect(notice).to_have_count(1)


@pytest.mark.parametrize("locale", ["en", "es", "pt-BR"])
def test_the_buttons_fit_a_phone(
    browse: Browse, assert_accessible: Check, pretend: Sender, locale: str
) -> None:
    page = browse(width=PHONE, locale=locale)
    sign_in(page, "ana")
    page.goto(f"/admin/consent/sender/{pretend.pk}/health/")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert_accessible(page)
