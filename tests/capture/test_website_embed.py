"""The form inside other people's pages: framed only when asked for, without a cookie."""

from typing import Any

import pytest
from django.test import Client

from consent.models import CapturePoint
from consent.sample import Sample
from tests.capture.conftest import FORM, Visitor


def may_be_framed(page: Any) -> bool:
    return "X-Frame-Options" not in page and "frame-ancestors *" in page["Content-Security-Policy"]


def test_a_page_may_be_framed_only_where_it_was_asked_for_in_that_form(visitor: Visitor) -> None:
    visitor.open("embed=1")

    assert may_be_framed(visitor.page)
    assert may_be_framed(visitor.send(visitor.fields(phone=""), query="embed=1"))
    visitor.open()
    assert visitor.page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in visitor.page["Content-Security-Policy"]


def test_a_closed_form_may_be_framed_too(client: Client, aurora: Sample) -> None:
    CapturePoint.objects.update(is_open=False)

    assert may_be_framed(client.get(f"{FORM}?embed=1"))


def test_the_frame_stays_a_frame_from_page_to_page(visitor: Visitor) -> None:
    visitor.open("embed=1&lang=es")
    html = visitor.page.content.decode()

    assert 'action="?lang=es&amp;embed=1&amp;sent=1"' in html
    assert 'href="?lang=en&amp;embed=1"' in html
    waiting = visitor.send(query="embed=1&lang=es")["Location"]
    assert waiting.endswith("?lang=es&embed=1")
    assert may_be_framed(visitor.client.get(waiting))


def test_a_frame_has_no_head_no_cookie_and_everything_else_of_the_policy(visitor: Visitor) -> None:
    page = visitor.open("embed=1")
    html = page.content.decode()

    assert 'class="asker"' not in html
    assert '<base target="_blank">' in html
    assert not page.cookies
    assert "script-src 'self' 'nonce-" in page["Content-Security-Policy"]


def test_the_script_stands_at_an_address_that_never_changes(client: Client) -> None:
    script = client.get("/embed.js")

    assert script.status_code == 200
    assert script["Content-Type"] == "text/javascript; charset=utf-8"
    assert script["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "data-point" in script.content.decode()
    assert client.post("/embed.js").status_code == 405


@pytest.mark.parametrize("path", ["/", FORM, "/nada/"])
def test_no_page_has_a_script_or_style_without_a_nonce(client: Client, aurora: Sample, path: str) -> None:
    html = client.get(path).content.decode()

    assert "<script>" not in html
    assert "<style>" not in html
    assert " style=" not in html
    assert " onclick=" not in html
