"""Who signed on paper is told on WhatsApp in approved words, because they have not written there."""

from typing import Any

import pytest
from django.utils import timezone

from consent import catalogue, opening, outbox, sample
from consent.capture.paper import committing, telling, telling_again
from consent.models import OutboundMessage, PaperBatch, SandboxMessage
from consent.sample import AT_META, Sample
from consent.vocabulary import Confirmation
from tests import cast, sheets


@pytest.fixture
def on_whatsapp(aurora: Sample) -> Sample:
    """The sample point, which asks and tells by a WhatsApp number and by the policy needs no answer."""
    aurora.point.sender = aurora.company.senders.get(address=AT_META)
    aurora.point.confirmation = Confirmation.NONE
    aurora.point.save()
    catalogue.forget()
    return aurora


def committed(aurora: Sample) -> OutboundMessage:
    """The message about a sheet that was committed, after the worker tried to send it."""
    page = sheets.checked(sheets.draft(sheets.batch(aurora)))
    committing.commit(page, by="staff:7")
    outbox.drain()
    return OutboundMessage.objects.get(act=sheets.page(page).act)


@pytest.mark.django_db(transaction=True)
def test_whoever_has_not_written_is_told_by_an_approved_template(
    on_whatsapp: Sample, live_server: Any, settings: Any
) -> None:
    settings.OPTIN_PUBLIC_URL = live_server.url  # the sandbox's provider answers there
    sample.approve(on_whatsapp)

    message = committed(on_whatsapp)

    content = opening.message_content(message)
    name, language, values = content["template"]
    assert message.state in {"sent", "delivered"}
    assert SandboxMessage.objects.count() == 1  # it lies on the phone
    assert (name, language) == ("sheet_registered", "pt_BR")
    assert "Café Aurora" in values
    assert content["text"].startswith("Olá. O formulário que você assinou em ")
    assert "Novidades e ofertas por SMS" in content["text"]
    assert "/r/" in content["text"]
    assert "SAIR" in content["text"]
    assert "buttons" not in content  # it asks nothing


def test_without_one_the_message_fails_and_says_that_the_window_is_closed(on_whatsapp: Sample) -> None:
    message = committed(on_whatsapp)

    assert (message.state, message.error) == ("failed", "window.closed")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", [Confirmation.NONE, Confirmation.REPLY])
def test_what_failed_for_want_of_approved_words_is_told_once_they_are(
    on_whatsapp: Sample, live_server: Any, settings: Any, way: Confirmation
) -> None:
    settings.OPTIN_PUBLIC_URL = live_server.url
    on_whatsapp.point.confirmation = way
    on_whatsapp.point.save()
    catalogue.forget()
    message = committed(on_whatsapp)
    now = timezone.now()
    batch = PaperBatch.objects.get()
    assert telling_again.lost(batch) == [message]
    assert not telling_again.tell_again(message, at=now)  # there are still no such words
    sample.approve(on_whatsapp)

    assert telling_again.tell_again(message, at=now)
    assert not telling_again.tell_again(message, at=now)  # pressed twice
    outbox.drain()

    assert telling_again.lost(batch) == []
    again = OutboundMessage.objects.get(act=message.act)
    assert again.state in {"sent", "delivered"}
    assert opening.message_content(again)["template"][1] == "pt_BR"
    assert SandboxMessage.objects.count() == 1


def test_nobody_is_told_of_a_yes_that_they_took_back_or_of_another_policy(on_whatsapp: Sample) -> None:
    message, now = committed(on_whatsapp), timezone.now()
    sample.approve(on_whatsapp)
    on_whatsapp.point.confirmation = Confirmation.REPLY
    on_whatsapp.point.save()
    catalogue.forget()
    assert not telling_again.tell_again(message, at=now)
    on_whatsapp.point.confirmation = Confirmation.NONE
    on_whatsapp.point.save()
    catalogue.forget()
    cast.stops(on_whatsapp, cast.ANA)

    assert not telling_again.tell_again(message, at=timezone.now())
    assert OutboundMessage.objects.get(pk=message.pk).state == "failed"


@pytest.mark.parametrize("way", [Confirmation.NONE, Confirmation.REPLY])
def test_it_is_known_beforehand_whether_a_template_is_wanted(on_whatsapp: Sample, way: Confirmation) -> None:
    on_whatsapp.point.confirmation = way
    on_whatsapp.point.save()
    catalogue.forget()

    def is_wanted() -> bool:
        ask = catalogue.ask(on_whatsapp.company.slug, on_whatsapp.point.slug)
        assert ask is not None
        return telling.needs_a_template(ask, "pt-BR")

    assert is_wanted()
    sample.approve(on_whatsapp)
    assert not is_wanted()
    on_whatsapp.point.sender = on_whatsapp.sender
    on_whatsapp.point.save()
    catalogue.forget()
    assert not is_wanted()
