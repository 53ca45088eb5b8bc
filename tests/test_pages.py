"""The first page, receipts as people read them, and errors that say what to do."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.urls import get_resolver

from consent import dialogue, erasure, http, vault
from consent.contact import Contact
from consent.log import tree
from consent.models import Act, CapturePoint, Company, OutboundMessage
from consent.sample import Sample
from consent.vocabulary import Confirmation
from tests import cast
from tests.capture.conftest import Visitor, text, visitor

__all__ = ["visitor"]

ANAS_NUMBER = Contact.tel("+5511987654321")


def address(act: UUID) -> str:
    return f"/r/{vault.act_token(act, use='receipt')}/"


@pytest.fixture
def given(visitor: Visitor) -> UUID:
    """Ana's yes to two boxes, where a single step is the policy."""
    CapturePoint.objects.update(confirmation=Confirmation.NONE)
    visitor.open()
    visitor.send(visitor.fields("novidades.sms", "pedidos.sms"))
    return Act.objects.get().pk


def say(sample: Sample, words: str) -> None:
    """Ana writes to the sample's number."""
    dialogue.answer(
        sender=sample.sender, contact=ANAS_NUMBER, text=words,
        method="sms", reference=words, evidence={},
    )  # fmt: skip


def stop(sample: Sample) -> UUID:
    """Ana sends a stop; the act of it."""
    say(sample, "SAIR")
    return Act.objects.latest("recorded_at").pk


# --- Receipts ---


def test_a_receipt_says_who_may_send_what_since_when_and_how_to_stop(client: Client, given: UUID) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        page = client.get(f"{address(given)}?lang=en")

    said = text(page)
    assert page.status_code == 200
    for words in (
        "You said yes", "Café Aurora may send you:", "News and offers SMS", "News of your orders SMS",
        "Send STOP by SMS to +55 11 4002-8922", "UTC-03:00", "privacidade@aurora.example",
    ):  # fmt: skip
        assert words in said
    assert "98765" not in said


def test_a_receipt_speaks_the_language_of_the_yes_unless_asked(client: Client, given: UUID) -> None:
    assert (
        client.get(address(given), headers={"Accept-Language": "es"}).content.count(b'<html lang="pt-br">')
        == 1
    )
    assert client.get(f"{address(given)}?lang=es").content.count(b'<html lang="es">') == 1


def test_a_receipt_is_a_secret_that_nobody_keeps_or_passes_on(client: Client, given: UUID) -> None:
    page = client.get(f"{address(given)}?embed=1")

    assert page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["X-Robots-Tag"] == "noindex"
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert not page.cookies


def test_a_receipt_shows_its_place_in_the_log_once_it_has_one(client: Client, given: UUID) -> None:
    tree.sequence()

    assert "entry 0 of 2" in text(client.get(f"{address(given)}?lang=en"))


def test_a_receipt_tells_that_a_yes_has_ended(client: Client, given: UUID, aurora: Sample) -> None:
    stopped = stop(aurora)

    over = text(client.get(f"{address(given)}?lang=en"))
    assert "You said yes, and it has ended" in over
    assert "now: you stopped it" in over

    no = text(client.get(f"{address(stopped)}?lang=en"))
    assert "You stopped it" in no
    assert "Café Aurora may not send you:" in no
    assert "News and offers SMS" in no


def test_where_a_part_was_stopped_the_receipt_does_not_promise_it(
    client: Client, given: UUID, aurora: Sample
) -> None:
    purpose = aurora.purposes["pedidos"]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        cast.stops(aurora, purpose=purpose, channel="sms", event_time=datetime.now(UTC))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        pages = {code: text(client.get(f"{address(given)}?lang={code}")) for code in ("en", "es", "pt-BR")}

    assert "You said yes" in pages["en"]
    assert "may send you the following, but nothing that has ended since:" in pages["en"]
    assert pages["en"].count("now: you stopped it") == 1
    assert "salvo lo que ya terminó" in pages["es"]
    assert "menos o que já terminou" in pages["pt-BR"]


def test_the_receipt_of_a_question_says_that_nothing_is_confirmed(
    client: Client, visitor: Visitor, aurora: Sample
) -> None:
    visitor.send()
    asked = Act.objects.get().pk
    assert "Not confirmed yet" in text(client.get(f"{address(asked)}?lang=en"))

    OutboundMessage.objects.update(state="sent", sent_at=datetime.now(UTC))
    say(aurora, "SIM")
    assert "You said yes" in text(client.get(f"{address(asked)}?lang=en"))

    stop(aurora)
    assert "You said no" in text(client.get(f"{address(asked)}?lang=en"))


