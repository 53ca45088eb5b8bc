"""Who agreed to an older meaning is asked again, once; silence means what staff said it means."""

from datetime import timedelta
from typing import Any

import time_machine
from django.utils import timezone

from consent import catalogue, opening, publishing
from consent.aging import working
from consent.models import ConsentRecord, NoticeVersion, OutboundMessage, Reasking
from consent.sample import Sample
from consent.vocabulary import Possession, State
from tests import cast
from tests.cast import ANA, BRUNO

LATER = timedelta(days=30)


def renewed(aurora: Sample) -> NoticeVersion:
    """The notice means something else from now on."""
    version = publishing.publish(
        NoticeVersion.objects.create(notice=aurora.version.notice, major=2, wordings=aurora.version.wordings)
    )
    catalogue.forget()
    return version


def begun(version: NoticeVersion, **values: Any) -> Reasking:
    return Reasking.objects.create(version=version, entity="staff:7", started_at=timezone.now(), **values)


def look() -> None:
    working.forget()
    while working.ask_again():
        pass


def queued() -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(kind="again"))


def answers(aurora: Sample, text: str, contact: Any = ANA) -> None:
    OutboundMessage.objects.update(state=OutboundMessage.State.SENT, sent_at=timezone.now())
    cast.writes(aurora, text, contact)


def test_nobody_is_asked_before_staff_say_so(aurora: Sample) -> None:
    cast.says(aurora)
    renewed(aurora)
    look()
    assert queued() == []


def test_everybody_is_asked_once_in_the_new_words_and_what_stands_goes_on(aurora: Sample) -> None:
    cast.says(aurora)
    cast.says(aurora, BRUNO)
    version = renewed(aurora)
    begun(version)
    look()
    look()
    assert len(queued()) == 2
    text = str(opening.message_content(queued()[0])["text"])
    assert "continua igual ate voce responder" in text
    assert "quer enviar" in text or "gostaria" in text
    assert cast.may(aurora).allow


def test_a_yes_is_a_record_under_the_new_version(aurora: Sample) -> None:
    cast.says(aurora)
    version = renewed(aurora)
    begun(version, ends_at=timezone.now() + LATER)
    look()
    answers(aurora, "SIM")
    record = ConsentRecord.objects.latest("arrival")
    assert (record.state, record.notice, record.possession) == (State.GIVEN, version, Possession.REPLY)
    with time_machine.travel(timezone.now() + LATER + timedelta(hours=1), tick=True):
        look()
        assert cast.may(aurora).allow
    assert not ConsentRecord.objects.filter(state=State.REVOKED).exists()


def test_a_no_ends_it_and_nobody_asks_again(aurora: Sample) -> None:
    cast.says(aurora)
    begun(renewed(aurora))
    look()
    answers(aurora, "NÃO")
    assert cast.may(aurora).reason == "refused"
    look()
    assert len(queued()) == 1


def test_silence_ends_it_on_the_day_and_not_before(aurora: Sample) -> None:
    cast.says(aurora)
    reasking = begun(renewed(aurora), ends_at=timezone.now() + LATER)
    look()
    assert "terminam em" in str(opening.message_content(queued()[0])["text"])
    with time_machine.travel(timezone.now() + LATER - timedelta(hours=1), tick=True):
        look()
        assert cast.may(aurora).allow
    with time_machine.travel(timezone.now() + LATER + timedelta(hours=1), tick=True):
        look()
        assert cast.may(aurora).reason == "revoked"
        record = ConsentRecord.objects.latest("arrival")
        assert (record.entity, record.method) == ("staff:7", "time")
        reasking.refresh_from_db()
        assert reasking.ended_at is not None
        cast.says(aurora, notice=reasking.version)
        assert cast.may(aurora).allow


def test_without_a_day_silence_ends_nothing(aurora: Sample) -> None:
    cast.says(aurora)
    begun(renewed(aurora))
    look()
    with time_machine.travel(timezone.now() + timedelta(days=300), tick=True):
        look()
        assert cast.may(aurora).allow
    assert len(queued()) == 1


def test_whoever_stopped_is_not_asked(aurora: Sample) -> None:
    cast.says(aurora)
    cast.stops(aurora)
    begun(renewed(aurora))
    look()
    assert queued() == []
