"""Staff see what their programs were answered, day by day and by reason, and nobody else's."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.models import DecisionCount
from tests.staff import Firm

PAGE = "admin:consent_decisioncount_changelist"


def counted(firm: Firm, reason: str, times: int, *, ago: int = 0) -> None:
    day = timezone.localdate(timezone=timezone.get_fixed_timezone(-180)) - timedelta(days=ago)
    DecisionCount.objects.create(company=firm.company, day=day, channel="sms", reason=reason, times=times)


def test_an_empty_page_says_what_to_do(bruno: Client) -> None:
    page = bruno.get(reverse(PAGE)).content.decode()
    assert "No program has asked yet." in page
    assert reverse("admin:consent_apikey_add") in page


def test_reasons_stand_in_words_with_what_allows_first(bruno: Client, cafe: Firm, bakery: Firm) -> None:
    counted(cafe, "withdrawn", 7, ago=1)
    counted(cafe, "given", 5, ago=2)
    counted(cafe, "no_record", 11, ago=1)
    counted(cafe, "expired", 999, ago=30)
    counted(bakery, "held", 888)
    answer = bruno.get(reverse(PAGE))
    lines = [(line.code, line.total) for line in answer.context["lines"]]
    assert lines == [("given", 5), ("no_record", 11), ("withdrawn", 7)]
    page = answer.content.decode()
    assert "They took their consent back." in page
    assert answer.context["chart"].total == 23


def test_who_may_not_see_it_does_not(nobody: Client, auditor: Client, bruno: Client) -> None:
    assert [one.get(reverse(PAGE)).status_code for one in (nobody, auditor)] == [403, 200]
    assert bruno.post(reverse("admin:consent_decisioncount_add")).status_code == 403
