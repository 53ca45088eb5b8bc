"""The phone in the browser shows what was sent, answers through the webhook, and tells nobody its number."""

import re
from typing import Any

import pytest
from django.test import Client

from consent import catalogue, decision, dialogue, recording, urls, wording
from consent.models import CapturePoint, Company, OutboundMessage, SandboxMessage, Sender
from consent.sample import Sample
from consent.sandbox import phones
from consent.sandbox.items import Exchange, Kind, Message, Phone
from consent.vocabulary import Possession, State
from tests import cast
from tests.cast import ANA, BRUNO

SENDER = "+551140028922"


def received(
    text: str = "Responda SIM", number: str = ANA.value, sender: str = SENDER, sid: str = "SM1"
) -> None:
    phones.keep(Message(sid=sid, kind=Kind.RECEIVED, number=number, sender=sender, text=text))


def phone(number: str = ANA.value) -> str:
    return f"/sandbox/phones/{phones.name_of(number)}/"


def text(response: Any) -> str:
    plain = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(plain.split())


@pytest.fixture
def online(live_server: Any, settings: Any, aurora: Sample) -> Sample:
    """The web server can reach itself."""
    settings.OPTIN_PUBLIC_URL = live_server.url
    return aurora


def ask_ana(aurora: Sample) -> None:
    ask = catalogue.ask("aurora", "novidades")
    assert ask is not None
    boxes = wording.statement(ask, aurora.version, "pt-BR").boxes[:1]
    event = cast.event(aurora, state=State.REQUESTED, possession=Possession.NONE)
    recorded = recording.record(event, tell=lambda act: [dialogue.asking(ask, boxes, "pt-BR", act)])
    OutboundMessage.objects.filter(act=recorded.act).update(state=OutboundMessage.State.SENT)


def decide(aurora: Sample) -> str:
    return decision.may_send(ANA, company=aurora.company.pk, channel="sms", purpose="novidades").reason.value


@pytest.mark.django_db(transaction=True)
def test_an_answer_on_the_phone_goes_in_through_the_webhook_and_the_reply_comes_back(
    online: Sample, client: Client
) -> None:
    ask_ana(online)
    received()

    response = client.post(phone(), {"to": SENDER, "text": "SIM"}, follow=True)

    assert decide(online) == "given"
    assert "Delivered" in text(response)
    written, reply = phones.on(Phone(name="", number=ANA.value))[1:]
    assert (written.kind, written.text, written.exchange.status) == (Kind.WRITTEN, "SIM", 200)
    assert (reply.kind, reply.sender) == (Kind.RECEIVED, SENDER)
    assert "/r/" in reply.text
    assert "X-Twilio-Signature" in written.exchange.headers


@pytest.mark.django_db(transaction=True)
def test_a_stop_on_the_phone_is_in_force_before_its_reply_is_shown(online: Sample, client: Client) -> None:
    cast.says(online)

    client.post(phone(), {"to": SENDER, "text": "SAIR"})
    assert client.post("/sandbox/", {"number": ANA.value}).status_code == 302
    client.post(phone(), {"to": SENDER, "text": "SAIR"})

    assert decide(online) == "withdrawn"


@pytest.mark.django_db(transaction=True)
def test_what_did_not_get_through_says_so_and_can_be_sent_again(
    online: Sample, client: Client, settings: Any, live_server: Any
) -> None:
    ask_ana(online)
    received()
    settings.OPTIN_PUBLIC_URL = "http://127.0.0.1:9"
    failed = client.post(phone(), {"to": SENDER, "text": "SIM"}, follow=True)
    assert "Not delivered" in text(failed)
    assert "could not reach itself at http://127.0.0.1:9" in text(failed)
    (message,) = SandboxMessage.objects.exclude(pk="SM1")

    settings.OPTIN_PUBLIC_URL = live_server.url
    for _time in range(2):
        again = client.post(f"{phone()}again/", {"sid": message.pk}, follow=True)

    assert "Not delivered" not in text(again)
    assert decide(online) == "given"
    assert len(phones.on(Phone(name="", number=ANA.value))) == 3


