"""The preference centre: what was agreed stands there, each button is a record, and decisions follow at once."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent import erasure, opening
from consent.models import CapturePoint, Company, ConsentRecord, OutboundMessage, Sender
from consent.recording import Recorded
from consent.sample import Sample
from tests import cast
from tests.capture.conftest import codes, publish_next, text
from tests.preferences.conftest import anybodys, own

type Send = Callable[..., Any]
KEY = "novidades.sms"


def back(page: str, key: str = KEY) -> str:
    return f"{page}back/aurora/{key}/"


def pin(page: Any) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.content.decode())
    assert found, page.content
    return found[1]


def say_yes(client: Client, page: str) -> Any:
    return client.post(back(page), {"token": pin(client.get(back(page)))})


def test_the_page_says_what_was_agreed_when_how_and_in_which_words(client: Client, said: Recorded) -> None:
    page = text(client.get(f"{own(said.act)}?lang=en"))

    assert "Você disse sim: Novidades e ofertas por SMS" in text(client.get(own(said.act)))
    assert "News and offers by SMS" in page
    assert "News and offers by WhatsApp" in page
    assert "You said yes" in page
    assert "on a web page" in page
    assert "Café Aurora quer escrever para você" in page


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_reading_changes_nothing_and_leaves_nothing_behind(
    client: Client, said: Recorded, method: str
) -> None:
    before = ConsentRecord.objects.count()
    answer = getattr(client, method)(own(said.act))

    assert (answer.status_code, ConsentRecord.objects.count()) == (200, before)
    assert not answer.cookies
    if method != "options":
        assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_one_purpose_stops_comes_back_and_everything_stops(
    aurora: Sample, client: Client, said: Recorded, send: Send
) -> None:
    page = own(said.act)
    assert send(page, stop=KEY).status_code == 303
    assert (cast.may(aurora).reason, cast.may(aurora, channel="whatsapp").allow) == ("withdrawn", True)

    done = say_yes(client, page)
    assert done.status_code == 303
    assert cast.may(aurora).allow

    send(page, all="yes", reason="Too many")
    assert cast.may(aurora).reason == cast.may(aurora, channel="whatsapp").reason == "withdrawn"
    history = text(client.get(f"{page}?lang=en"))
    assert "Everything, on every channel" in history
    assert "Your reason: Too many" in history
    assert "may send you nothing" in history


def test_every_change_is_a_record_with_its_receipt(
    aurora: Sample, client: Client, said: Recorded, send: Send
) -> None:
    answer = send(own(said.act), stop=KEY)

    record = ConsentRecord.objects.latest("arrival")
    assert (record.state, record.method, record.possession, record.entity) == (
        "withdrawn", "website", "link", "subject",
    )  # fmt: skip
    page = client.get(answer["Location"].partition("#")[0])
    receipt = re.search(r'href="http://[^/]+(/r/[^"]+)"', page.content.decode())
    assert receipt
    assert client.get(receipt[1]).status_code == 200


def test_a_yes_brings_the_words_that_were_shown(
    aurora: Sample, client: Client, said: Recorded, send: Send
) -> None:
    send(own(said.act), stop=KEY)
    assert say_yes(client, own(said.act)).status_code == 303

    record = ConsentRecord.objects.latest("arrival")
    evidence = opening.evidence_of(record.act_id)
    assert (record.state, record.possession, record.notice_id) == ("given", "link", aurora.version.pk)
    assert "Café Aurora" in evidence["text"]
    assert [box["key"] for box in evidence["boxes"]] == [KEY]


def test_the_same_showing_sent_twice_is_one_yes(client: Client, said: Recorded, send: Send) -> None:
    page = own(said.act)
    send(page, stop=KEY)
    token = pin(client.get(back(page)))
    for _ in range(2):
        assert client.post(back(page), {"token": token}).status_code == 303

    assert ConsentRecord.objects.filter(state="given", channel="sms").count() == 2


def test_words_that_changed_meanwhile_are_shown_before_they_are_agreed_to(
    aurora: Sample, client: Client, said: Recorded, send: Send
) -> None:
    page = own(said.act)
    send(page, stop=KEY)
    token = pin(client.get(back(page)))
    publish_next(aurora)
    answer = client.post(back(page), {"token": token})

    assert (answer.status_code, codes(answer)) == (422, ["notice.superseded"])
    assert not cast.may(aurora).allow
    assert client.post(back(page), {"token": pin(answer)}).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "\0"])
def test_a_yes_without_a_showing_is_none(
    aurora: Sample, client: Client, said: Recorded, send: Send, token: str
) -> None:
    send(own(said.act), stop=KEY)
    answer = client.post(back(own(said.act)), {"token": token})

    assert (answer.status_code, codes(answer)) == (400, ["form.missing"])
    assert not cast.may(aurora).allow


def test_a_page_open_for_too_long_is_shown_again(
    aurora: Sample, client: Client, said: Recorded, send: Send
) -> None:
    page = own(said.act)
    send(page, stop=KEY)
    token = pin(client.get(back(page)))
    with time_machine.travel(timezone.now() + timedelta(hours=49), tick=False):
        assert codes(client.post(back(page), {"token": token})) == ["form.expired"]


def test_what_anybody_may_know_stops_and_turns_nothing_on(
    aurora: Sample, client: Client, said: Recorded, send: Send
) -> None:
    page = anybodys(said.act)
    assert "WhatsApp" not in text(client.get(f"{page}?lang=en"))
    send(page, stop=KEY)

    assert cast.may(aurora).reason == "withdrawn"
    assert client.get(back(page)).status_code == 404
    send(page, all="yes")
    assert cast.may(aurora, channel="whatsapp").reason == "withdrawn"


def test_an_address_that_is_old_shows_no_more_whose_number_it_is(
    aurora: Sample, client: Client, said: Recorded, send: Send
) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        assert client.get(back(own(said.act))).status_code == 404
        assert send(own(said.act), all="yes").status_code == 303
        assert cast.may(aurora).reason == "withdrawn"


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"stop": "x"}, {"stop": "novidades.pigeon"}, {"all": "yes", "company": "horizonte"},
        {"stop": "\0.sms"},
    ],
)  # fmt: skip
def test_what_is_no_switch_changes_nothing(client: Client, said: Recorded, send: Send, fields: Any) -> None:
    before = ConsentRecord.objects.count()

    assert send(own(said.act), **fields).status_code == 404
    assert ConsentRecord.objects.count() == before


@pytest.mark.parametrize("reason", ["\ufffd", "chega\0", "🛑", "x" * 5000])
def test_no_stop_fails_for_the_reason_beside_it(
    aurora: Sample, client: Client, said: Recorded, send: Send, reason: str
) -> None:
    assert send(own(said.act), all="yes", reason=reason).status_code == 303
    assert cast.may(aurora).reason == "withdrawn"


def test_a_form_that_cannot_be_read_says_so(client: Client, said: Recorded) -> None:
    answer = client.post(own(said.act), "all=yes&all=yes", content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, codes(answer)) == (400, ["form.duplicate_field"])


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00"])
def test_an_address_that_is_none_is_not_found(client: Client, aurora: Sample, token: str) -> None:
    assert client.get(f"/preferences/{token}/").status_code == 404
    assert client.post(f"/preferences/{token}/", {"all": "yes"}).status_code == 404


def test_whatever_is_closed_or_used_up_nobody_is_kept(
    aurora: Sample, client: Client, said: Recorded, send: Send
) -> None:
    Company.objects.update(messages_per_day=0, is_paused=True, allowed_countries=["CO"])
    Sender.objects.update(is_paused=True)
    CapturePoint.objects.update(is_open=False)
    assert send(own(said.act), all="yes").status_code == 303
    assert cast.may(aurora).reason == "withdrawn"


def test_a_purpose_that_nobody_asks_about_any_more_cannot_be_turned_on(
    client: Client, said: Recorded, send: Send
) -> None:
    send(own(said.act), stop=KEY)
    CapturePoint.objects.update(is_open=False)

    assert client.get(back(own(said.act))).status_code == 404
    assert "Turn on" not in text(client.get(f"{own(said.act)}?lang=en"))


def test_nothing_is_held_of_an_erased_person_and_the_page_says_so(
    aurora: Sample, client: Client, said: Recorded, send: Send
) -> None:
    erasure.erase(said.subject, company=aurora.company, entity="subject")
    page = client.get(f"{own(said.act)}?lang=en")

    assert page.status_code == 200
    assert "Nothing is held about you" in text(page)
    assert "/e/" in page.content.decode()
    assert send(own(said.act), all="yes").status_code == 303


def test_a_change_is_confirmed_once_on_the_channel_it_concerns(
    aurora: Sample, client: Client, said: Recorded, send: Send
) -> None:
    for _ in range(2):
        send(own(said.act), stop=KEY)
    message = OutboundMessage.objects.get()
    words = opening.message_content(message)["text"]

    assert (message.kind, message.sender) == ("receipt", aurora.sender)
    assert words.startswith("Café Aurora")
    assert "/r/" in words
    say_yes(client, own(said.act))
    assert OutboundMessage.objects.count() == 2


def test_who_had_nothing_to_stop_is_sent_nothing(aurora: Sample, said: Recorded, send: Send) -> None:
    send(own(said.act), all="yes")
    assert OutboundMessage.objects.count() == 1
    cast.asks(aurora)
    send(own(said.act), stop=KEY)

    assert OutboundMessage.objects.filter(kind="receipt").count() == 1
