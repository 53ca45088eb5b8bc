"""Staff have everybody asked again who agreed to an older meaning, say what silence means, and stop it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import publishing
from consent.models import NoticeVersion, Reasking
from tests.staff import Firm

LATER = timedelta(days=30)


def page(version: NoticeVersion, name: str = "again") -> str:
    return reverse(f"admin:consent_noticeversion_{name}", args=[version.pk])


@pytest.fixture
def published(cafe: Firm) -> NoticeVersion:
    cafe.draft.wordings = cafe.aurora.version.wordings
    cafe.draft.save()
    return publishing.publish(cafe.draft)


def test_staff_have_them_asked_with_a_day_and_stop_it(bruno: Client, published: NoticeVersion) -> None:
    assert "Ask them again" in bruno.get(page(published)).content.decode()
    day = (timezone.now() + LATER).date()
    assert bruno.post(page(published, "again_ask"), {"do": "ask", "ends": day.isoformat()}).status_code == 302
    reasking = Reasking.objects.get()
    assert reasking.ends_at is not None
    assert reasking.entity.startswith("staff:")
    assert "They are asked again" in bruno.get(page(published)).content.decode()
    bruno.post(page(published, "again_ask"), {"do": "stop"})
    reasking.refresh_from_db()
    assert reasking.ended_at is not None


@pytest.mark.parametrize("day", ["2020-01-01", "tomorrow", "\0"])
def test_a_day_too_soon_changes_nothing(bruno: Client, published: NoticeVersion, day: str) -> None:
    answer = bruno.post(page(published, "again_ask"), {"do": "ask", "ends": day})
    assert answer.status_code == 422
    assert "at least a week from now" in answer.content.decode()
    assert not Reasking.objects.exists()


def test_a_draft_asks_nobody(bruno: Client, cafe: Firm) -> None:
    bruno.post(page(cafe.draft, "again_ask"), {"do": "ask"})
    assert not Reasking.objects.exists()


def test_who_may_only_read_has_nobody_asked(auditor: Client, published: NoticeVersion) -> None:
    assert auditor.post(page(published, "again_ask"), {"do": "ask"}).status_code == 403
    assert "Ask them again" not in auditor.get(page(published)).content.decode()
