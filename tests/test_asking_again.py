"""Who would have to be asked again: those whose standing consent is to an older meaning of the notice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from consent import asking_again, history, opening, publishing, sample
from consent.contact import Contact
from consent.models import Company, ConsentRecord, NoticeVersion
from consent.sample import Sample
from consent.vocabulary import State
from tests import cast


@pytest.fixture
def next_version(aurora: Sample) -> NoticeVersion:
    return NoticeVersion.objects.create(
        notice=aurora.version.notice, major=2, wordings=aurora.version.wordings
    )


def say(aurora: Sample, contact: Contact = cast.ANA, **changes: Any) -> UUID:
    return cast.says(aurora, contact, **changes).subject


def found(version: NoticeVersion) -> set[UUID]:
    at = timezone.now() + timedelta(seconds=1)
    return {standing.subject for person in asking_again.find(version, at=at) for standing in person}


def test_a_major_version_asks_again_whoever_agreed_before(
    aurora: Sample, next_version: NoticeVersion
) -> None:
    ana, bruno = say(aurora), say(aurora, cast.BRUNO)
    people = list(asking_again.find(next_version, at=timezone.now() + timedelta(seconds=1)))
    assert {person[0].subject for person in people} == {ana, bruno}
    one = people[0][0]
    assert (one.version, one.channel, one.purpose) == ("1.0", "sms", aurora.purposes["novidades"].pk)


def test_a_minor_version_asks_nobody(aurora: Sample) -> None:
    say(aurora)
    minor = NoticeVersion.objects.create(
        notice=aurora.version.notice, minor=1, wordings=aurora.version.wordings
    )
    assert found(minor) == set()


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.REFUSED, State.INVALIDATED])
def test_whoever_said_no_since_is_not_asked(
    aurora: Sample, next_version: NoticeVersion, state: State
) -> None:
    say(aurora)
    say(aurora, state=state)
    assert found(next_version) == set()


def test_whoever_agreed_to_the_new_meaning_is_not_asked(aurora: Sample, next_version: NoticeVersion) -> None:
    say(aurora)
    publishing.publish(next_version)
    bruno = say(aurora, cast.BRUNO)
    say(aurora, notice=next_version)
    assert found(next_version) == {bruno}


def test_a_consent_to_another_notice_is_not_ours(aurora: Sample) -> None:
    say(aurora)
    other = aurora.company.notices.create(slug="pedidos")
    other.versions.create(major=1, wordings={})
    assert found(other.versions.create(major=2)) == set()


def test_an_expired_consent_asks_nobody(aurora: Sample, next_version: NoticeVersion) -> None:
    say(aurora)
    later = timezone.now() + timedelta(days=aurora.purposes["novidades"].validity_days + 1)
    assert list(asking_again.find(next_version, at=later)) == []


def test_a_stop_of_everything_on_the_channel_counts(aurora: Sample, next_version: NoticeVersion) -> None:
    say(aurora)
    cast.stops(aurora)
    assert found(next_version) == set()


def test_the_number_of_queries_does_not_grow_with_people(
    aurora: Sample, next_version: NoticeVersion, django_assert_num_queries: Any
) -> None:
    people = {say(aurora, cast.stranger(number)) for number in range(12)}
    # Versions, people, who was erased, who shares a contact, what they said, what it named.
    with django_assert_num_queries(6):
        assert found(next_version) == people
    with django_assert_num_queries(2):
        assert set(opening.contacts_of(people)) == people
    with django_assert_num_queries(3):  # who was erased, who shares a contact, what they said
        assert set(history.standings_of(people, at=timezone.now())) == people


@pytest.mark.django_db(transaction=True)
def test_looking_for_people_locks_out_nobody_who_writes_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round goes on for minutes: a query that stayed open would keep this thread or others from writing on SQLite."""
    monkeypatch.setattr(asking_again, "BATCH", 1)
    aurora = sample.seed()
    for contact in (cast.ANA, cast.BRUNO):
        say(aurora, contact)
    version = NoticeVersion.objects.create(
        notice=aurora.version.notice, major=2, wordings=aurora.version.wordings
    )
    people = asking_again.find(version, at=timezone.now() + timedelta(seconds=1))
    first = next(people)[0].subject

    def writes() -> None:
        Company.objects.update(name="Elsewhere")
        connection.close()

    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(writes).result()
    with transaction.atomic():
        Company.objects.update(name="Here")

    assert {first, *(person[0].subject for person in people)} == set(
        ConsentRecord.objects.values_list("subject", flat=True)
    )
