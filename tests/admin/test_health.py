"""The page of a number's health: what it says, what it takes in, and that it pauses one source alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.models import (
    CapturePoint,
    PaperBatch,
    PersonSource,
    Poster,
    QualityPoll,
    QualityReading,
    QualityTold,
    Sender,
)
from consent.quality import keeping
from consent.quality.reading import Kind, Reading, Source
from tests import cast, meta
from tests.imports import lists
from tests.quality.test_sources import people, points
from tests.staff import Firm, other_sample


@pytest.fixture
def number(cafe: Firm) -> Sender:
    return meta.sender(cafe.aurora)


def address(sender: Sender, name: str = "health") -> str:
    return reverse(f"admin:consent_sender_{name}", args=[sender.pk])


def page(client: Client, sender: Sender, query: str = "") -> str:
    answer = client.get(address(sender) + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_number_nobody_read_says_what_to_do(bruno: Client, number: Sender) -> None:
    text = page(bruno, number)
    assert "Not known yet" in text
    assert "Nobody has rated this number yet." in text
    assert "Nobody has agreed on this channel yet." in text


def test_what_is_typed_is_kept_and_shown_with_what_follows(bruno: Client, number: Sender) -> None:
    number.rule_book = "classic"
    number.save()
    typed = {"rating": "RED", "status": "CONNECTED", "limit": "TIER_10K"}
    assert bruno.post(address(number, "read"), typed).status_code == 302
    text = page(bruno, number)
    for words in (
        "Red: low",
        "Flagged",
        "10,000 people in 24 hours",
        "before the seventh day",
        "offers are held back",
    ):
        assert words in text
    rows = QualityReading.objects.all()
    assert {(row.source, row.raw) for row in rows} == {
        ("staff", "RED"),
        ("staff", "CONNECTED"),
        ("staff", "TIER_10K"),
    }
    assert all(row.entity.startswith("staff:") for row in rows)
    # Everybody who may see to it finds it on the first page, until they say that they have read it.
    assert "The rating of WhatsApp +15550783881 is now Red: low." in bruno.get("/admin/").content.decode()
    assert bruno.post(address(number, "seen")).status_code == 302
    assert not QualityTold.objects.filter(seen_at=None).exists()
    assert "is now Red: low." not in bruno.get("/admin/").content.decode()


def test_the_first_page_says_what_was_told_last_and_how_much_before(bruno: Client, number: Sender) -> None:
    for rating in ("YELLOW", "RED", "GREEN"):
        bruno.post(address(number, "read"), {"rating": rating})
    told = QualityTold.objects.filter(user=User.objects.get(username="bruno").pk)
    last = told.order_by("-pk")[0].change.at
    before = told.exclude(change__at=last).count()
    assert before > 1
    text = bruno.get("/admin/").content.decode()
    assert "The rating of WhatsApp +15550783881 is now Green: high." in text
    assert "is now Red: low." not in text
    assert f"{before} notices before it." in text


def test_numbers_are_written_as_the_reader_writes_them(bruno: Client, number: Sender) -> None:
    bruno.post(address(number, "read"), {"limit": "TIER_10K"})
    bruno.cookies["django_language"] = "pt-br"
    assert "10.000 pessoas em 24 horas" in page(bruno, number)


def test_a_file_of_readings_is_taken_in_and_replayed_to_any_moment(bruno: Client, number: Sender) -> None:
    lines = (
        "at,rating,status,limit\n2026-03-01T12:00:00Z,GREEN,CONNECTED,2000\n2026-03-05T12:00:00Z,YELLOW,,\n"
    )
    file = SimpleUploadedFile("readings.csv", lines.encode())
    assert bruno.post(address(number, "read"), {"file": file}).status_code == 302
    assert QualityReading.objects.filter(source="file").count() == 4
    assert "Green: high" in page(bruno, number, "?at=2026-03-02T12:00")
    assert "Yellow: medium" in page(bruno, number)
    assert "As it was on" in page(bruno, number, "?at=2026-03-02T12:00")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The submitted file is empty."),
        (b"a,b\n1,2\n", "The file needs a first line with"),
        (b"at,rating,status,limit\n", "The file needs a first line with"),
        (b"at,rating,status,limit\nyesterday,GREEN,,\n", "Line 2 is wrong"),
        (b"at,rating,status,limit\n2999-01-01T00:00:00Z,GREEN,,\n", "Line 2 is wrong"),
        (b"at,rating,status,limit\n2026-01-01T00:00:00Z,GREEN,,many\n", "Line 2 is wrong"),
        (b"at,rating,status,limit\n2026-01-01T00:00:00Z,GR\0EEN,,\n", "Line 2 is wrong"),
        (b"\xff\xfe", "Save the file in UTF-8"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_words(
    bruno: Client, number: Sender, content: bytes, words: str
) -> None:
    answer = bruno.post(address(number, "read"), {"file": SimpleUploadedFile("a.csv", content)})
    assert words in answer.content.decode()
    assert not QualityReading.objects.exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Choose a rating"),
        ({"limit": "many"}, "Write how many people"),
        ({"rating": "PINK"}, "Select a valid"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    bruno: Client, number: Sender, typed: dict[str, str], words: str
) -> None:
    assert words in bruno.post(address(number, "read"), typed).content.decode()


@pytest.mark.parametrize("at", ["nonsense", "9999-99-99T00:00", "0001-01-01T00:00", "2026-01-01", "%00"])
def test_a_moment_that_is_none_is_said_so(bruno: Client, number: Sender, at: str) -> None:
    assert page(bruno, number, f"?at={at}")


def test_pausing_one_source_stops_only_that_one(bruno: Client, cafe: Firm) -> None:
    sender = cafe.aurora.sender
    good, bad = points(cafe.aurora, 2)
    people(cafe.aurora, good, number=60, away=0, first=1)
    people(cafe.aurora, bad, number=60, away=30, first=1_000)
    text = page(bruno, sender)
    assert text.count("more than the others") == 1
    assert "Pause the source that stands first below" in text
    assert (
        bruno.post(address(sender, "pause_source"), {"point": bad.pk, "answer": "pause"}).status_code == 302
    )
    assert set(CapturePoint.objects.filter(is_open=False)) == {bad}
    bruno.post(address(sender, "pause_source"), {"point": bad.pk, "answer": "open"})
    assert not CapturePoint.objects.filter(is_open=False).exists()
    for wrong in ("", "x", "9" * 30, "999999"):
        assert bruno.post(address(sender, "pause_source"), {"point": wrong}).status_code == 404


def test_pausing_one_poster_leaves_its_capture_point_and_the_others_open(bruno: Client, cafe: Firm) -> None:
    point, sender = cafe.aurora.point, cafe.aurora.sender
    good, bad = (Poster.objects.create(point=point, name=name) for name in ("Door", "Metro <station>"))
    foreign = Poster.objects.create(point=other_sample().point, name="Theirs")
    people(cafe.aurora, point, number=60, away=0, first=1, origin=f"poster:{good.pk}")
    people(cafe.aurora, point, number=60, away=30, first=1_000, origin=f"poster:{bad.pk}")
    text = page(bruno, sender)
    assert text.index("Metro &lt;station&gt;") < text.index("Door")
    assert text.count("more than the others") == 1
    pausing = {"poster": bad.pk, "answer": "pause"}
    assert bruno.post(address(sender, "pause_source"), pausing).status_code == 302
    assert [one.name for one in Poster.objects.filter(is_open=False)] == ["Metro <station>"]
    assert not CapturePoint.objects.filter(is_open=False).exists()
    assert b'"poster":"' + bad.code.encode() in b"".join(cast.entries())
    bruno.post(address(sender, "pause_source"), {"poster": bad.pk, "answer": "open"})
    assert not Poster.objects.filter(is_open=False).exists()
    for wrong in ("", "x", "9" * 30, "999999", foreign.pk):
        assert bruno.post(address(sender, "pause_source"), {"poster": wrong}).status_code == 404


def test_every_kind_of_source_is_called_by_its_name_and_leads_on(bruno: Client, cafe: Firm) -> None:
    aurora = cafe.aurora
    batch = lists.bring(aurora, "tel,date\n1,2\n")
    sheets = PaperBatch.objects.create(
        company=aurora.company,
        point=aurora.point,
        version=aurora.version,
        language="en",
        place="The fair",
        made_by="staff:1",
        made_at=timezone.now(),
    )
    for place, origin in enumerate(
        (f"list:{batch.pk.hex}", f"batch:{sheets.pk}", "poster:999", f"list:{'0' * 32}")
    ):
        people(aurora, None, number=40, away=place, first=1_000 * place + 1, origin=origin)
    text = page(bruno, aurora.sender)
    assert f'<a href="/admin/consent/import/{batch.pk}/change/">{batch}' in text
    assert f'<a href="/admin/consent/paperbatch/{sheets.pk}/change/">{sheets}' in text
    assert "999 <span" in text, "a poster nobody knows any more is called by its number"


def test_with_too_few_people_the_page_says_that_it_cannot_tell(bruno: Client, cafe: Firm) -> None:
    (point,) = points(cafe.aurora, 1)
    people(cafe.aurora, point, number=9, away=9, first=1)
    assert "With so few people nobody can tell" in page(bruno, cafe.aurora.sender)
    assert PersonSource.objects.count() == 9


def test_others_see_nothing_and_auditors_change_nothing(
    clara: Client, auditor: Client, nobody: Client, number: Sender
) -> None:
    assert clara.get(address(number)).status_code == 404
    assert nobody.get(address(number)).status_code == 403
    assert auditor.get(address(number)).status_code == 200
    for name in ("read", "pause_source"):
        assert auditor.post(address(number, name), {"rating": "RED"}).status_code == 403
        assert clara.post(address(number, name), {"rating": "RED"}).status_code in (403, 404)


def test_an_old_reading_says_how_old_it_is_and_why(bruno: Client, number: Sender) -> None:
    then = timezone.now() - timedelta(days=3)
    one = Reading(kind=Kind.RATING, value="green", said_at=then, number=number.pk)
    keeping.keep(number, [one], source=Source.POLL, read_at=then)
    QualityPoll.objects.create(sender=number, due_at=timezone.now(), problem="190", failures=2)
    text: Any = page(bruno, number)
    assert "3\xa0days ago" in text
    assert "The provider did not say how the number is (190)." in text
