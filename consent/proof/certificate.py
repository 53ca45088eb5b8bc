"""What an erased person can show: that everything about them was destroyed, when, and on whose word.

It is found by the id of its entry in the log, which is random: neither the certificate nor its address holds
anything of the person, because nothing is left.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from consent import vault
from consent.log import published
from consent.models import Company, ConsentRecord, Erased
from consent.proof import pdf, tlog_proof, words
from consent.proof.tlog_proof import Logged
from consent.vocabulary import Language

USE = "erasure"
SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the certificate: sentences, then facts with their names."""

    title: str
    items: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """That a person was erased. `logged` is None while the entry waits for its place in the log."""

    entry: UUID
    company: Company
    at: datetime
    entity: str
    language: str
    records: int
    logged: Logged | None

    @property
    def address(self) -> str:
        return address(self.entry)


def address(entry: UUID) -> str:
    """The unguessable address of the certificate, absolute."""
    return f"{settings.OPTIN_PUBLIC_URL}/e/{vault.act_token(entry, use=USE)}/"


def address_of(subject: UUID) -> str:
    """The address of an erased person's certificate; "" for one who was not erased. One query."""
    entry = Erased.objects.filter(subject=subject).values_list("entry", flat=True).first()
    return address(entry) if entry else ""


def read(token: str) -> Certificate | None:
    """The certificate at an address; None where there is none."""
    entry = vault.read_act_token(token, use=USE)
    erased = Erased.objects.filter(entry=entry).first() if entry else None
    if erased is None:
        return None
    languages = list(
        ConsentRecord.objects.filter(subject=erased.subject)
        .order_by("arrival")
        .values_list("language", flat=True)
    )
    return Certificate(
        entry=erased.entry,
        company=Company.objects.get(pk=erased.company),
        at=erased.recorded_at,
        entity=erased.entity,
        language=languages[-1] if languages else Language.ENGLISH.value,
        records=len(languages),
        logged=tlog_proof.of_records([erased.entry]).get(erased.entry),
    )


def title() -> str:
    return _("Certificate of erasure")


def lead(certificate: Certificate) -> str:
    return _("%(company)s destroyed everything personal that it kept about you.") % {
        "company": certificate.company.name
    }


def sections(certificate: Certificate) -> tuple[Section, ...]:
    """What the certificate says, in the language now active."""
    company = certificate.company
    gone = (
        _("Your number, and every other way to reach you."),
        _("The evidence of what you said: texts, answers, network addresses, scans and recordings."),
        _("The messages to you and from you."),
        _("The key that all of it was sealed with."),
    )
    stays = (
        _(
            "That somebody agreed or stopped, for what and when, under a random number that leads to nobody. The"
            " company has to be able to prove that it asked, and that it stopped (LGPD art. 16, GDPR art. 17(3))."
        ),
        _("Nothing may be sent to you unless you say yes again; the company would then not know you."),
    )
    return (
        Section(_("What was destroyed"), gone),
        Section(_("What stays, and why"), stays),
        Section(
            _("Who did it, and when"),
            facts=(
                (_("Erased on"), _moment(certificate)),
                (_("On the word of"), _on_whose_word(certificate.entity)),
                (_("Records that stay"), str(certificate.records)),
                (_("Company"), f"{company.legal_name}, {company.address}"),
                (_("Data protection"), f"{company.dpo_name}, {company.dpo_contact}"),
            ),
        ),
    )


def as_pdf(certificate: Certificate) -> bytes:
    """The certificate to print or keep, in the language now active; the same bytes every time."""
    at = certificate.logged
    place = (
        _("%(record)s  entry %(index)s") % {"record": certificate.entry, "index": at.proof.index}
        if at
        else _("%(record)s  waits for its place") % {"record": certificate.entry}
    )
    sheet = pdf.sheet(
        certificate.company,
        certificate.language,
        written_at=certificate.at,
        address=certificate.address,
    )
    parts = [
        {"title": part.title, "items": part.items, "facts": part.facts, "codes": []}
        for part in sections(certificate)
    ]
    log = {
        "title": _("Written where nobody can change it"),
        "facts": [(_("Log"), published.origin())],
        "codes": [place],
    }
    said = {
        "title": title(),
        "lead": lead(certificate),
        "columns": [],
        "lines": [],
        "sections": [*parts, log],
        "qr_alt": _("QR code with the address of this certificate"),
        "keep": _("This certificate on the web. Whoever has the address can read it: keep it to yourself."),
    }
    return pdf.write(sheet | said, written_at=certificate.at)


def _moment(certificate: Certificate) -> str:
    zone = words.zone(certificate.company)
    local = timezone.localtime(certificate.at, zone)
    return f"{date_format(local, 'DATETIME_FORMAT')} ({zone.key.replace('_', ' ')})"


def _on_whose_word(entity: str) -> str:
    return _("your own") if entity == SUBJECT else _("the staff of the company")