@pytest.mark.django_db(transaction=True)
def test_a_webhook_that_refuses_is_named_with_its_answer(online: Sample, client: Client) -> None:
    received()

    failed = client.post(phone(), {"to": SENDER, "text": "x" * 1600}, follow=True)
    assert "Delivered" in text(failed)
    message = next(message for message in phones.on(Phone(name="", number=ANA.value)) if message.sid != "SM1")
    phones.keep(
        Message(
            sid=message.sid, kind=Kind.WRITTEN, number=ANA.value, sender=SENDER, text="SIM",
            wire=(Exchange(line="POST /", status=403),),
        )
    )  # fmt: skip

    assert "The webhook answered 403." in text(client.get(phone()))


def test_the_first_page_waits_for_a_phone(aurora: Sample, client: Client) -> None:
    page = client.get("/sandbox/")

    assert page.status_code == 200
    assert "Waiting for the first message" in text(page)
    assert "/c/aurora/novidades/" in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert page["X-Robots-Tag"] == "noindex"


def test_the_first_page_shows_the_phone_that_was_used_last(aurora: Sample, client: Client) -> None:
    received("For Ana", ANA.value, sid="SM1")
    received("For Bruno", BRUNO.value, sid="SM2")

    page = client.get("/sandbox/").content.decode()

    assert 'id="sms-SM2"' in page
    assert 'id="sms-SM1"' not in page
    assert [listed.number for listed in phones.all_phones()] == [BRUNO.value, ANA.value]


def test_a_number_stands_in_no_address(aurora: Sample, client: Client) -> None:
    made = client.post("/sandbox/", {"number": ANA.value})

    page = client.get("/sandbox/").content.decode()
    addresses = [made["Location"], *re.findall(r'(?:href|action|src)="([^"]*)"', page)]
    assert len(addresses) > 5
    assert not any("87654321" in address for address in addresses)


def test_what_lies_on_phones_is_sealed(aurora: Sample) -> None:
    received("canary-7391")

    row = SandboxMessage.objects.get()
    for column in (row.sealed, row.phone, row.sid.encode()):
        assert b"canary" not in bytes(column)
        assert b"87654321" not in bytes(column)


def test_a_new_phone_can_be_made_once(aurora: Sample, client: Client) -> None:
    for _time in range(2):
        made = client.post("/sandbox/?lang=es", {"number": "(11) 98765-4321"})
        assert made["Location"] == f"{phone()}?lang=es&app=sms#phone"

    assert SandboxMessage.objects.count() == 1
    page = client.get(phone())
    assert "Nothing here yet" in text(page)
    assert "New, nothing here yet" in text(page)


@pytest.mark.parametrize("number", ["", "12", "abc", "+5511987654321 +5511987654322", "x" * 500])
def test_a_number_that_is_none_is_explained_and_kept_in_its_field(
    aurora: Sample, client: Client, number: str
) -> None:
    for current in (False, True):
        if current:
            received()
        page = client.post("/sandbox/", {"number": number})
        assert page.status_code == 422
        assert 'aria-invalid="true"' in page.content.decode()
        assert f'value="{number}"' in page.content.decode()


@pytest.mark.parametrize("name", ["x", "A" * 43, "A" * 44, "é", "!" * 43])
def test_a_phone_that_does_not_exist_is_a_404(aurora: Sample, client: Client, name: str) -> None:
    assert client.get(f"/sandbox/phones/{name}/").status_code == 404
    assert client.post(f"/sandbox/phones/{name}/again/", {"sid": "SM1"}).status_code == 404


@pytest.mark.parametrize("fields", [{}, {"to": SENDER, "text": "  "}, {"to": "+10000000000", "text": "SIM"}])
def test_nothing_is_written_without_words_or_to_a_stranger(
    aurora: Sample, client: Client, fields: dict[str, str]
) -> None:
    received()

    assert client.post(phone(), fields).status_code in {200, 302}
    assert SandboxMessage.objects.count() == 1


