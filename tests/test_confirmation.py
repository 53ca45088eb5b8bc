"""The link that proves a number: programs may open it, people confirm with it, once and in time."""

import re
from typing import Any

import pytest
from django.test import Client

from consent import catalogue, dialogue, erasure, opening, publishing, vault
from consent.models import CapturePoint, Company, ConsentRecord, NoticeVersion, OutboundMessage
from consent.recording import Recorded
from consent.sample import Sample
from consent.vocabulary import Confirmation, Possession
from tests import cast


@pytest.fixture
def asked(aurora: Sample) -> Recorded:
    """Ana's number was typed, and the link went to it."""
    CapturePoint.objects.filter(pk=aurora.point.pk).update(confirmation=Confirmation.LINK)
    catalogue.forget()
    return cast.sent(cast.asks(aurora))


def path(recorded: Recorded) -> str:
    """The address in the message, as the person got it."""
    text = str(opening.message_content(OutboundMessage.objects.get(act=recorded.act))["text"])
    return next(word for word in text.split() if "/y/" in word).removeprefix("http://localhost:8000")


def test_opening_the_link_changes_nothing_however_it_is_opened(
    aurora: Sample, asked: Recorded, client: Client
) -> None:
    page = client.get(path(asked))
    assert page.status_code == 200
    assert "Café Aurora" in page.content.decode()
    assert "Novidades e ofertas por SMS" in page.content.decode()
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("no-referrer", "no-store")
    for method in (client.head, client.options):
        assert method(path(asked)).status_code == 200
    assert client.put(path(asked)).status_code == 405
    assert client.post(path(asked), {"answer": "maybe"}).status_code == 200
    assert client.post(path(asked)).status_code == 200
    assert cast.may(aurora).reason == "requested"


def test_pressing_yes_confirms_and_again_is_already_confirmed(
    aurora: Sample, asked: Recorded, client: Client
) -> None:
    first = client.post(path(asked), {"answer": "yes"})
    assert (first.status_code, "/r/" in first["Location"]) == (303, True)
    assert cast.may(aurora).reason == "given"
    given = ConsentRecord.objects.get(state="given")
    assert given.possession == Possession.LINK
    evidence = opening.evidence_of(given.act_id)
    assert evidence["answer"] == "yes"
    assert "/y/" in evidence["answers"][0]["question"]
    assert {"sent_at", "address", "user_agent"} <= evidence.keys()

    assert client.post(path(asked), {"answer": "yes"})["Location"] == first["Location"]
    again = client.get(path(asked))
    assert again.status_code == 200
    assert "Já está confirmado" in again.content.decode()
    assert first["Location"] in again.content.decode()
    assert ConsentRecord.objects.filter(state="given").count() == 1


def test_the_page_leads_to_one_link_that_stops_everything(
    aurora: Sample, asked: Recorded, client: Client
) -> None:
    client.post(path(asked), {"answer": "yes"})
    cast.says(aurora, channel="whatsapp")
    found = re.search(r'href="[^"]*(/stop/[^/"]+/)\?lang=', client.get(path(asked)).content.decode())
    assert found is not None

    assert client.get(found[1]).status_code == 200
    assert cast.may(aurora).allow
    assert client.post(found[1]).status_code == 200
    assert cast.may(aurora).reason == cast.may(aurora, channel="whatsapp").reason == "withdrawn"


def test_pressing_no_refuses_for_good(aurora: Sample, asked: Recorded, client: Client) -> None:
    assert client.post(path(asked), {"answer": "no"}).status_code == 200
    assert cast.may(aurora).reason == "refused"
    client.post(path(asked), {"answer": "yes"})
    assert cast.may(aurora).reason == "refused"


