"""When something was said: another's clock is believed as far as it can be."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consent import dialogue, history, opening
from consent.models import ConsentRecord
from consent.sample import Sample
from tests.cast import ANA, asks, at, may, sent, writes

NOON = at("2026-02-01 12:00")


def told(timestamp: Any) -> dialogue.SaidAt:
    return dialogue.said_at(timestamp, clock="meta", received_at=NOON)


@pytest.mark.parametrize("kind", [int, str])
def test_seconds_are_read_as_number_and_as_text(kind: type) -> None:
    before = NOON - timedelta(hours=3)
    said = told(kind(before.timestamp()) if kind is int else str(int(before.timestamp())))
    assert (said.at, said.clock, said.is_believed) == (before, "meta", True)
    assert said.evidence() == {"said_at": str(int(before.timestamp()))}


def test_nobody_has_spoken_after_we_heard_it() -> None:
    said = told(int(NOON.timestamp()) + 119)
    assert (said.at, said.clock, said.is_believed) == (NOON, "meta?", True)


@pytest.mark.parametrize(
    "nonsense",
    [
        "abc", "", None, True, -1, "-5", 0, 1.5, "1e9", "١٢٣", 10**18, "9" * 5000, [1], {"a": 1},
        int(NOON.timestamp()) * 1000,  # milliseconds
        1767225600000,  # year 57971, read as seconds
        int(NOON.timestamp()) + 125,
        int((NOON - timedelta(days=9)).timestamp()),
    ],
)  # fmt: skip
def test_what_is_no_time_is_when_we_received_it_and_is_marked(nonsense: Any) -> None:
    said = told(nonsense)
    assert (said.at, said.clock, said.evidence()["bad_time"]) == (NOON, "meta?", True)
    assert len(said.claim) <= 40


def test_a_yes_and_a_stop_keep_when_they_were_said_and_by_whose_clock(aurora: Sample) -> None:
    question = sent(asks(aurora))
    asked_at = ConsentRecord.objects.get(act=question.act).recorded_at
    said = dialogue.SaidAt(asked_at, "meta", "1769947200")
    writes(aurora, "SIM", said_at=said)
    assert may(aurora).allow
    record = ConsentRecord.objects.get(state="given")
    assert (record.event_time, record.clock) == (asked_at, "meta")
    assert opening.evidence_of(record.act_id)["said_at"] == "1769947200"
    writes(aurora, "PARAR", said_at=said)
    stop = ConsentRecord.objects.filter(state="withdrawn").order_by("arrival")[0]
    assert (stop.event_time, stop.clock) == (asked_at, "meta")
    assert not may(aurora).allow


def test_a_late_yes_to_a_new_question_does_not_undo_the_stop_it_was_said_before(aurora: Sample) -> None:
    """Ana answers, stops, and is asked again; only then does her first answer come through."""
    sent(asks(aurora))
    then = timezone.now() - timedelta(hours=1)
    stopped = dialogue.SaidAt(then, "meta")
    writes(aurora, "STOP", said_at=stopped)
    sent(asks(aurora))
    writes(aurora, "SIM", said_at=dialogue.SaidAt(then - timedelta(seconds=30), "meta"))
    assert not may(aurora).allow
    sent(asks(aurora))
    writes(aurora, "SIM", said_at=dialogue.SaidAt(then + timedelta(seconds=30), "meta"))
    assert may(aurora).allow


def test_an_invitation_keeps_when_the_keyword_was_written(aurora: Sample) -> None:
    ask = dialogue.asked_by(aurora.sender, "PROMO")
    assert ask is not None
    invitation = dialogue.invite(
        ask, sender=aurora.sender, contact=ANA, language="en", method="whatsapp", reference="wamid.1",
        evidence={"message": "PROMO"}, said_at=dialogue.SaidAt(NOON, "meta", "x", is_believed=False),
    )  # fmt: skip
    record = ConsentRecord.objects.filter(act=invitation.act)[0]
    assert (record.event_time, record.clock) == (NOON, "meta")
    assert opening.evidence_of(invitation.act)["bad_time"] is True
    assert history.standings(record.subject, at=record.recorded_at)["sms", record.purpose_id].since == NOON