@pytest.mark.parametrize("sid", ["", "SM1", "SM2", "SM3"])
def test_only_what_was_written_on_this_phone_can_be_sent_again(
    aurora: Sample, client: Client, sid: str
) -> None:
    received(sid="SM1")
    phones.keep(Message(sid="SM2", kind=Kind.WRITTEN, number=BRUNO.value, sender=SENDER, text="SIM"))

    assert client.post(f"{phone()}again/", {"sid": sid}).status_code == 404
    assert client.get(f"{phone()}again/").status_code == 405


def test_a_phone_talks_with_one_company_at_a_time(aurora: Sample, client: Client) -> None:
    other = Company.objects.create(slug="boreal", name="Boreal", country="CO", time_zone="Nowhere/At-All")
    Sender.objects.create(company=other, channel="sms", provider="sandbox", address="+5716012345")
    received("From Aurora", sid="SM1")
    received("From Boreal", sender="+5716012345", sid="SM2")

    newest = client.get(phone())
    assert "From Boreal" in re.sub(
        r"\s+", " ", newest.content.decode().split('class="talk"')[1].split("</ol>")[0]
    )
    asked = client.get(phone(), {"to": SENDER}).content.decode()
    assert "From Aurora" in asked.split('class="talk"')[1].split("</ol>")[0]
    assert "Conversations" in asked


def test_without_a_company_the_phone_says_what_is_missing(client: Client, db: None) -> None:
    received()

    page = client.get("/sandbox/")

    assert "No company has such a number" in text(page)
    assert client.post("/sandbox/", {"number": "+5511987654321"}).status_code == 302


def test_only_forms_that_can_be_filled_in_are_offered(aurora: Sample, client: Client) -> None:
    CapturePoint.objects.update(is_open=False)

    assert "/c/aurora/novidades/" not in client.get("/sandbox/").content.decode()


@pytest.mark.parametrize(
    ("language", "answers"), [("en", "JOIN NO STOP"), ("es", "ACEPTO NO SALIR"), ("pt-BR", "SIM NÃO SAIR")]
)
def test_quick_answers_are_in_the_language_of_the_page(
    aurora: Sample, client: Client, language: str, answers: str
) -> None:
    received()

    page = client.get(phone(), {"lang": language}).content.decode()

    quick = page.split('class="quick"')[1].split("</form>")[0]
    assert re.findall(r'name="text" value="([^"]+)"', quick) == answers.split()
    assert f'<html lang="{language.lower()}"' in page


def test_what_strangers_write_is_escaped(aurora: Sample, client: Client) -> None:
    received("<script>alert(1)</script> https://localhost/r/x/")

    page = client.get(phone()).content.decode()

    assert "<script>alert" not in page
    assert 'href="https://localhost/r/x/"' in page


def test_the_script_gets_the_phone_alone(aurora: Sample, client: Client) -> None:
    received()

    part = client.get(phone(), headers={"X-Part": "phone"}).content.decode()

    assert 'id="sms-SM1"' in part
    assert "<html" not in part
    assert "<style" not in part


def test_there_is_no_sandbox_where_it_is_off(aurora: Sample, client: Client, settings: Any) -> None:
    received()
    settings.OPTIN_SANDBOX = False

    for path in ("/sandbox/", phone()):
        assert client.get(path).status_code == 404
        assert client.post(path, {"number": ANA.value}).status_code == 404
    assert client.post(f"{phone()}again/", {"sid": "SM1"}).status_code == 404


def test_very_much_on_a_phone_shows_the_newest(aurora: Sample, client: Client) -> None:
    for number in range(phones.MOST_MESSAGES + 5):
        received(sid=f"SM{number:03}")

    shown = phones.on(Phone(name="", number=ANA.value))

    assert len(shown) == phones.MOST_MESSAGES
    assert shown[-1].sid == f"SM{phones.MOST_MESSAGES + 4:03}"


def test_there_is_not_even_an_address_where_it_is_off(settings: Any) -> None:
    assert [str(one.pattern) for one in urls.sandbox()] == ["sandbox/"]
    settings.OPTIN_SANDBOX = False
    assert urls.sandbox() == []
