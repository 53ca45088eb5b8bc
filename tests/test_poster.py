"""What one hangs up: the same bytes for the same ask, and a code that leads to the form."""

import io
import json
from typing import Any

import pytest
import typst
import zxingcpp
from PIL import Image

from consent import catalogue, poster
from consent.catalogue import Ask
from consent.models import CapturePoint, Company, Localized, Offer, Purpose
from consent.sample import Sample

ADDRESS = "http://localhost:8000/c/aurora/novidades/"


@pytest.fixture
def ask(aurora: Sample) -> Ask:
    found = catalogue.ask("aurora", "novidades")
    assert found is not None
    return found


def picture(ask: Ask, language: str) -> Image.Image:
    """The poster as a camera sees it."""
    drawn: Any = typst.compile(
        poster.template(),
        format="png",
        ppi=100,
        ignore_system_fonts=True,
        sys_inputs=poster.inputs(ask, language),
    )
    return Image.open(io.BytesIO(drawn))


def test_the_address_can_be_read_aloud(ask: Ask) -> None:
    assert poster.address(ask.point) == ADDRESS
    assert poster.short_address(ask.point) == "localhost:8000/c/aurora/novidades"


@pytest.mark.parametrize("language", ["en", "es", "pt-BR"])
def test_a_poster_is_the_same_bytes_each_time(ask: Ask, language: str) -> None:
    first = poster.pdf(ask, language=language)
    assert first.startswith(b"%PDF")
    assert first == poster.pdf(ask, language=language)


def test_each_language_has_its_own_poster(ask: Ask) -> None:
    assert len({poster.pdf(ask, language=language) for language in ("en", "es", "pt-BR")}) == 3


def test_the_code_on_the_poster_leads_to_the_form(ask: Ask) -> None:
    read = zxingcpp.read_barcodes(picture(ask, "pt-BR").convert("L"))
    assert [code.text for code in read] == [ADDRESS]


def test_the_pictures_of_the_code_lead_there_too(ask: Ask) -> None:
    with Image.open(io.BytesIO(poster.qr_png(ask.point))) as image:
        assert [code.text for code in zxingcpp.read_barcodes(image)] == [ADDRESS]
    assert poster.qr_svg(ask.point).count("<svg") == 1


def test_a_poster_names_company_ask_and_way_out(ask: Ask) -> None:
    content = poster.inputs(ask, "es")["content"]
    for part in ("Caf\\u00e9 Aurora", "SMS", "WhatsApp", "Novedades y ofertas", "privacidade@aurora.example"):
        assert part in content


def test_a_poster_lists_channels_as_people_write_and_says_their_ways_out(ask: Ask) -> None:
    purpose = ask.offers[0].purpose
    offers = [
        Offer(point=ask.point, channel=channel, purpose=purpose) for channel in ("sms", "whatsapp", "voice")
    ]

    two = json.loads(poster.inputs(Ask(ask.point, (*offers[:2],), ask.version), "pt-BR")["content"])
    call = json.loads(poster.inputs(Ask(ask.point, (offers[2],), ask.version), "pt-BR")["content"])

    assert two["by"] == "Por SMS e WhatsApp:"
    assert "responda SAIR a qualquer mensagem" in two["stop"]
    assert "tecle 0" in call["stop"]
    assert "qualquer mensagem" not in call["stop"]


def test_many_purposes_stay_on_one_page(ask: Ask) -> None:
    offers = tuple(
        Offer(point=ask.point, channel="sms", purpose=_purpose(ask, number)) for number in range(9)
    )
    pages: Any = typst.compile(
        poster.template(), format="png", ppi=20, ignore_system_fonts=True,
        sys_inputs=poster.inputs(Ask(ask.point, offers, ask.version), "en"),
    )  # fmt: skip
    assert isinstance(pages, bytes)  # several pages would be a list


def _purpose(ask: Ask, number: int) -> Purpose:
    text = Localized({"en": f"Purpose {number} with rather many words in its name"})
    return Purpose(slug=str(number), company=ask.company, name=text, description=text)


@pytest.mark.parametrize(
    "name", ["#emph[x]", '"] #panic() [', "$x^2$ \\ // *b* _i_ @label <x>", "☕ Κafé 日本", "x" * 80]
)
def test_a_name_is_set_as_text_and_never_read_as_markup(ask: Ask, name: str) -> None:
    ask.company.name = name
    assert poster.pdf(ask, language="en").startswith(b"%PDF")
    assert [code.text for code in zxingcpp.read_barcodes(picture(ask, "en").convert("L"))] == [ADDRESS]


def test_a_logo_takes_the_place_of_the_name(ask: Ask) -> None:
    without = poster.pdf(ask, language="en")
    out = io.BytesIO()
    Image.new("RGBA", (40, 20), "#7a2e1d").save(out, "PNG")
    ask.company.logo = out.getvalue()
    assert poster.pdf(ask, language="en") != without


def test_a_snippet_is_one_tag_whatever_the_title() -> None:
    point = CapturePoint(company=Company(slug="aurora"), slug="novidades")
    point.title = Localized({"en": '"><script>alert(1)</script>'})
    snippet = poster.snippet(point)
    assert snippet.count("<") == 2
    assert snippet.startswith(
        '<script src="http://localhost:8000/embed.js" data-point="aurora/novidades" data-title="'
    )