def test_a_link_one_bit_off_or_of_another_company_leads_nowhere(
    aurora: Sample, asked: Recorded, client: Client
) -> None:
    Company.objects.create(slug="boreal", name="Café Boreal")
    real = path(asked)
    token = real.split("/")[3]
    for place in range(len(token)):
        other = chr(ord(token[place]) ^ 1)
        if other.isalnum():
            wrong = f"/y/aurora/{token[:place]}{other}{token[place + 1 :]}/"
            assert client.post(wrong, {"answer": "yes"}).status_code == 404, place
    assert client.post(f"/y/boreal/{token}/", {"answer": "yes"}).status_code == 404
    assert cast.may(aurora).reason == "requested"


def test_a_code_page_is_no_link(aurora: Sample, asked: Recorded, client: Client) -> None:
    """Whoever typed the form knows the page that waits, and must not find the link from it."""
    for use in ("confirm", "receipt"):
        token = vault.act_token(asked.act, use=use)
        assert client.post(f"/y/aurora/{token}/", {"answer": "yes"}).status_code == 404


def expire(settings: Any) -> None:
    settings.OPTIN_ASK_TTL_HOURS = 0


def test_an_old_link_is_gone_and_offers_to_ask_once_more(
    aurora: Sample, asked: Recorded, client: Client, settings: Any
) -> None:
    address = path(asked)
    expire(settings)
    assert client.post(address, {"answer": "yes"}).status_code == 410
    page = client.get(address)
    assert page.status_code == 410
    assert 'value="again"' in page.content.decode()
    assert not ConsentRecord.objects.filter(state="given").exists()

    for _time in range(2):
        assert client.post(address, {"answer": "again"}).status_code == 200
    assert OutboundMessage.objects.count() == 2, "one more, however often it is pressed"
    settings.OPTIN_ASK_TTL_HOURS = 24
    new = OutboundMessage.objects.latest("created_at")
    assert new.act != asked.act
    assert dialogue.waiting_request(new.act) is not None
    text = str(opening.message_content(new)["text"])
    link = next(word for word in text.split() if "/y/" in word).removeprefix("http://localhost:8000")
    client.post(link, {"answer": "yes"})
    assert cast.may(aurora).reason == "given"


def _retire(aurora: Sample) -> None:
    draft = NoticeVersion.objects.create(
        notice=aurora.version.notice, major=2, wordings=aurora.version.wordings
    )
    publishing.publish(draft)


def _close(aurora: Sample) -> None:
    CapturePoint.objects.update(is_open=False)


def _drop_a_box(aurora: Sample) -> None:
    aurora.point.offers.filter(channel="sms").delete()


@pytest.mark.parametrize("change", [_retire, _close, _drop_a_box])
def test_what_is_asked_otherwise_now_is_not_asked_again(
    aurora: Sample, asked: Recorded, client: Client, settings: Any, change: Any
) -> None:
    address = path(asked)
    expire(settings)
    change(aurora)
    catalogue.forget()

    page = client.post(address, {"answer": "again"})
    assert page.status_code == 410
    assert 'value="again"' not in page.content.decode()
    assert "/c/aurora/novidades/" in page.content.decode()
    assert OutboundMessage.objects.count() == 1


def test_of_an_erased_person_nothing_is_shown(
    aurora: Sample, asked: Recorded, client: Client, settings: Any
) -> None:
    address = path(asked)
    erasure.erase(asked.subject, company=aurora.company, entity="staff:1")
    expire(settings)

    page = client.post(address, {"answer": "again"})
    assert page.status_code == 410
    assert 'value="again"' not in page.content.decode()
    assert OutboundMessage.objects.count() == 1
    settings.OPTIN_ASK_TTL_HOURS = 24
    assert client.post(address, {"answer": "yes"}).status_code == 410
    assert not ConsentRecord.objects.filter(state="given").exists()


@pytest.mark.parametrize(("language", "words"), [("en", "Yes, I want this"), ("es", "Sí, lo quiero")])
def test_the_page_speaks_the_language_that_is_asked_for(
    asked: Recorded, client: Client, language: str, words: str
) -> None:
    page = client.get(f"{path(asked)}?lang={language}")
    assert words in page.content.decode()
    assert page["Content-Language"] == language
