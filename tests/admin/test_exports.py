"""Staff take records out; numbers only those who may open them, and never without a trace."""

import csv
import io
from typing import Any

from django.test import Client
from django.urls import reverse

from consent.log import tree
from consent.models import ExportSchedule, Opening
from tests import cast
from tests.staff import CANARY, Firm, signed_in, user

PAGE = "admin:consent_export"


def take_out(client: Client, firm: Firm, **asked: Any) -> Any:
    return client.post(reverse(PAGE), {"company": firm.company.pk, "format": "csv"} | asked)


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_numbers_leave_with_a_trace(bruno: Client, cafe: Firm) -> None:
    tree.sequence()
    page = bruno.get(reverse(PAGE)).content.decode()
    assert "With the numbers of people" in page

    answer = take_out(bruno, cafe, with_contacts="on", channel="sms", since="2020-01-01", until="2199-01-01")

    assert "optin-aurora-log-" in answer.headers["Content-Disposition"]
    assert {row["contact"] for row in rows(answer)} == {cast.ANA.value}
    trace = Opening.objects.get(subject=None, delivery=None)
    assert trace.company == cafe.company
    assert "–" in bruno.get(reverse("admin:consent_opening_changelist")).content.decode()


def test_without_the_right_nothing_personal_leaves(
    auditor: Client, clara: Client, nobody: Client, cafe: Firm
) -> None:
    tree.sequence()
    assert "With the numbers of people" not in auditor.get(reverse(PAGE)).content.decode()
    assert {row["contact"] for row in rows(take_out(auditor, cafe, with_contacts="on"))} == {""}
    assert "Select a valid choice" in take_out(clara, cafe).content.decode()
    assert take_out(nobody, cafe).status_code == 403


def test_a_purpose_of_another_company_is_no_choice(root: Client, cafe: Firm, bakery: Firm) -> None:
    theirs = bakery.aurora.purposes["novidades"].pk
    assert "Choose a purpose of the same company." in take_out(root, cafe, purpose=theirs).content.decode()
    assert CANARY not in str(rows(take_out(root, cafe, purpose=cafe.aurora.purposes["novidades"].pk)))


def test_a_schedule_with_numbers_is_for_those_who_may_open_them(bruno: Client, cafe: Firm) -> None:
    said = {
        "company": cafe.company.pk,
        "every": "day",
        "format": "parquet",
        "with_contacts": "on",
        "is_on": "on",
    }
    dora = signed_in(user("dora", "Staff", company=cafe.company))
    refused = dora.post(reverse("admin:consent_exportschedule_add"), said)
    assert "Only somebody who may open personal data takes out numbers." in refused.content.decode()
    bruno.post(reverse("admin:consent_exportschedule_add"), said)

    made = ExportSchedule.objects.get()
    assert made.entity.startswith("staff:")
    assert "Parquet" in bruno.get(reverse("admin:consent_exportschedule_changelist")).content.decode()
