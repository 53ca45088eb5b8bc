"""What is asked where, read no more often than need be."""

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import catalogue
from consent.models import CapturePoint, NoticeVersion, Offer, QualityChange, Sender
from consent.sample import Sample


def test_a_capture_point_comes_with_its_boxes_and_its_published_notice(aurora: Sample) -> None:
    ask = catalogue.ask("aurora", "novidades")
    assert ask is not None
    assert (ask.point, ask.company, ask.sender) == (aurora.point, aurora.company, aurora.sender)
    assert ask.version == aurora.version
    assert len(ask.offers) == 3
    assert ask.is_open


def test_what_does_not_exist_is_none(aurora: Sample) -> None:
    assert catalogue.ask("aurora", "nada") is None
    assert catalogue.ask("nada", "novidades") is None
    assert catalogue.version(0) is None
    assert catalogue.sender_at("sms", "+1") is None


def test_a_version_is_found_whatever_its_state(aurora: Sample) -> None:
    NoticeVersion.objects.update(state="retired", retired_at=timezone.now())
    found = catalogue.version(aurora.version.pk)
    assert found is not None
    assert (found.state, found.notice.slug) == ("retired", "novidades")


def test_a_sender_is_found_by_channel_and_number(aurora: Sample) -> None:
    found = catalogue.sender_at("sms", aurora.sender.address)
    assert found == aurora.sender
    assert catalogue.sender_at("voice", aurora.sender.address) is None


@pytest.mark.parametrize("missing", ["open", "version", "boxes"])
def test_a_capture_point_is_closed_without_any_part_of_it(aurora: Sample, missing: str) -> None:
    if missing == "open":
        CapturePoint.objects.update(is_open=False)
    elif missing == "version":
        NoticeVersion.objects.update(state="retired", retired_at=timezone.now())
    else:
        Offer.objects.all().delete()
    ask = catalogue.ask("aurora", "novidades")
    assert ask is not None
    assert not ask.is_open


def queries(read: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        read()
    return len(captured)


def test_a_capture_point_is_three_queries_and_then_none_for_a_second(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    assert queries(lambda: catalogue.ask("aurora", "novidades")) == 3
    assert queries(lambda: catalogue.ask("aurora", "novidades")) == 0
    assert queries(lambda: catalogue.version(aurora.version.pk)) == 1
    assert queries(lambda: catalogue.sender_at("sms", "+1")) == 1
    settings.OPTIN_CATALOGUE_SECONDS = 0.01
    time.sleep(0.02)
    assert queries(lambda: catalogue.ask("aurora", "novidades")) == 3


def test_what_was_changed_here_can_be_read_anew_at_once(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    catalogue.ask("aurora", "novidades")
    catalogue.forget()
    assert queries(lambda: catalogue.ask("aurora", "novidades")) == 3


def test_addresses_that_strangers_make_up_do_not_fill_the_memory(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    catalogue._kept.update({("ask", "nobody", str(number)): (0.0, None) for number in range(10_001)})
    catalogue.ask("aurora", "novidades")
    assert len(catalogue._kept) == 1


def test_what_a_reading_changed_counts_long_before_the_rules_are_read_anew(
    aurora: Sample, settings: Any
) -> None:
    """As another process writes it: this one is told nothing."""
    settings.OPTIN_CATALOGUE_SECONDS = 3600
    company = aurora.company.pk
    assert queries(lambda: catalogue.rules(company)) == 3
    assert queries(lambda: [catalogue.rules(company) for _ in range(100)]) == 0
    Sender.objects.filter(pk=aurora.sender.pk).update(restriction="blocked")
    QualityChange.objects.create(
        sender=aurora.sender, facet="brake", was="", now="blocked:ban", at=timezone.now()
    )
    before = time.monotonic()
    catalogue._kept["change",] = (before - 361, catalogue._kept["change",][1])  # a tenth of the time is over
    rules = catalogue.rules(company)
    assert rules is not None
    assert [one.restriction for one in rules.senders if one == aurora.sender] == ["blocked"]


def test_a_process_that_heard_of_no_change_reads_the_rules_anew_after_half_the_time(
    aurora: Sample, settings: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 3600
    company = aurora.company.pk
    catalogue.rules(company)
    Sender.objects.filter(pk=aurora.sender.pk).update(restricted_until=timezone.now())
    for key, (at, value) in list(catalogue._kept.items()):
        catalogue._kept[key] = (at - 1801, value)
    assert queries(lambda: catalogue.rules(company)) == 3


def test_one_reads_anew_while_the_others_make_do_with_what_is_known(settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    readings: list[str] = []

    def ask() -> str:
        return catalogue._keep(("what",), read)

    def read() -> str:
        readings.append("begun")
        if len(readings) == 2:
            assert ask() == "reading 1", "whoever comes meanwhile"
        return f"reading {len(readings)}"

    def age(seconds: float) -> None:
        at, value = catalogue._kept["what",]
        catalogue._kept["what",] = (at - seconds, value)

    assert (ask(), ask()) == ("reading 1", "reading 1")
    age(46)
    assert (ask(), ask()) == ("reading 2", "reading 2")
    age(61)
    assert ask() == "reading 3"


def test_what_is_too_old_is_read_by_all_even_while_one_reads(settings: Any) -> None:
    """So that a reading that hangs or fails keeps nothing alive."""
    settings.OPTIN_CATALOGUE_SECONDS = 60
    readings: list[str] = []

    def read() -> str:
        readings.append("begun")
        if len(readings) == 2:
            catalogue._keep(("what",), read)
            raise OSError("the database is away")
        return "read"

    catalogue._keep(("what",), read)
    catalogue._kept["what",] = (time.monotonic() - 61, "old")
    with pytest.raises(OSError, match="away"):
        catalogue._keep(("what",), read)
    assert len(readings) == 3
    assert not catalogue._reading