def test_a_receipt_outlives_the_erasure_of_its_person_without_naming_anybody(
    client: Client, given: UUID, aurora: Sample
) -> None:
    erasure.erase(Act.objects.get().subject, company=aurora.company, entity="subject")

    page = client.get(address(given))

    assert page.status_code == 200
    assert "98765" not in text(page)


def test_a_zone_that_does_not_exist_breaks_no_receipt(client: Client, given: UUID) -> None:
    Company.objects.update(time_zone="Mars/Olympus")

    assert "UTC+00:00" in text(client.get(address(given)))


@pytest.mark.parametrize("token", ["x", "é", "A" * 43, "%00", "A" * 5000])
def test_an_address_that_was_guessed_leads_nowhere(client: Client, db: None, token: str) -> None:
    assert client.get(f"/r/{token}/").status_code == 404


def test_a_token_of_an_act_that_never_was_leads_nowhere(client: Client, db: None) -> None:
    assert client.get(address(vault.new_id())).status_code == 404


def test_a_token_for_another_use_leads_nowhere(client: Client, given: UUID) -> None:
    assert client.get(f"/r/{vault.act_token(given, use='confirm')}/").status_code == 404


# --- The first page ---


def test_the_first_page_leads_to_everything_one_can_try(client: Client, aurora: Sample) -> None:
    html = client.get("/?lang=en").content.decode()

    assert 'href="/c/aurora/novidades/"' in html
    assert 'href="/sandbox/"' in html
    assert 'href="/admin/"' in html


def test_an_installation_without_the_sample_leads_to_its_beginning(client: Client, db: None) -> None:
    page = client.get("/?lang=en")

    assert "Sign in as staff, and begin with your company" in text(page)
    assert "login was printed" not in text(page)  # nobody printed one
    assert page.content.decode().count('href="/admin/"') == 1


def test_without_the_sandbox_there_is_nothing_to_try(client: Client, aurora: Sample, settings: Any) -> None:
    settings.OPTIN_SANDBOX = False

    page = client.get("/?lang=en")

    assert "Try it" not in text(page)
    assert not page.cookies


@pytest.mark.parametrize(("accepted", "language"), [("es", "es"), ("pt", "pt-br"), ("fr", "en")])
def test_the_first_page_speaks_the_browser_s_language(
    client: Client, db: None, accepted: str, language: str
) -> None:
    assert (
        f'<html lang="{language}">' in client.get("/", headers={"Accept-Language": accepted}).content.decode()
    )


# --- Errors ---


def test_an_address_that_leads_nowhere_says_what_to_do_in_the_browser_s_language(
    client: Client, db: None
) -> None:
    page = client.get("/nada/", headers={"Accept-Language": "en"})

    assert page.status_code == 404
    assert "Check the address" in text(page)
    assert "/nada/" not in text(page)


@pytest.mark.parametrize(("status", "code"), [(400, 400), (403, 403), (404, 404), (500, 500)])
def test_every_error_has_a_page_of_ours(rf: RequestFactory, status: int, code: int) -> None:
    request = rf.get("/")
    handler = get_resolver().resolve_error_handler(status)
    answer = handler(request) if status == 500 else handler(request, exception=ValueError("secret"))

    assert answer.status_code == code
    assert re.search(r"<h1>.+</h1>", answer.content.decode())
    assert "secret" not in answer.content.decode()


def test_a_page_that_is_not_there_leads_to_ones_choices(client: Client, db: None) -> None:
    assert 'href="/preferences/"' in client.get("/r/nobody-has-this/").content.decode()


def test_what_is_too_much_has_a_page_of_its_own(rf: RequestFactory) -> None:
    assert http.bad_request(rf.get("/"), http.TOO_BIG[0]()).status_code == 413


@pytest.mark.parametrize("path", ["/", "/c/aurora/novidades/", "/preferences/", "/nowhere/"])
def test_staff_are_signed_in_on_their_own_pages_alone(
    aurora: Sample, admin_client: Client, path: str
) -> None:
    assert not hasattr(admin_client.get(path).wsgi_request, "session")
    assert admin_client.get("/admin/").wsgi_request.user.is_authenticated


@pytest.mark.parametrize("path", ["/stop/AAAA/", "/stop/AAAA/novidades/sms/", "/y/aurora/AAAA/"])
def test_an_address_that_is_none_is_not_found_whatever_is_posted_to_it(db: None, path: str) -> None:
    """A browser that has been at a page with a form has a cookie, and the body is of no form."""
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    assert client.post(path, b"a", content_type="multipart/form-data").status_code == 404
