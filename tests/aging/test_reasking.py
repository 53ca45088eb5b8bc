"""Who agreed to an older meaning is asked again, once; silence means what staff said it means."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import time_machine
from django.utils import timezone

from consent import catalogue, opening, publishing
from consent.aging import working
from consent.models import CapturePoint, ConsentRecord, NoticeVersion, Offer, OutboundMessage, Reasking
from consent.sample import Sample
from consent.vocabulary import Channel, Possession, State
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


def left() -> None:
    OutboundMessage.objects.update(state=OutboundMessage.State.SENT, sent_at=timezone.now())


def answers(aurora: Sample, text: str, contact: Any = ANA) -> None:
    left()
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
    left()
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


def at_two_points(aurora: Sample) -> UUID:
    """Ana agreed to two things, each asked at a capture point of its own under the same notice."""
    Offer.objects.exclude(purpose__slug="novidades", channel=Channel.SMS).delete()
    other = CapturePoint.objects.create(
        company=aurora.company, slug="pedidos", title={}, notice=aurora.version.notice, sender=aurora.sender
    )
    Offer.objects.create(point=other, purpose=aurora.purposes["pedidos"], channel=Channel.SMS)
    catalogue.forget()
    cast.says(aurora)
    return cast.says(aurora, purpose=aurora.purposes["pedidos"], point=other).subject


def asked() -> set[str]:
    requests = ConsentRecord.objects.filter(state=State.REQUESTED).select_related("purpose")
    return {record.purpose.slug for record in requests if record.purpose}


def test_what_was_agreed_to_at_two_capture_points_is_asked_about_at_both(aurora: Sample) -> None:
    at_two_points(aurora)
    version = renewed(aurora)
    begun(version, ends_at=timezone.now() + LATER)
    look()
    look()
    assert asked() == {"novidades", "pedidos"}
    assert len(queued()) == 2
    answers(aurora, "SIM")
    with time_machine.travel(timezone.now() + LATER + timedelta(hours=1), tick=True):
        look()
        assert cast.may(aurora).allow
        assert cast.may(aurora, purpose="pedidos").allow


def test_what_was_not_asked_about_goes_on(aurora: Sample) -> None:
    at_two_points(aurora)
    CapturePoint.objects.filter(slug="pedidos").update(is_open=False)
    version = renewed(aurora)
    begun(version, ends_at=timezone.now() + LATER)
    look()
    assert asked() == {"novidades"}
    left()
    with time_machine.travel(timezone.now() + LATER + timedelta(hours=1), tick=True):
        look()
        assert cast.may(aurora).reason == "revoked"
        assert cast.may(aurora, purpose="pedidos").allow


def test_a_question_that_never_left_ends_nothing_and_leaves_no_more(aurora: Sample) -> None:
    cast.says(aurora)
    begun(renewed(aurora), ends_at=timezone.now() + LATER)
    look()
    with time_machine.travel(timezone.now() + LATER + timedelta(hours=1), tick=True):
        look()
        assert cast.may(aurora).allow
    assert [message.state for message in queued()] == [OutboundMessage.State.EXPIRED]
