"""Messages to judge: sealed, opened by permission and on record, answered with one key, taken back where possible."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consent import erasure
from consent.models import ConsentRecord, Hold, LogPending, Opening
from tests import cast
from tests.staff import Firm, signed_in, user

NEXT = "/admin/consent/hold/next/"
DOUBTFUL = "vocês podem parar com isso?"


@pytest.fixture
def held(cafe: Firm) -> Hold:
    cast.writes(cafe.aurora, DOUBTFUL)
    return Hold.objects.get()


def page(held: Hold, name: str = "change") -> str:
    return reverse(f"admin:consent_hold_{name}", args=[held.pk])


def answers(client: Client, held: Hold, answer: str) -> str:
    shown = client.post(page(held, "judge"), {"answer": answer}, follow=True).text
    held.refresh_from_db()
    return shown


def journal(kind: str) -> list[dict[str, Any]]:
    entries = [json.loads(bytes(data)) for data in LogPending.objects.values_list("data", flat=True)]
    return [entry for entry in entries if entry.get("type") == kind]


def test_a_message_is_sealed_until_it_is_opened_and_that_is_written_down(bruno: Client, held: Hold) -> None:
    sealed = bruno.get(NEXT, follow=True).text
    assert DOUBTFUL not in sealed
    assert "News and offers" in sealed  # what is held back
    assert 'value="stop"' not in sealed  # nobody judges what they have not read
    assert not Opening.objects.exists()

    opened = bruno.post(page(held, "open")).text

    assert DOUBTFUL in opened
    assert "Reply SIM" in opened  # the conversation around it
    assert Opening.objects.get().subject == held.subject
    assert [entry["hold"] for entry in journal("opened")] == [str(held.pk)]


def test_one_key_follows_another_without_opening_each_by_hand(bruno: Client, cafe: Firm, held: Hold) -> None:
    cast.says(cafe.aurora, cast.BRUNO)
    cast.writes(cafe.aurora, "isso é spam", cast.BRUNO)

    assert "isso é spam" in answers(bruno, held, "go_on")
    assert Opening.objects.count() == 1
    assert (held.ending, held.decided_by.split(":")[0]) == ("go_on", "staff")
    assert cast.may(cafe.aurora).allow


def test_a_stop_lets_the_person_go_and_cannot_be_taken_back(bruno: Client, cafe: Firm, held: Hold) -> None:
    shown = answers(bruno, held, "stop")

    assert "Nothing waits to be judged." in shown
    assert "take the last" not in shown.lower()
    assert ConsentRecord.objects.filter(state="withdrawn").exists()
    assert cast.may(cafe.aurora).reason == "withdrawn"
    for answer in ("go_on", "undo", "stop"):
        assert "judged before" in answers(bruno, held, answer)
        assert held.ending == "stop"


def test_no_stop_is_taken_back_and_offers_are_held_again(bruno: Client, cafe: Firm, held: Hold) -> None:
    assert "Take the last" in answers(bruno, held, "go_on")
    assert "offers are held again" in answers(bruno, held, "undo")

    assert (held.ending, held.ended_at, held.decided_by) == ("", None, "")
    assert cast.may(cafe.aurora).reason == "held"
    assert [entry["judgement"] for entry in journal("judged")] == ["go_on", "doubted"]


def test_no_stop_may_become_a_stop_after_all(bruno: Client, cafe: Firm, held: Hold) -> None:
    answers(bruno, held, "go_on")
    answers(bruno, held, "stop")
    assert held.ending == "stop"
    assert cast.may(cafe.aurora).reason == "withdrawn"


def test_what_the_person_said_clearly_since_is_not_judged(bruno: Client, cafe: Firm, held: Hold) -> None:
    cast.writes(cafe.aurora, "SAIR")
    assert "judged before" in answers(bruno, held, "stop")
    assert held.ending == "said"
    assert "the person said it clearly" in bruno.get(page(held)).text


def test_later_puts_a_message_behind_the_others_and_never_away(bruno: Client, cafe: Firm, held: Hold) -> None:
    cast.says(cafe.aurora, cast.BRUNO)
    cast.writes(cafe.aurora, "isso é spam", cast.BRUNO)
    other = Hold.objects.exclude(pk=held.pk).get()

    bruno.post(page(held, "judge"), {"answer": "later"})
    assert bruno.get(NEXT).headers["Location"] == page(other)
    bruno.post(page(other, "judge"), {"answer": "later"})
    assert bruno.get(NEXT).headers["Location"] == page(held)
    assert cast.may(cafe.aurora).reason == "held"


def test_who_may_not_open_does_not_read_and_who_may_not_judge_does_not_judge(
    auditor: Client, cafe: Firm, held: Hold
) -> None:
    assert auditor.post(page(held, "judge"), {"answer": "go_on"}).status_code == 403
    assert auditor.post(page(held, "open")).status_code == 403
    staff = signed_in(user("dora", "Staff", company=cafe.company))
    assert "your account may not open it" in staff.get(page(held)).text
    assert staff.post(page(held, "open")).status_code == 403
    held.refresh_from_db()
    assert held.ended_at is None


def test_an_erased_person_leaves_nothing_to_read(bruno: Client, cafe: Firm, held: Hold) -> None:
    erasure.erase(held.subject, company=cafe.company, entity="staff:1")
    assert "This person was erased" in bruno.post(page(held, "open")).text
    assert "Nothing waits to be judged." in bruno.get(NEXT).text


def test_home_and_list_count_what_waits(bruno: Client, auditor: Client, held: Hold) -> None:
    told = {one.url: one.text for one in bruno.get("/admin/").context_data["concerns"]}
    assert told[NEXT].startswith("1 message may be a stop.")
    assert NEXT not in {one.url for one in auditor.get("/admin/").context_data["concerns"]}
    assert "Judge the one that waits" in bruno.get("/admin/consent/hold/").text
