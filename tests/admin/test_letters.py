"""A stop that came by letter: staff write it down once, for anybody, and its person is told."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent import opening
from consent.models import ConsentRecord, OutboundMessage
from consent.sample import Sample
from tests import cast, staff
from tests.capture.conftest import text

PAGE = "/admin/consent/consentrecord/letter/"


@pytest.fixture
def clerk(aurora: Sample) -> Client:
    return staff.signed_in(staff.user("clerk", "Staff", company=aurora.company))


def letter(client: Client, aurora: Sample, **changes: Any) -> dict[str, Any]:
    found = re.search(r'name="form" value="([^"]+)"', client.get(PAGE).content.decode())
    assert found is not None
    return {
        "company": aurora.company.pk, "number": cast.ANA.value, "place": "Folder 12", "form": found[1],
        "written_on": timezone.localdate().isoformat(), **changes,
    }  # fmt: skip


def test_what_is_sent_twice_is_written_down_once_and_told_once(aurora: Sample, clerk: Client) -> None:
    cast.says(aurora)
    said = letter(clerk, aurora)
    assert [clerk.post(PAGE, said).status_code for _ in range(2)] == [302, 302]

    record = ConsentRecord.objects.filter(state="withdrawn").earliest("arrival")
    assert ConsentRecord.objects.filter(state="withdrawn").count() == 3
    assert (record.method, record.entity.startswith("staff:")) == ("paper", True)
    assert opening.evidence_of(record.act_id)["place"] == "Folder 12"
    message = OutboundMessage.objects.get()
    assert "/r/" in opening.message_content(message)["text"]
    assert cast.may(aurora).reason == "withdrawn"


def test_a_number_nobody_has_heard_of_may_stop_and_is_told_nothing(aurora: Sample, clerk: Client) -> None:
    assert clerk.post(PAGE, letter(clerk, aurora, number=cast.BRUNO.value)).status_code == 302

    assert cast.may(aurora, cast.BRUNO).reason == "withdrawn"
    assert not OutboundMessage.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "12"},
        {"number": "98765-4321"},
        {"number": "+55 11 9876"},
        {"written_on": "tomorrow"},
        {"form": "x"},
    ],
)
def test_what_is_wrong_is_shown_again(aurora: Sample, clerk: Client, wrong: dict[str, str]) -> None:
    if wrong.get("written_on"):
        wrong = {"written_on": (timezone.localdate() + timedelta(days=2)).isoformat()}
    assert clerk.post(PAGE, letter(clerk, aurora, **wrong)).status_code == 200
    assert not ConsentRecord.objects.exists()


def test_a_day_that_has_begun_anywhere_is_no_reason_to_refuse_a_stop(aurora: Sample, clerk: Client) -> None:
    """In the last hours of a day in São Paulo it is the next day in London, and two in the afternoon in Kiritimati."""
    with time_machine.travel(datetime(2026, 11, 29, 0, 30, tzinfo=UTC)):
        said = letter(clerk, aurora, written_on="2026-11-30")
        assert clerk.post(PAGE, said).status_code == 200
        assert clerk.post(PAGE, {**said, "written_on": "2026-11-29"}).status_code == 302

        record = ConsentRecord.objects.latest("arrival")
        assert record.event_time <= timezone.now()
        assert opening.evidence_of(record.act_id)["written_on"] == "2026-11-29"


def test_an_auditor_changes_nothing(aurora: Sample) -> None:
    auditor = staff.signed_in(staff.user("reader", "Auditor", company=aurora.company))

    assert auditor.get(PAGE).status_code == auditor.post(PAGE).status_code == 403
    assert "Write down a stop" not in text(auditor.get("/admin/consent/consentrecord/"))
