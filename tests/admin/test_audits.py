"""Auditors: for a limited time they draw, see and write down what they find, and change nothing else."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.models import AuditFinding, AuditItem, AuditSample, LogPending, Membership, Opening
from tests.staff import PASSWORD, Firm, signed_in, user

ADD = "/admin/consent/auditsample/add/"
LIST = "/admin/consent/auditsample/"


def draw(client: Client, firm: Firm, **changes: Any) -> Any:
    today = timezone.localdate()
    form = {
        "company": firm.company.pk,
        "first_day": str(today - timedelta(days=2)),
        "last_day": str(today + timedelta(days=2)),
        "asked": 50,
        "seed": "dice-6",
    }
    return client.post(ADD, form | changes, follow=True)


def item_page(item: AuditItem) -> str:
    return reverse("admin:consent_auditsample_item", args=[item.pk])


@pytest.fixture
def item(auditor: Client, cafe: Firm) -> AuditItem:
    draw(auditor, cafe)
    return AuditItem.objects.get()


def test_an_auditor_begins_and_goes_on_from_the_first_page(
    auditor: Client, bruno: Client, cafe: Firm, bakery: Firm
) -> None:
    assert f'class="button" href="{ADD}"' in auditor.get("/admin/").text
    draw(auditor, cafe)
    sample = AuditSample.objects.get()
    page = auditor.get("/admin/").text
    assert reverse("admin:consent_auditsample_change", args=[sample.pk]) in page
    assert "looked at 0 of 1" in page
    assert "Draw a sample" not in bruno.get("/admin/").text

    AuditSample.objects.create(
        company=bakery.company, first_day=sample.first_day, last_day=sample.last_day, until=sample.until, asked=1,
        seed="theirs", population=1, user=sample.user, drawn_at=sample.drawn_at,
    )  # fmt: skip
    assert "theirs" not in auditor.get("/admin/").text


def test_an_auditor_draws_a_sample_and_sees_its_scores(auditor: Client, cafe: Firm) -> None:
    form = auditor.get(ADD).text
    assert re.search(r'name="seed" value="[0-9a-f]{12}"', form)
    assert 'value="50"' in form

    page = draw(auditor, cafe)

    assert page.redirect_chain[-1][0] == reverse(
        "admin:consent_auditsample_change", args=[AuditSample.objects.get().pk]
    )
    assert "dice-6" in page.text
    assert (
        "0 of 1 records are complete." in page.text
    )  # the record of these tests was shown in no form of ours
    assert "The text names the company" in page.text
    assert b'"type":"sampled"' in bytes(LogPending.objects.latest("arrival").data)
    assert "0 / 1" in auditor.get(LIST).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"asked": 0}, "greater than or equal to 1"),
        ({"asked": 501}, "less than or equal to 500"),
        ({"seed": "Ana Lima"}, "Letters from a to z"),
        ({"last_day": "2001-01-01"}, "before the first"),
        ({"first_day": "soon"}, "valid date"),
    ],
)
def test_what_cannot_be_drawn_is_explained(
    auditor: Client, cafe: Firm, changes: dict[str, Any], said: str
) -> None:
    assert said in draw(auditor, cafe, **changes).text
    assert not AuditSample.objects.exists()


def test_days_without_records_make_an_empty_sample(auditor: Client, cafe: Firm) -> None:
    page = draw(auditor, cafe, first_day="2001-01-01", last_day="2001-12-31").text

    assert "No record was made in these days." in page


def test_a_finding_is_written_down_for_good_and_leads_to_the_next(auditor: Client, item: AuditItem) -> None:
    page = auditor.post(item_page(item), {"verdict": "fault", "text": "No box."}, follow=True).text

    finding = AuditFinding.objects.get()
    assert (finding.verdict, finding.text, finding.user.username) == ("fault", "No box.", "auditor")
    assert "No box." in page
    assert "1 / 1" in auditor.get(LIST).text
    assert (
        "not in order" in auditor.get(reverse("admin:consent_auditsample_change", args=[item.sample_id])).text
    )


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"verdict": "fault"}, "Say what you found."),
        ({"verdict": "remark", "text": "Call +55 (11) 98765-4321"}, "looks like a phone number"),
        ({"text": "fine"}, "required"),
    ],
)
def test_a_finding_that_says_too_little_or_too_much_is_refused(
    auditor: Client, item: AuditItem, form: dict[str, str], said: str
) -> None:
    assert said in auditor.post(item_page(item), form).text
    assert not AuditFinding.objects.exists()


def test_staff_see_samples_but_neither_draw_nor_find(bruno: Client, cafe: Firm, item: AuditItem) -> None:
    assert bruno.get(item_page(item)).status_code == 200
    assert bruno.post(item_page(item), {"verdict": "in_order"}).status_code == 403
    assert bruno.get(ADD).status_code == 403


def test_what_an_auditor_opens_is_on_record_also_in_the_log(cafe: Firm) -> None:
    client = signed_in(user("clara", "Auditor", "Opens personal data", company=cafe.company))
    draw(client, cafe)
    item = AuditItem.objects.get()
    assert not Opening.objects.exists()  # a score opens nothing that anybody sees
    assert "Open the evidence" in client.get(item_page(item)).text

    client.post(reverse("admin:consent_consentrecord_open", args=[item.record_id]))

    assert Opening.objects.get().act == item.record.act_id
    assert any(b'"type":"opened"' in bytes(row.data) for row in LogPending.objects.all())
    assert "clara opened it on" in client.get(item_page(item)).text


def test_the_table_has_every_record_with_its_points_and_findings(auditor: Client, item: AuditItem) -> None:
    auditor.post(item_page(item), {"verdict": "remark", "text": "late"})

    answer = auditor.get(reverse("admin:consent_auditsample_export", args=[item.sample_id]))

    [row] = csv.DictReader(io.StringIO(answer.content.decode()))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert (row["record id"], row["company"], row["log"]) == (str(item.record.uid), "NO", "yes")
    assert row["findings"] == "remark: late"


def test_no_cell_of_the_table_is_a_formula_however_a_spreadsheet_divides_it(
    auditor: Client, item: AuditItem
) -> None:
    auditor.post(item_page(item), {"verdict": "remark", "text": "late;=1+1"})

    answer = auditor.get(reverse("admin:consent_auditsample_export", args=[item.sample_id]))

    assert "remark: late;'=1+1" in answer.content.decode()


def test_samples_of_another_company_do_not_exist(auditor: Client, cafe: Firm, bakery: Firm) -> None:
    assert "Select a valid choice" in draw(auditor, bakery).text


def until(name: str, **days: int) -> None:
    last_day = timezone.localdate() + timedelta(**days)
    Membership.objects.filter(user__username=name).update(last_day=last_day)


def test_after_the_last_day_no_page_opens_and_signing_in_says_why(auditor: Client, item: AuditItem) -> None:
    until("auditor", days=-2)

    for path in ("/admin/", LIST, ADD, item_page(item), "/admin/password_change/"):
        answer = auditor.get(path)
        assert answer.status_code == 403, path
        assert "Your access ended on" in answer.text
        assert "Café Aurora" not in answer.text
    assert auditor.post(item_page(item), {"verdict": "in_order"}).status_code == 403
    assert not AuditFinding.objects.exists()
    assert "Your access ended" not in auditor.post("/admin/logout/").text
    refused = Client().post("/admin/login/", {"username": "auditor", "password": PASSWORD})
    assert "Your access ended on" in refused.text
    assert refused.status_code == 200


def test_on_the_last_day_everything_opens(auditor: Client, item: AuditItem) -> None:
    until("auditor", days=1)

    assert auditor.get(item_page(item)).status_code == 200
    login = Client().post("/admin/login/", {"username": "auditor", "password": PASSWORD, "next": "/admin/"})
    assert login.status_code == 302


def test_access_to_one_of_two_companies_ends_alone(cafe: Firm, bakery: Firm) -> None:
    clara = user("both", "Auditor", company=cafe.company)
    Membership.objects.create(
        user=clara, company=bakery.company, last_day=timezone.localdate() - timedelta(days=2)
    )
    client = signed_in(clara)

    assert client.get("/admin/").status_code == 200
    for firm, status in ((cafe, 200), (bakery, 404)):
        page = reverse("admin:consent_person", args=[firm.said.subject])
        assert client.get(page).status_code == status


def test_a_superuser_has_no_last_day(root: Client, cafe: Firm) -> None:
    Membership.objects.create(
        user=user("boss", is_superuser=True),
        company=cafe.company,
        last_day=timezone.localdate() - timedelta(days=9),
    )

    login = Client().post("/admin/login/", {"username": "boss", "password": PASSWORD, "next": "/admin/"})
    assert login.status_code == 302


@pytest.mark.parametrize(
    ("group", "last_day", "saved"),
    [("Auditor", "", False), ("Auditor", "2099-01-01", True), ("Staff", "", True)],
)
def test_an_auditor_is_given_a_last_day(
    root: Client, cafe: Firm, group: str, last_day: str, saved: bool
) -> None:
    somebody = user("new")
    form = {
        "username": "new", "is_active": "on", "is_staff": "on", "groups": [Group.objects.get(name=group).pk],
        "memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 0, "memberships-0-company": cafe.company.pk,
        "memberships-0-user": somebody.pk, "memberships-0-last_day": last_day,
    }  # fmt: skip
    answer = root.post(reverse("admin:auth_user_change", args=[somebody.pk]), form)

    assert (answer.status_code == 302) is saved
    assert Membership.objects.filter(user=somebody).exists() is saved
    assert ("give a last day" in answer.text) is not saved
