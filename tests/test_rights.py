"""Requests about data have a clock by law, are answered once, and nobody erases whom the law wants kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consent import erasure, rights
from consent.models import Company, LegalHold, RightsRequest
from consent.sample import Sample
from tests import cast


def asked(aurora: Sample, kind: str = "erase", **more: Any) -> RightsRequest:
    subject = cast.says(aurora).subject
    return rights.ask(
        aurora.company, subject, kind, possession="link", language="en", at=timezone.now(), **more
    )


@pytest.mark.parametrize(
    ("country", "asked_at", "due", "longer"),
    [
        ("BR", "2026-01-31 12:00", "2026-02-15 12:00", "2026-03-02 12:00"),
        ("PT", "2026-01-31 12:00", "2026-02-28 12:00", "2026-04-28 12:00"),
        ("DE", "2026-12-01 12:00", "2027-01-01 12:00", "2027-03-01 12:00"),
        ("CO", "2026-01-01 12:00", "2026-01-11 12:00", "2026-01-21 12:00"),
    ],
)
def test_the_clock_is_that_of_the_law(
    settings: Any, country: str, asked_at: str, due: str, longer: str
) -> None:
    settings.OPTIN_RIGHTS_DAYS = 10
    company = Company(country=country)
    made = RightsRequest(company=company, made_at=cast.at(asked_at), due_at=cast.at(due))

    assert rights.due(company, cast.at(asked_at)) == cast.at(due)
    assert rights.longer(made) == cast.at(longer)


def test_the_same_asked_twice_is_one_request_until_it_is_answered(aurora: Sample) -> None:
    first = asked(aurora, "sharing", text="With whom?")
    assert asked(aurora, "sharing") == first
    assert rights.wish(first)["text"] == "With whom?"
    assert rights.answer(first, "done", text="Nobody.", by="staff:1", at=timezone.now())

    assert asked(aurora, "sharing") != first
    assert rights.answered(RightsRequest.objects.get(pk=first.pk)) == "Nobody."
    assert not rights.answer(first, "refused", text="No.", by="staff:1", at=timezone.now())


def test_it_is_put_off_once_and_not_after_its_day(aurora: Sample) -> None:
    made, now = asked(aurora), timezone.now()
    late = made.due_at + timedelta(days=1)
    assert not rights.answer(made, "extended", text="Later", by="staff:1", at=late)
    assert rights.answer(made, "extended", text="Later", by="staff:1", at=now)
    assert not rights.answer(made, "extended", text="Later", by="staff:1", at=now)
    kept = RightsRequest.objects.get(pk=made.pk)

    assert (kept.state, kept.due_at) == ("extended", made.due_at + timedelta(days=15))
    assert rights.answer(kept, "refused", text="Art. 16", by="staff:1", at=now)


def test_who_is_held_by_law_is_not_erased_until_it_is_lifted(aurora: Sample) -> None:
    made, now = asked(aurora), timezone.now()
    hold = rights.hold(aurora.company, made.subject, reason="Court 7", by="staff:1", at=now)
    assert hold is not None
    assert rights.hold(aurora.company, made.subject, reason="Twice", by="staff:1", at=now) is None
    with pytest.raises(erasure.Held):
        erasure.erase(made.subject, company=aurora.company, entity="staff:1")
    assert cast.may(aurora).allow

    assert rights.lift(hold, by="staff:2", at=now)
    assert not rights.lift(hold, by="staff:2", at=now)
    assert erasure.erase(made.subject, company=aurora.company, entity="staff:1").had_something
    assert rights.answered(RightsRequest.objects.get()) == ""
    assert LegalHold.objects.get().ended_by == "staff:2"


def test_everything_about_a_request_stands_in_the_log(aurora: Sample) -> None:
    made, now = asked(aurora, text="Secret words"), timezone.now()
    hold = rights.hold(aurora.company, made.subject, reason="Court 7", by="staff:1", at=now)
    assert hold is not None
    rights.lift(hold, by="staff:1", at=now)
    rights.answer(made, "refused", text="Secret answer", by="staff:1", at=now)
    log = b"\n".join(cast.entries())

    for kind in (b"right_asked", b"right_answered", b"legal_hold", b"legal_hold_lifted"):
        assert b'"type":"' + kind + b'"' in log
    assert b"Secret" not in log
    assert b"Court" not in log
