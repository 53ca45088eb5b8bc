"""Who agreed to an older meaning of a notice, and so would have to be asked again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent import history
from consent.models import ConsentRecord, NoticeVersion
from consent.vocabulary import State

BATCH = 500  # people whose records are read at once


@dataclass(frozen=True, slots=True)
class Standing:
    """A consent that stands, by a record that names an older major version."""

    subject: UUID
    channel: str
    purpose: int
    language: str
    since: datetime
    version: str  # that the person agreed to


def find(version: NoticeVersion, *, at: datetime) -> Iterator[list[Standing]]:
    """Everybody whose consent stands on an older major version of the notice: a list for each person.

    A minor version is cosmetic and asks nobody again. A few queries for each BATCH of people, so that a caller may stop
    early; none of them is open while the caller works.
    """
    older = {
        pk: f"{major}.{minor}"
        for pk, major, minor in NoticeVersion.objects.filter(
            notice=version.notice_id, major__lt=version.major
        ).values_list("pk", "major", "minor")
    }
    if not older:
        return
    agreed = ConsentRecord.objects.filter(
        company=version.notice.company_id, notice__in=list(older), state=State.GIVEN
    )
    people = agreed.order_by("subject").values_list("subject", flat=True).distinct()
    subjects = list(people[:BATCH])
    while subjects:
        yield from _standing(subjects, older, at)
        if len(subjects) < BATCH:
            return
        subjects = list(people.filter(subject__gt=subjects[-1])[:BATCH])


def _standing(subjects: Sequence[UUID], older: dict[int, str], at: datetime) -> Iterator[list[Standing]]:
    standings = history.standings_of(subjects, at=at)
    given = {
        standing.record: (subject, key, standing)
        for subject, found in standings.items()
        for key, standing in found.items()
        if standing.is_given and key[1] is not None
    }
    by_subject: dict[UUID, list[Standing]] = {}
    # The versions are compared here: a grant on a newer version, or on another notice, is none of ours.
    rows = ConsentRecord.objects.filter(uid__in=list(given)).values_list("uid", "notice_id", "language")
    for uid, notice, language in rows:
        if notice in older:
            subject, (channel, purpose), standing = given[uid]
            assert purpose is not None
            assert standing.since is not None
            by_subject.setdefault(subject, []).append(
                Standing(subject, channel, purpose, language, standing.since, older[notice])
            )
    for subject in subjects:
        if subject in by_subject:
            yield sorted(by_subject[subject], key=lambda one: (one.channel, one.purpose))
