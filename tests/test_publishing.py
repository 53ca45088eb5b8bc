"""A notice version is published when it says enough, and from then on names its words by a digest."""

import hashlib
import json
import threading
from typing import Any

import pytest
import rfc8785
from django.db import connection
from django.utils import translation

from consent import catalogue, publishing, sample
from consent.errors import BadInput
from consent.models import NoticeVersion
from consent.sample import Sample
from consent.vocabulary import Language


def draft(aurora: Sample, *, minor: int = 1, **changes: Any) -> NoticeVersion:
    wordings = json.loads(json.dumps(aurora.version.wordings))
    return NoticeVersion.objects.create(
        **{"notice": aurora.version.notice, "minor": minor, "wordings": wordings} | changes
    )


def test_publishing_freezes_what_is_said_under_a_digest_anybody_can_work_out(aurora: Sample) -> None:
    version = publishing.publish(draft(aurora))
    kept = NoticeVersion.objects.get(pk=version.pk)
    said = {"company": "aurora", "notice": "novidades", "version": "1.1", "wordings": kept.wordings}
    assert kept.digest == publishing.digest(kept) == hashlib.sha256(rfc8785.dumps(said)).hexdigest()
    assert kept.state == "published"
    assert kept.published_at is not None


def test_another_word_is_another_digest(aurora: Sample) -> None:
    version = draft(aurora)
    before = publishing.digest(version)
    version.wordings["es"]["screen"] += "."
    assert publishing.digest(version) != before


def test_the_version_published_until_now_retires(aurora: Sample) -> None:
    publishing.publish(draft(aurora))
    aurora.version.refresh_from_db()
    assert aurora.version.state == "retired"
    assert aurora.version.retired_at is not None


def test_the_new_version_is_shown_at_once(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    catalogue.ask("aurora", "novidades")
    version = publishing.publish(draft(aurora))
    ask = catalogue.ask("aurora", "novidades")
    assert ask is not None
    assert ask.version == version


def test_a_published_version_is_not_published_again(aurora: Sample) -> None:
    with pytest.raises(BadInput) as refusal:
        publishing.publish(aurora.version)
    assert refusal.value.code == "notice.not_draft"


def test_a_draft_that_somebody_published_meanwhile_is_not_published_again(aurora: Sample) -> None:
    version = draft(aurora)
    publishing.publish(NoticeVersion.objects.get(pk=version.pk))
    with pytest.raises(BadInput, match=r"notice\.not_draft"):
        publishing.publish(version)


@pytest.mark.parametrize("language", ["en", "es", "pt-BR"])
def test_every_language_must_be_there(aurora: Sample, language: str) -> None:
    version = draft(aurora)
    del version.wordings[language]
    version.save()
    with pytest.raises(BadInput) as refusal, translation.override("en"):
        publishing.publish(version)
    assert refusal.value.code == "notice.red"
    assert Language(language).label in refusal.value.message
    version.refresh_from_db()
    assert version.state == "draft"


def test_of_many_reasons_the_first_are_told(aurora: Sample) -> None:
    with pytest.raises(BadInput) as refusal:
        publishing.publish(draft(aurora, wordings={}))
    assert refusal.value.message.endswith(" …")


@pytest.mark.django_db(transaction=True)
def test_of_two_versions_published_at_once_one_stays(settings: Any) -> None:
    aurora = sample.seed()
    drafts = [draft(aurora, minor=1), draft(aurora, minor=2)]
    barrier = threading.Barrier(2)

    def publish(version: NoticeVersion) -> None:
        barrier.wait()
        try:
            publishing.publish(version)
        finally:
            connection.close()

    threads = [threading.Thread(target=publish, args=[version]) for version in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = sorted(NoticeVersion.objects.values_list("state", flat=True))
    assert states == ["published", "retired", "retired"]


def test_a_draft_that_was_changed_meanwhile_is_not_published_as_it_was(aurora: Sample) -> None:
    version = draft(aurora)
    elsewhere = NoticeVersion.objects.get(pk=version.pk)
    elsewhere.wordings["es"]["screen"] += " Nuevo."
    elsewhere.save()

    with pytest.raises(BadInput) as refusal:
        publishing.publish(version)
    assert refusal.value.code == "notice.changed"
    kept = NoticeVersion.objects.get(pk=version.pk)
    assert (kept.state, kept.wordings) == ("draft", elsewhere.wordings)
    assert publishing.publish(kept).digest == publishing.digest(elsewhere)
