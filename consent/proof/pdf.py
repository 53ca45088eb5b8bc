"""A receipt on paper: an accessible PDF in the language of the record."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import zxingcpp
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import branding, contact, receipts
from consent.log import published
from consent.models import Company, ConsentRecord
from consent.proof import typesetting, words
from consent.proof.account import Account
from consent.proof.tlog_proof import Logged
from consent.vocabulary import State, django_code

TEMPLATE = Path(__file__).with_name("receipt.typ")


def render(account: Account, logged: dict[UUID, Logged]) -> bytes:
    """The receipt of an act as PDF, with the place in the log of each record that has one by now."""
    return write(_content(account, logged), written_at=account.first.recorded_at)


def render_all(accounts: Sequence[Account], logged: dict[UUID, Logged]) -> list[bytes]:
    """The receipts of many acts, in their order: as many at once as there are processors."""
    contents = [_content(account, logged) for account in accounts]  # what is read is read here, in one thread
    moments = [account.first.recorded_at for account in accounts]
    with ThreadPoolExecutor(os.process_cpu_count()) as pool:
        return list(pool.map(lambda content, at: write(content, written_at=at), contents, moments))


def write(content: dict[str, Any], *, written_at: datetime) -> bytes:
    """A sheet as PDF: what `receipt.typ` asks for, and when it is said to be written."""
    return typesetting.pdf(TEMPLATE, content, written_at=written_at)


def _content(account: Account, logged: dict[UUID, Logged]) -> dict[str, Any]:
    company = account.company
    with override(django_code(account.language)):
        return {
            **sheet(company, account.language, written_at=account.first.recorded_at, address=account.address),
            "title": words.title(account.state),
            "lead": words.lead(account.state, company.name),
            "columns": [_("What for"), _("By"), _("You said"), _("How long")],
            "lines": [_line(record) for record in account.records],
            "sections": [_what_happened(account), _who_asked(account), _place(account, logged)],
            "qr_alt": _("QR code with the address of this receipt"),
            "keep": _("This receipt on the web. Whoever has the address can read it: keep it to yourself."),
        }


def sheet(company: Company, language: str, *, written_at: datetime, address: str) -> dict[str, Any]:
    """What every sheet of a company says, in the language now active: who, when, and where it is on the web."""
    brand = branding.brand(company)
    return {
        "language": language.partition("-")[0],
        "region": language.partition("-")[2],
        "written": [written_at.year, written_at.month, written_at.day],
        "company": company.name,
        "legal_name": company.legal_name,
        "address": company.address,
        "color": brand.color,
        "ink": brand.ink,
        "accent": brand.day,
        "logo": list(bytes(company.logo)) if brand.logo else [],
        "qr": _qr(address),
        "at": address,
        "verify": _("Check it without us:"),
        "verify_at": f"{settings.OPTIN_PUBLIC_URL}/verify/",
    }


def _line(record: ConsentRecord) -> list[str]:
    how_long = words.ending(record) if record.state == State.GIVEN else "–"
    return [words.purpose(record), record.get_channel_display(), record.get_state_display(), how_long]


def _what_happened(account: Account) -> dict[str, Any]:
    first = account.first
    facts = [(_("When"), words.moment(first)), (_("How"), words.method(first.method))]
    if guardians := receipts.guardians_of(first):
        facts.append((_("For a child, by its"), ", ".join(guardians)))
    if account.number:
        facts.append((_("Your number"), account.number.replace("·", "•")))  # the font's own dot is a speck
    if first.point is not None:
        facts.append((_("We write from"), contact.written(first.point.sender.address)))
    if account.state in (State.GIVEN, State.REQUESTED):
        facts.append((_("How to stop"), words.how_to_stop()))
    return {"title": _("What happened"), "facts": facts, "codes": []}


def _who_asked(account: Account) -> dict[str, Any]:
    company = account.company
    facts = [
        (_("Company"), f"{company.legal_name}, {company.address}"),
        (_("Data protection"), f"{company.dpo_name}, {company.dpo_contact}"),
        (_("Privacy policy"), company.privacy_url),
    ]
    return {"title": _("Who asked"), "facts": facts, "codes": []}


def _place(account: Account, logged: dict[UUID, Logged]) -> dict[str, Any]:
    first = account.first
    in_log = next(iter(logged.values()), None)
    origin = in_log.proof.origin if in_log else published.origin()
    facts = [(_("Log"), origin), (_("Receipt"), str(account.act))]
    codes = [_entry(record, logged.get(record.uid)) for record in account.records]
    if first.notice is not None:
        facts.append((_("Text shown"), f"{first.notice.notice.slug} {first.notice.number}, SHA-256"))
        codes.insert(0, first.notice.digest)
    return {"title": _("Written where nobody can change it"), "facts": facts, "codes": codes}


def _entry(record: ConsentRecord, logged: Logged | None) -> str:
    if logged is None:
        return _("%(record)s  waits for its place") % {"record": record.uid}
    return _("%(record)s  entry %(index)s") % {"record": record.uid, "index": logged.proof.index}


def _qr(address: str) -> str:
    code = zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return str(zxingcpp.write_barcode_to_svg(code, add_quiet_zones=False))
