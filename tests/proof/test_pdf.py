"""The receipt on paper: accessible, in the record's language, the same bytes every time."""

import re
from datetime import datetime, timedelta

import pypdfium2
import pytest
import zxingcpp
from django.conf import settings

from consent.proof import account, pdf, tlog_proof
from consent.proof.account import Account
from consent.sample import Sample
from consent.vocabulary import Channel, State
from tests.proof import acts

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def render(found: Account) -> bytes:
    return pdf.render(found, tlog_proof.of_records([record.uid for record in found.records]))


def words_of(content: bytes) -> str:
    """The text of every page, as a reader would copy it."""
    document = pypdfium2.PdfDocument(content)
    pages = [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
    document.close()
    return re.sub(r"\s+", " ", " ".join(pages)).replace("\x02", "").replace("\ufffe", "")


def pictures_in(content: bytes) -> int:
    """How many pictures stand on the pages; the QR code is drawn with lines and is none."""
    document = pypdfium2.PdfDocument(content)
    kind = [pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
    found = sum(len(list(document[number].get_objects(kind))) for number in range(len(document)))
    document.close()
    return found


def address_in(content: bytes) -> str:
    """What a camera reads off the first page."""
    document = pypdfium2.PdfDocument(content)
    picture = document[0].render(scale=2).to_pil()
    document.close()
    [code] = zxingcpp.read_barcodes(picture)
    return str(code.text)


def test_it_says_what_was_given_to_whom_when_and_how_to_stop(given: Account) -> None:
    words = words_of(render(given))

    assert "Café Aurora Ltda., Rua das Flores 100, São Paulo, SP, Brasil" in words
    assert "Novidades e ofertas" in words
    assert "SMS" in words
    assert "WhatsApp" in words
    assert "20 de novembro de 2026 às 14:05 (America/Sao Paulo)" in words
    assert "19 de novembro de 2028" in words
    assert "privacidade@aurora.example" in words
    assert "SAIR" in words
    assert str(given.act) in words


def test_it_says_where_in_the_log_each_record_stands(given: Account) -> None:
    words = words_of(render(given))

    for record, logged in tlog_proof.of_records([record.uid for record in given.records]).items():
        assert re.search(rf"{record} +\w+ {logged.proof.index}\b", words)
    assert settings.OPTIN_LOG_ORIGIN in words


def test_a_record_that_waits_for_its_place_says_so(aurora: Sample) -> None:
    assert "entry" not in words_of(render(acts.say(aurora, language="en")))
    assert "waits for its place" in words_of(render(acts.say(aurora, language="en")))


def test_the_code_leads_to_the_receipt(given: Account) -> None:
    assert address_in(render(given)) == given.address


def test_the_number_is_masked(given: Account) -> None:
    words = words_of(render(given))

    assert "+55 •• ••••• ••21" in words
    assert "98765" not in words


def test_it_is_the_same_every_time(given: Account) -> None:
    assert render(given) == render(given)


def test_it_stays_the_same_when_the_log_grows(given: Account, aurora: Sample) -> None:
    before = render(given)
    acts.say_among_others(aurora)

    assert render(given) == before


def test_it_is_made_for_screen_readers_and_for_archives(given: Account) -> None:
    content = render(given)

    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    assert b"<pdfaid:part>2</pdfaid:part>" in content
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in content


def test_a_name_no_font_inside_can_draw_still_gets_a_receipt(aurora: Sample) -> None:
    aurora.company.name = "Café Aurora 咖啡"
    aurora.company.save()

    content = render(acts.say(aurora))

    assert content.startswith(b"%PDF-")
    assert b"pdfuaid" not in content


def test_names_are_text_and_never_markup(aurora: Sample) -> None:
    aurora.company.name = '#panic("no") *Café* $x$ <a>'
    aurora.company.save()

    assert '#panic("no") *Café* $x$ <a>' in words_of(render(acts.say(aurora)))


def test_a_logo_is_shown(aurora: Sample) -> None:
    without = pictures_in(render(acts.say(aurora)))
    aurora.company.logo = PIXEL
    aurora.company.save()

    assert pictures_in(render(acts.say(aurora))) == without + 1


def test_a_logo_that_is_no_picture_is_left_out(aurora: Sample) -> None:
    aurora.company.logo = b"<svg onload=alert(1)>"
    aurora.company.save()

    assert b"pdfuaid" in render(acts.say(aurora))


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Your consent"), ("es", "Su consentimiento"), ("pt-BR", "Seu consentimento")],
)
def test_it_speaks_the_language_of_the_record(aurora: Sample, language: str, title: str) -> None:
    content = render(acts.say(aurora, language=language))

    assert title in words_of(content)
    assert set(re.findall(rb"/Lang\(([^)]*)\)", content)) == {language.encode()}


@pytest.mark.parametrize("state", State)
def test_every_kind_of_act_has_one_on_a_single_page(aurora: Sample, state: State) -> None:
    content = render(acts.say(aurora, state))
    document = pypdfium2.PdfDocument(content)

    assert len(document) == 1
    assert b"pdfuaid" in content
    document.close()


def test_a_stop_from_a_stranger_has_one(aurora: Sample) -> None:
    act = acts.say(
        aurora,
        State.WITHDRAWN,
        boxes=((None, Channel.SMS),),
        notice=None,
        point=None,
        method="carrier pigeon",
    )

    assert "carrier pigeon" in words_of(render(act))


def test_an_erased_person_has_one_without_a_number(aurora: Sample) -> None:
    found = acts.say(aurora)

    assert "•" not in words_of(render(account.Account(act=found.act, records=found.records, number="")))


def test_a_grant_for_ever_lasts_until_it_is_stopped(aurora: Sample) -> None:
    aurora.purposes["pedidos"].validity_days = 0
    aurora.purposes["pedidos"].save()

    words = words_of(render(acts.say(aurora, boxes=(("pedidos", Channel.SMS),), language="en")))

    assert "until you stop it" in words


def test_a_company_in_no_time_zone_has_its_times_in_utc(aurora: Sample) -> None:
    aurora.company.time_zone = "Atlantis/Capital"
    aurora.company.save()

    assert "20 November 2026, 17:05 (UTC)" in words_of(render(acts.say(aurora, language="en")))


def test_it_is_dated_when_the_act_was_recorded(given: Account) -> None:
    document = pypdfium2.PdfDocument(render(given))
    made = datetime.strptime(document.get_metadata_value("CreationDate")[2:10] + "+0000", "%Y%m%d%z")
    document.close()

    assert abs(made - given.first.recorded_at) < timedelta(days=2)
