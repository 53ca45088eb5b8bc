"""The plan of a company's reminders: counted, listed, without numbers, for those who may see records."""

from datetime import timedelta

import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.aging import summaries
from tests import cast
from tests.staff import Firm, signed_in, user


def page(firm: Firm) -> str:
    return reverse("admin:consent_company_reminders", args=[firm.company.pk])


def agreed(firm: Firm, days_left: int) -> None:
    cast.says(firm.aurora, cast.BRUNO, event_time=timezone.now() - timedelta(days=730 - days_left))


def test_without_days_the_page_says_that_nobody_is_told(bruno: Client, cafe: Firm) -> None:
    agreed(cafe, 20)
    text = bruno.get(page(cafe)).content.decode()
    assert "a consent ends without a word" in text
    assert cast.BRUNO.masked not in text


def test_the_plan_counts_and_lists_with_masked_numbers(bruno: Client, cafe: Firm) -> None:
    cafe.company.remind_days = 10
    cafe.company.save()
    agreed(cafe, 20)
    text = bruno.get(page(cafe)).content.decode()
    assert "People are told once, 10 days before" in text
    assert cast.BRUNO.masked in text
    assert cast.BRUNO.value not in text
    assert "News and offers by SMS" in text
    assert "<dt>To be told now</dt><dd>0</dd>" in text
    assert "<dt>To be told in the next 30 days</dt><dd>1</dd>" in text


def test_who_may_not_see_records_sees_no_plan(cafe: Firm) -> None:
    assert signed_in(user("plain", company=cafe.company)).get(page(cafe)).status_code == 403


def test_the_yearly_summary_is_counted_where_it_is_switched_on(bruno: Client, cafe: Firm) -> None:
    assert "Nobody is told once a year" in bruno.get(page(cafe)).content.decode()
    cafe.company.tells_yearly = True
    cafe.company.save()
    cast.stops(cafe.aurora)  # Ana, whose time of the year is another each run
    subject = cast.says(cafe.aurora, cast.BRUNO, event_time=timezone.now() - timedelta(days=90)).subject
    due_at = summaries.turn(subject, now=timezone.now() + timedelta(days=60))
    staff = user("again", "Staff", "Opens personal data", company=cafe.company)
    counts = (
        "<dt>To be told now</dt><dd>{}</dd></div>\n"
        "          <div><dt>To be told in the next 30 days</dt><dd>{}</dd>"
    )
    for day, due, later in ((-40, 0, 0), (-20, 0, 1), (1, 1, 0), (8, 0, 0)):
        with time_machine.travel(due_at + timedelta(days=day), tick=True):
            text = signed_in(staff).get(page(cafe)).content.decode()
            assert counts.format(due, later) in text
    assert "<dt>Told within a year</dt><dd>0</dd>" in text
