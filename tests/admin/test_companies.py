"""Companies and purposes: what is checked when they are typed, and what becomes of a picture."""

import io
import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from consent.models import Company, Purpose, Sender
from tests.staff import Firm

SCRIPT = b"<script>alert(1)</script>"


def page(company: Company) -> str:
    return reverse("admin:consent_company_change", args=[company.pk])


def typed(company: Company, **changes: Any) -> dict[str, Any]:
    """What the browser posts for a company."""
    kept = ("name", "legal_name", "address", "country", "dpo_name", "dpo_contact", "privacy_url", "color",
            "time_zone", "language", "messages_per_day", "money_per_day", "offers_per_day",
            "offers_per_week", "when_warned", "when_yellow", "when_red", "stop_scope",
            "remind_days", "lapse_months")  # fmt: skip
    form = {name: getattr(company, name) for name in kept}
    return {**form, "allowed_countries": ", ".join(company.allowed_countries), **changes}


def picture(kind: str = "PNG", size: tuple[int, int] = (1200, 300), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#7a2e1d").save(out, kind, **options)
    return out.getvalue()


def upload(client: Client, company: Company, content: bytes, name: str = "logo.png") -> Any:
    file = SimpleUploadedFile(name, content, content_type="image/png")
    return client.post(page(company), typed(company, logo_file=file))


def test_a_company_is_made_with_everything_it_answers_for(root: Client, db: None) -> None:
    nova = Company(
        name="Nova", legal_name="Nova SA", address="Calle 1", dpo_name="D", dpo_contact="d@x.example",
        privacy_url="https://nova.example/",
    )  # fmt: skip
    form = typed(nova, slug="nova", country="co", allowed_countries="co, ec")
    assert root.post(reverse("admin:consent_company_add"), form).status_code == 302
    company = Company.objects.get(slug="nova")
    assert (company.country, company.allowed_countries) == ("CO", ["CO", "EC"])


@pytest.mark.parametrize("odd", ["\n", "\r\nBcc: x@y.example", "\x85", "\u2028", "\u202e", "\u2067"])
def test_a_name_is_one_line_as_it_looks(bruno: Client, cafe: Firm, odd: str) -> None:
    company, purpose = cafe.company, Purpose.objects.filter(company=cafe.company).first()
    assert purpose is not None
    answer = bruno.post(page(company), typed(company, name=f"Café{odd}Aurora"))
    assert "Write this on one line" in answer.content.decode()
    names = {f"name_{number}": f"News{odd}x" for number in ("en", "es", "pt_br")}
    answer = bruno.post(reverse("admin:consent_purpose_change", args=[purpose.pk]), names)
    assert "Write this on one line" in answer.content.decode()
    assert bruno.post(page(company), typed(company, name="Café 👩‍🍳 أ")).status_code == 302


def test_a_new_company_is_not_asked_about_what_it_cannot_have_yet(
    root: Client, bruno: Client, cafe: Firm
) -> None:
    new = root.get(reverse("admin:consent_company_add")).content.decode()
    known = bruno.get(page(cafe.company)).content.decode()

    assert "data-time-zone-here" in new  # the browser chooses where it is
    assert "data-time-zone-here" not in known
    assert 'name="remove_logo"' not in new
    assert 'name="remove_logo"' in known


def test_a_short_name_does_not_change(bruno: Client, cafe: Firm) -> None:
    assert (
        bruno.post(page(cafe.company), typed(cafe.company, slug="other", name="Café Novo")).status_code == 302
    )
    company = Company.objects.get(pk=cafe.company.pk)
    assert (company.slug, company.name) == ("aurora", "Café Novo")


def test_a_form_saved_as_it_is_changes_nothing(bruno: Client, cafe: Firm) -> None:
    bruno.post(page(cafe.company), typed(cafe.company))
    log = bruno.get(reverse("admin:consent_company_history", args=[cafe.company.pk])).content.decode()
    assert "No fields changed." in log


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"country": "XX"}, "XX is not a country code."),
        ({"allowed_countries": "BR, Brazil"}, "BRAZIL is not a country code."),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice"),
        ({"color": "red"}, "Write the colour as #rrggbb."),
        ({"quiet_from": "21:00"}, "or neither"),
        ({"quiet_until": "08:00"}, "or neither"),
        ({"quiet_from": "21:00", "quiet_until": "21:00"}, "at another time than they begin"),
        ({"quiet_from": "night", "quiet_until": "08:00"}, "Enter a valid time"),
        ({"offers_per_day": "-1"}, "greater than or equal to 0"),
        ({"privacy_url": "javascript:alert(1)"}, "Enter a valid URL."),
    ],
)
def test_what_cannot_be_is_said(bruno: Client, cafe: Firm, changes: dict[str, str], says: str) -> None:
    answer = bruno.post(page(cafe.company), typed(cafe.company, **changes))
    assert says in answer.content.decode()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_a_small_png_of_its_pixels_alone(bruno: Client, cafe: Firm, kind: str) -> None:
    assert upload(bruno, cafe.company, picture(kind)).status_code == 302
    logo = bytes(Company.objects.get(pk=cafe.company.pk).logo)
    with Image.open(io.BytesIO(logo)) as shown:
        assert (shown.format, shown.size) == ("PNG", (480, 120))
    assert "data:image/png;base64," in bruno.get(page(cafe.company)).content.decode()


def test_what_else_is_in_a_picture_does_not_survive(bruno: Client, cafe: Firm) -> None:
    notes = PngInfo()
    notes.add_text("Comment", SCRIPT.decode())
    exif = Image.Exif()
    exif[0x010E] = "GPS of somebody"
    for content in (picture(pnginfo=notes) + SCRIPT, picture("JPEG", exif=exif)):
        upload(bruno, cafe.company, content)
        logo = bytes(Company.objects.get(pk=cafe.company.pk).logo)
        assert logo.startswith(b"\x89PNG")
        assert SCRIPT not in logo
        assert b"GPS" not in logo


