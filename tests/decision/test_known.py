"""What one statement knows of somebody, on both databases."""

from datetime import UTC, datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import vault
from consent.decision import About, known
from consent.sample import Sample
from consent.vocabulary import Channel
from tests.cast import ANA, BRUNO, read, says, stops


def test_what_is_read_is_what_was_recorded(aurora: Sample) -> None:
    spoke = datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)
    recorded = says(aurora, event_time=spoke)
    (event,) = read(aurora)
    assert (event.state, event.possession, event.valid_days) == ("given", "code", 730)
    assert (event.event_time, event.uid) == (spoke, recorded.records[0])
    assert event.event_time.tzinfo == UTC
    assert event.recorded_at.tzinfo == UTC


def test_one_query_reads_a_history(aurora: Sample) -> None:
    for _ in range(3):
        says(aurora)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(read(aurora)) == 3
    assert len(queries) == 1


def test_other_people_channels_and_purposes_are_not_read(aurora: Sample) -> None:
    says(aurora, BRUNO)
    says(aurora, channel=Channel.WHATSAPP)
    says(aurora, purpose=aurora.purposes["pedidos"])
    assert read(aurora) == []


def test_a_stop_of_everything_is_read_for_every_purpose_of_its_channel(aurora: Sample) -> None:
    says(aurora)
    says(aurora, channel=Channel.WHATSAPP)
    stops(aurora)
    assert sorted(event.state for event in read(aurora)) == ["given", "withdrawn"]
    assert [event.state for event in read(aurora, purpose="pedidos")] == ["withdrawn"]
    assert [event.state for event in read(aurora, channel="whatsapp")] == ["given"]


def test_a_purpose_nobody_has_is_not_the_same_as_nothing_said(aurora: Sample) -> None:
    company, now = aurora.company.pk, timezone.now()
    for purpose, expected in (("sorteios", {}), ("pedidos", {aurora.purposes["pedidos"].pk: "utility"})):
        about = About(company, "sms", purpose)
        assert known.look(about, vault.lookup(company, ANA), b"", now=now).common.categories == expected
        for people in ([(vault.lookup(company, ANA), b"")], []):
            common, found = known.look_at_many(about, people, now=now)
            assert (common.categories, found) == (expected, {})


def test_somebody_we_have_heard_of_is_no_stranger(aurora: Sample) -> None:
    says(aurora)
    company, now = aurora.company.pk, timezone.now()
    for contact, is_somebody in ((ANA, True), (BRUNO, False)):
        found = known.look(About(company, "sms", "pedidos"), vault.lookup(company, contact), b"", now=now)
        assert (found.is_somebody, found.rows) == (is_somebody, ())
