"""Sheets to sign, printed from a capture point's notice: accessible PDF, each sheet with a serial of its own."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import phonenumbers
import typst
import zxingcpp
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from consent import guardian, poster, wording
from consent.capture.paper import sealing
from consent.catalogue import Ask
from consent.errors import BadInput
from consent.models import NoticeVersion
from consent.paper import layout
from consent.paper.code import Row, Sheet
from consent.paper.layout import Layout
from consent.proof import typesetting
from consent.vocabulary import Relation, django_code

TEMPLATE = Path(__file__).with_name("sheet.typ")
WRITTEN_AT = datetime(2020, 1, 1, tzinfo=UTC)  # the same sheets are the same bytes, whenever they are printed
MOST = 200  # sheets in one PDF


class Refused(BadInput):
    """What cannot be put on a sheet, in words for staff."""


def print_sheets(
    ask: Ask, *, language: str, serials: Sequence[str], paper: str = "a4", blank: bool = False
) -> bytes:
    """One page for each serial, as PDF. A blank sheet has no statement and no boxes: for forms of the company's own.

    Raises Refused where the notice is not published, or has more boxes or words than a sheet holds.
    """
    if ask.version is None or not ask.offers:
        raise Refused("sheet.not_ready", gettext_lazy("It needs a published notice and a box first."))
    rows = () if blank else tuple(Row(offer.purpose_id, offer.channel) for offer in ask.offers)
    try:
        place = layout.of(paper, len(rows))
    except layout.TooManyRows as error:
        raise Refused(
            "sheet.too_many_boxes",
            gettext_lazy("A sheet holds %(most)d boxes. Make a capture point with fewer for paper."),
            params={"most": layout.MOST_ROWS},
        ) from error
    codes = [sealing.written(_sheet(ask, ask.version, serial, language, paper, rows)) for serial in serials]
    with override(django_code(language)):
        content = _content(ask, ask.version, language, place, blank=blank)
    content["sheets"] = [
        {"serial": f"{serial[:5]} {serial[5:]}", "code": _code(text)}
        for serial, text in zip(serials, codes, strict=True)
    ]
    try:
        return typesetting.pdf(TEMPLATE, content, written_at=WRITTEN_AT)
    except typst.TypstError as error:
        if "too long" not in str(error):
            raise
        raise Refused(
            "sheet.too_long",
            gettext_lazy(
                "The words for paper do not fit on the sheet in a size that people can read."
                " Shorten the notice's words for paper, or the purposes' descriptions."
            ),
        ) from error


def _sheet(
    ask: Ask, version: NoticeVersion, serial: str, language: str, paper: str, rows: tuple[Row, ...]
) -> Sheet:
    return Sheet(
        serial=serial, point=ask.point.pk, version=version.pk, language=language, paper=paper, rows=rows
    )


def _content(
    ask: Ask, version: NoticeVersion, language: str, place: Layout, *, blank: bool
) -> dict[str, Any]:
    said = wording.statement(ask, version, language, wording="paper")
    company = ask.company
    address = poster.address(ask.point)
    return {
        "language": language.partition("-")[0],
        "region": language.partition("-")[2],
        "layout": asdict(place) | {"columns": 1 if len(place.rows) <= layout.ONE_COLUMN else 2},
        "corners": layout.CORNERS,
        "box": {"side": layout.BOX, "stroke": layout.STROKE, "between": layout.BETWEEN},
        "company": company.name,
        "title": ask.point.title.in_language(language),
        "statement_title": _("What you are asked"),
        "statement": [] if blank else said.paragraphs,
        "blank": _("Write here, or fasten your form to this sheet.") if blank else "",
        "guardian": _guardian() if ask.point.asks_guardian else None,
        "rows": [] if blank else [[box.label, box.hint] for box in said.boxes],
        "for": _("Messages"),
        "yes": _("Yes"),
        "no": _("No"),
        "number": (
            _("Your own number, not the child's, a digit in each box")
            if ask.point.asks_guardian
            else _("Your number, a digit in each box")
        ),
        "prefix": f"+{phonenumbers.country_code_for_region(company.country)}",
        "digits": _digits(company.country),
        "elsewhere": _("Another country"),
        "name": _("Name"),
        "date": _("Date"),
        "date_order": _("day / month / year"),
        "signature": _("Signature"),
        "sheet": _("Sheet"),
        "code_alt": _("Code of this sheet"),
        "foot": f"{company.legal_name} · {version.notice.slug} {version.number}",
        "keep": _("Tear off here and keep this part"),
        "keep_title": _("Your answer to %(company)s") % {"company": company.name},
        "stop": _("You can stop at any time, free of charge: %(ways)s.") % {"ways": wording.how_to_stop(ask, language)},
        "more": _("Read it again: %(address)s") % {"address": poster.short_address(ask.point)},
        "privacy": _("Questions about your data: %(contact)s") % {"contact": company.dpo_contact},
        "link": _code(address),
        "link_alt": address,
    }  # fmt: skip


def _guardian() -> dict[str, Any]:
    """What is asked of who says yes for a child; the machine does not read it."""
    return {name: str(words) for name, words in guardian.PAPER.items()} | {
        "relations": list(map(str, Relation.labels))
    }


def _digits(country: str) -> int:
    """How many digits a mobile number of the country has without its country code."""
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    return min(layout.DIGITS, len(str(example.national_number)) if example else layout.DIGITS)


def _code(text: str) -> str:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
    return str(zxingcpp.write_barcode_to_svg(code, add_quiet_zones=False))