# A direction, and a height whose unit is text: Pillow reads it and cannot write it again.
ODD_EXIF = bytes.fromhex(
    "457869660000 4d4d002a00000008 0002 011200030000000100060000 882500040000000100000026 00000000"
    "0001 000600020000000141000000 00000000"
)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", picture("JPEG", exif=ODD_EXIF), SCRIPT,
     b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture("GIF"), picture()[:200],
     picture("BMP"), b"%PDF-1.7"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(bruno: Client, cafe: Firm, content: bytes) -> None:
    answer = upload(bruno, cafe.company, content)
    text = answer.content.decode()
    assert "This is not a PNG, JPEG or WebP picture" in text or "The submitted file is empty." in text
    assert not Company.objects.get(pk=cafe.company.pk).logo


def test_a_picture_that_is_drawn_over_and_over_is_refused(bruno: Client, cafe: Firm) -> None:
    once = picture("JPEG", (3000, 3000), progressive=True)
    begin = once.rindex(b"\xff\xda")
    last, end = once[begin:-2], once[-2:]
    assert upload(bruno, cafe.company, once[:-2] + 10 * last + end).status_code == 302
    before = time.process_time()
    answer = upload(bruno, cafe.company, once[:-2] + 5_000 * last + end)
    assert "This is not a PNG, JPEG or WebP picture" in answer.content.decode()
    assert time.process_time() - before < 10, "seconds, where drawing takes a minute"


def test_a_picture_that_would_unpack_to_gigabytes_is_refused(bruno: Client, cafe: Firm) -> None:
    bomb = bytearray(picture(size=(1, 1)))
    bomb[16:24] = (100_000).to_bytes(4) * 2  # the size in its header, for which its checksum is then wrong
    assert "This is not a PNG" in upload(bruno, cafe.company, bytes(bomb)).content.decode()
    wide = picture(size=(9000, 5000))
    assert len(wide) < 1_000_000
    assert "This is not a PNG" in upload(bruno, cafe.company, wide).content.decode()


def test_a_file_of_more_than_five_megabytes_is_refused(bruno: Client, cafe: Firm) -> None:
    answer = upload(bruno, cafe.company, picture() + b"\0" * 5 * 1024 * 1024)
    assert "larger than 5 MB" in answer.content.decode()


def test_a_logo_can_be_taken_away(bruno: Client, cafe: Firm) -> None:
    upload(bruno, cafe.company, picture())
    bruno.post(page(cafe.company), typed(cafe.company, remove_logo="on"))
    assert not Company.objects.get(pk=cafe.company.pk).logo
    assert "No logo yet." in bruno.get(page(cafe.company)).content.decode()


def test_a_purpose_speaks_every_language(bruno: Client, cafe: Firm) -> None:
    form = {
        "company": cafe.company.pk, "slug": "eventos", "category": "marketing", "validity_days": 365,
        "name_en": "Events", "name_es": "Eventos", "name_pt_br": " ", "description_en": "Now and then.",
        "description_es": "A veces.", "description_pt_br": "Às vezes.",
    }  # fmt: skip
    path = reverse("admin:consent_purpose_add")
    answer = bruno.post(path, form).content.decode()
    assert "Write this in every language. Missing: Português (Brasil)." in answer
    assert 'value="Eventos"' in answer
    bruno.post(path, form | {"name_pt_br": " Eventos "})
    purpose = Purpose.objects.get(slug="eventos")
    assert dict(purpose.name) == {"en": "Events", "es": "Eventos", "pt-BR": "Eventos"}
    listed = bruno.get(reverse("admin:consent_purpose_changelist")).content.decode()
    assert "365 days" in listed


def test_whoever_only_reads_gets_words_and_not_what_the_database_keeps(auditor: Client, cafe: Firm) -> None:
    purpose, point = cafe.aurora.purposes["novidades"], cafe.aurora.point
    sender = Sender.objects.filter(company=cafe.company).first()
    assert sender is not None
    pages = {
        name: auditor.get(reverse(f"admin:consent_{name}_change", args=[row.pk])).content.decode()
        for name, row in (
            ("purpose", purpose),
            ("capturepoint", point),
            ("company", cafe.company),
            ("sender", sender),
        )
    }

    for page in pages.values():
        assert "{&quot;en&quot;" not in page
        assert "[&quot;" not in page
    assert f"</span> {purpose.name['pt-BR']}</li>" in pages["purpose"]
    assert "English, Español, Português (Brasil)" in pages["capturepoint"]
    assert "Remove logo" not in pages["company"]
    assert "App secret" not in pages["sender"]  # is typed and never read


def test_a_name_has_an_end(bruno: Client, cafe: Firm) -> None:
    purpose = cafe.aurora.purposes["novidades"]
    form = {
        f"{field}_{code}": "x" * 121 for field in ("name", "description") for code in ("en", "es", "pt_br")
    }
    form |= {"category": "marketing", "validity_days": "0"}
    path = reverse("admin:consent_purpose_change", args=[purpose.pk])
    assert "at most 120 characters" in bruno.post(path, form).content.decode()
    short = {name: value[:120] for name, value in form.items()}
    assert bruno.post(path, short).status_code == 302
    assert "for ever" in bruno.get(reverse("admin:consent_purpose_changelist")).content.decode()


def test_staff_change_their_company_and_make_no_other(bruno: Client) -> None:
    assert bruno.get(reverse("admin:consent_company_add")).status_code == 403
