"""What one hangs up or sends around so that people find a capture point: QR code, snippet, poster."""

import json
from functools import cache
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import typst
import zxingcpp
from django.conf import settings
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import override
from PIL import Image

from consent import branding, wording
from consent.catalogue import Ask
from consent.models import CapturePoint, Poster, Sender
from consent.vocabulary import Channel, django_code

TEMPLATE = Path(__file__).with_name("poster.typ")
# The same ask gives the same bytes for ever: nothing of a poster depends on when it was made.
WRITTEN_AT = 1_577_836_800  # 2020-01-01
CODE = "p"  # what the address calls a poster's code
QR_SCALE = 12  # pixels a module


def address(point: CapturePoint, poster: Poster | None = None) -> str:
    """The public address of a capture point; with a poster, the one that tells that it hung there."""
    plain = f"{settings.OPTIN_PUBLIC_URL}/c/{point.company.slug}/{point.slug}/"
    return f"{plain}?{CODE}={poster.code}" if poster else plain


def short_address(point: CapturePoint) -> str:
    """The address as one reads it aloud or types it: without the scheme and the last slash."""
    return address(point).partition("://")[2].rstrip("/")


def snippet(point: CapturePoint) -> str:
    """The one line that shows the form on another website."""
    title = escape(point.title.in_language(point.company.language))
    source = f"{settings.OPTIN_PUBLIC_URL}/embed.js"
    name = f"{point.company.slug}/{point.slug}"
    return f'<script src="{source}" data-point="{name}" data-title="{title}" async></script>'


def qr_svg(point: CapturePoint, poster: Poster | None = None) -> str:
    """The address as a QR code for print, with its quiet zone."""
    return str(zxingcpp.write_barcode_to_svg(_code(point, poster), add_quiet_zones=True))


def qr_png(point: CapturePoint, poster: Poster | None = None) -> bytes:
    """The address as a QR code for screens, with its quiet zone."""
    return _png(_code(point, poster))


def _png(code: zxingcpp.Barcode) -> bytes:
    image = zxingcpp.write_barcode_to_image(code, scale=QR_SCALE, add_quiet_zones=True)
    out = BytesIO()
    Image.fromarray(image).save(out, "PNG", optimize=True)
    return out.getvalue()


def chat_link(point: CapturePoint, sender: Sender) -> str:
    """The link that opens a conversation with a sender, with the keyword of the capture point written already."""
    keyword = quote(point.keyword.upper())
    if sender.channel == Channel.WHATSAPP:
        return f"https://wa.me/{sender.address.removeprefix('+')}?text={keyword}"
    return f"sms:{sender.address}?body={keyword}"


def chat_qr_svg(link: str) -> str:
    """The link to a conversation as a QR code, with its quiet zone."""
    return str(zxingcpp.write_barcode_to_svg(_code_of(link), add_quiet_zones=True))


def chat_qr_png(link: str) -> bytes:
    """The link to a conversation as a QR code for screens, with its quiet zone."""
    return _png(_code_of(link))


def pdf(ask: Ask, *, language: str, poster: Poster | None = None) -> bytes:
    """An A4 poster in one language, byte for byte the same for the same ask."""
    content: bytes = typst.compile(
        template(),
        format="pdf",
        sys_inputs=inputs(ask, language, poster),
        ignore_system_fonts=True,
        timestamp=WRITTEN_AT,
    )
    return content


def inputs(ask: Ask, language: str, poster: Poster | None = None) -> dict[str, str]:
    """What a poster says, as the page takes it in."""
    return {"content": json.dumps(_content(ask, language, poster))}


def _content(ask: Ask, language: str, poster: Poster | None) -> dict[str, object]:
    brand = branding.brand(ask.company)
    with override(django_code(language)):
        channels = dict.fromkeys(str(Channel(offer.channel).label) for offer in ask.offers)
        purposes = {
            offer.purpose.name.in_language(language): offer.purpose.description.in_language(language)
            for offer in ask.offers
        }
        return {
            "language": language.partition("-")[0],
            "region": language.partition("-")[2],
            "company": ask.company.name,
            "legal_name": ask.company.legal_name,
            "title": ask.point.title.in_language(language),
            "ask": _("May %(company)s write to you?") % {"company": ask.company.name},
            "by": _("By %(channels)s:") % {"channels": wording.listed([*channels])},
            "purposes": list(purposes.items()),
            "scan": _("Point your camera here, or open"),
            "address": short_address(ask.point),
            "stop": _("You can stop at any time, free of charge: %(how)s.")
            % {"how": wording.how_to_stop(ask, language)},
            "privacy": _("Questions about your data: %(contact)s") % {"contact": ask.company.dpo_contact},
            "qr": str(zxingcpp.write_barcode_to_svg(_code(ask.point, poster), add_quiet_zones=False)),
            "color": brand.color,
            "ink": brand.ink,
            "logo": list(bytes(ask.company.logo)),
        }


def _code(point: CapturePoint, poster: Poster | None) -> zxingcpp.Barcode:
    return _code_of(address(point, poster))


def _code_of(text: str) -> zxingcpp.Barcode:
    return zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")


@cache
def template() -> bytes:
    """The page, as Typst reads it."""
    return TEMPLATE.read_bytes()
