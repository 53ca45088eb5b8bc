"""The form as it is shown: what stands on it, in which language, where, and how often."""

import base64
import re
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from consent import branding, catalogue, languages, pinned, shown
from consent.catalogue import Ask
from consent.errors import BadInput
from consent.models import CapturePoint, Company, NoticeShown, NoticeVersion
from consent.sample import Sample
from tests.capture.conftest import FORM, Visitor, publish_next, text

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


def test_the_statement_stands_in_the_page_and_names_company_and_channels(visitor: Visitor) -> None:
    shown_text = text(visitor.page)

    assert "Café Aurora quer falar com você por SMS e WhatsApp" in shown_text
    assert "Café Aurora Ltda." in shown_text
    assert "https://aurora.example/privacidade" in shown_text


def test_no_box_is_ticked_and_there_is_one_for_each_purpose_and_channel(visitor: Visitor) -> None:
    boxes = re.findall(r'<input type="checkbox"[^>]*>', visitor.page.content.decode())

    names = [re.search(r'name="([^"]+)"', box)[1] for box in boxes]  # type: ignore[index]
    assert names == ["box.novidades.sms", "box.novidades.whatsapp", "box.pedidos.sms"]
    assert not any("checked" in box for box in boxes)


def test_a_form_sets_no_cookie_and_is_kept_by_no_shared_cache(visitor: Visitor) -> None:
    assert not visitor.page.cookies
    assert visitor.page["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("accepted", "query", "expected"),
    [
        ("pt-PT,pt;q=0.9,en;q=0.5", "", "pt-BR"),
        ("es-CO", "", "es"),
        ("en-GB,en;q=0.9", "", "en"),
        ("fr,de;q=0.8", "", "pt-BR"),  # the company's first language
        ("", "", "pt-BR"),
        ("en", "lang=es", "es"),
        ("en", "lang=PT-br", "pt-BR"),
        ("en", "lang=fr", "en"),
        ("x" * 5000, "", "pt-BR"),
        ("en", "lang=%FF%00", "en"),
    ],
)
def test_the_language_is_the_address_s_else_the_browser_s(
    client: Client, aurora: Sample, accepted: str, query: str, expected: str
) -> None:
    page = client.get(f"{FORM}?{query}", headers={"Accept-Language": accepted})

    assert page.status_code == 200
    assert page["Content-Language"] == expected
    assert f'lang="{expected.lower()}"' in page.content.decode()
    assert page.cookies == {}


def test_only_the_languages_of_the_point_are_offered(client: Client, aurora: Sample) -> None:
    CapturePoint.objects.update(languages=["es", "tlh"])

    page = client.get(f"{FORM}?lang=en")

    assert page["Content-Language"] == "es"
    assert "hreflang" not in page.content.decode()


def test_a_point_without_languages_speaks_all_of_ours() -> None:
    assert languages.known([]) == ["en", "es", "pt-BR"]


def test_a_default_that_is_not_offered_is_not_chosen(rf: RequestFactory) -> None:
    assert languages.choose(rf.get("/"), offered=["es"], default="pt-BR") == "es"


@pytest.mark.parametrize("path", ["/c/aurora/nada/", "/c/ninguem/novidades/"])
def test_an_unknown_point_is_not_found(client: Client, aurora: Sample, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


def test_a_closed_point_is_gone_with_kind_words(client: Client, aurora: Sample) -> None:
    CapturePoint.objects.update(is_open=False)

    page = client.get(f"{FORM}?lang=en")

    assert page.status_code == 410
    assert "Café Aurora is not asking for anything here at the moment" in text(page)
    assert 'href="/preferences/"' in page.content.decode()  # a stop is never out of reach
    assert client.post(FORM, {"phone": "x"}).status_code == 410


def test_a_point_without_a_published_notice_cannot_be_opened(client: Client, aurora: Sample) -> None:
    NoticeVersion.objects.update(state="retired")

    assert client.get(FORM).status_code == 404
    assert client.post(FORM, {"phone": "x"}).status_code == 404


def test_a_point_without_boxes_cannot_be_opened(client: Client, aurora: Sample) -> None:
    aurora.point.offers.all().delete()

    assert client.get(FORM).status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_other_methods_are_refused(client: Client, aurora: Sample, method: str) -> None:
    assert getattr(client, method)(FORM).status_code == 405


def test_what_staff_wrote_is_escaped(client: Client, aurora: Sample) -> None:
    aurora.purposes["novidades"].description["en"] = "<script>alert(1)</script>"
    aurora.purposes["novidades"].save()
    Company.objects.update(name="<b>Bruno</b> & Co")

    html = client.get(f"{FORM}?lang=en").content.decode()

    assert "<script>alert" not in html
    assert "<b>Bruno" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_country_or_colour_that_does_not_exist_breaks_no_page(client: Client, aurora: Sample) -> None:
    Company.objects.update(country="XX", color="red")

    page = client.get(f"{FORM}?lang=en")

    assert page.status_code == 200
    assert "such as +1 201-555-0123" in text(page)


# --- How often it was shown ---


def test_showings_are_counted_for_each_version_and_language(client: Client, aurora: Sample) -> None:
    for query in ("lang=en", "lang=en", "lang=es"):
        client.get(f"{FORM}?{query}")
    client.head(FORM)
    client.post(FORM, {"phone": "1"})

    counted = {(row.language, row.times, row.method, row.version_id) for row in NoticeShown.objects.all()}
    assert counted == {("en", 2, "website", aurora.version.pk), ("es", 1, "website", aurora.version.pk)}


def asked() -> tuple[Ask, NoticeVersion]:
    """The sample's capture point as it is shown now."""
    ask = catalogue.ask("aurora", "novidades")
    assert ask is not None
    assert ask.version is not None
    return ask, ask.version


def test_showings_wait_in_memory_until_there_are_enough(
    client: Client, aurora: Sample, settings: Any
) -> None:
    settings.OPTIN_SHOWN_SECONDS = 3600
    ask, version = asked()
    for _ in range(shown.ENOUGH - 1):
        shown.count(ask, version, language="en", method="website", day=date(2026, 11, 23))
    assert not NoticeShown.objects.exists()

    shown.count(ask, version, language="en", method="website", day=date(2026, 11, 23))

    assert NoticeShown.objects.get().times == shown.ENOUGH
    shown.flush()
    assert NoticeShown.objects.get().times == shown.ENOUGH


@pytest.mark.django_db(transaction=True)
def test_showings_are_written_down_soon_though_nobody_else_comes(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_SHOWN_SECONDS = 0.05
    ask, version = asked()

    for language in ("en", "es"):
        shown.count(ask, version, language=language, method="website", day=date(2026, 11, 23))

    deadline = time.monotonic() + 120
    while NoticeShown.objects.count() < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert NoticeShown.objects.count() == 2


def test_showings_that_cannot_be_written_now_are_kept_and_the_page_is_shown(
    client: Client, aurora: Sample
) -> None:
    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if "consent_noticeshown" in sql:
            raise OperationalError("disk full")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        assert client.get(FORM).status_code == 200
    assert not NoticeShown.objects.exists()

    shown.flush()

    assert NoticeShown.objects.get().times == 1


@pytest.mark.django_db(transaction=True)
def test_showings_of_what_is_gone_are_forgotten(aurora: Sample) -> None:
    ask, version = asked()
    ask.point.offers.all().delete()
    ask.point.delete()

    shown.count(ask, version, language="en", method="website", day=date(2026, 11, 23))

    assert not NoticeShown.objects.exists()


# --- The colours ---


@pytest.mark.parametrize(
    "color", ["#000000", "#ffffff", "#ffff00", "#7a2e1d", "#00ff88", "#808080", "#0b5d4e"]
)
def test_every_company_colour_can_be_read(color: str) -> None:
    made = branding.brand(Company(color=color))

    read = branding._read
    assert branding.contrast(read(made.color), read(made.ink)) >= 4.5
    assert branding.contrast(read(made.day), branding.WHITE) >= 4.5
    assert branding.contrast(read(made.night), branding.NIGHT) >= 4.5


def test_a_logo_is_served_inside_the_page(client: Client, aurora: Sample) -> None:
    Company.objects.update(logo=PIXEL)

    assert 'src="data:image/png;base64,iVBOR' in client.get(FORM).content.decode()


def test_a_logo_of_an_unknown_kind_is_left_out() -> None:
    assert branding.brand(Company(logo=b"<svg onload=alert(1)>")).logo == ""


# --- The token ---


def test_a_token_tells_what_was_shown() -> None:
    at = datetime(2026, 11, 23, 12, 0, 0, 123000, tzinfo=UTC)
    token = pinned.pin(
        method="website",
        point=1,
        version=2,
        language="es",
        digest="d",
        shown_at=at,
        host="https://loja.example",
    )

    seen = pinned.read(token, method="website")

    assert (seen.point, seen.version, seen.language, seen.digest, seen.shown_at, seen.host) == (
        1, 2, "es", "d", at, "https://loja.example",
    )  # fmt: skip
    assert not seen.is_expired(at + timedelta(hours=48))
    assert seen.is_expired(at + timedelta(hours=48, seconds=1))


@pytest.mark.parametrize("token", ["", "x", "a:b", "\ufffd", "☃:☃", "W10:x", "a" * 10_000])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadInput, match=r"form\.missing"):
        pinned.read(token, method="website")


def test_a_token_that_was_changed_is_refused() -> None:
    token = pinned.pin(
        method="website", point=1, version=2, language="es", digest="d", shown_at=datetime.now(UTC), host=""
    )
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(BadInput, match=r"form\.missing"):
            pinned.read(changed, method="website")


def test_a_new_version_is_shown_once_it_is_published(client: Client, aurora: Sample) -> None:
    publish_next(aurora)

    assert "NEW" in text(client.get(FORM))
