"""Opening sealed personal data: by permission, and written down before anything is shown."""

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consent import journal, opening, vault
from consent.admin import evidence
from consent.admin.scoped import ReadOnlyAdmin, ScopedFilter
from consent.contact import TEL, WHATSAPP_USER_ID
from consent.models import Act, Company, EvidenceFile, InboundMessage, Opening, OutboundMessage, PaperPage

PERMISSION = "consent.open_personal_data"
# Pictures that we encoded ourselves, and so may be looked at; whatever else came is for the disk.
SHOWN = {"scan.jpg": "image/jpeg", "signature.png": "image/png"}


@dataclass(frozen=True, slots=True)
class OpenedAct:
    """Everything personal about one act."""

    title: str
    language: str
    parts: evidence.Parts
    messages: tuple[tuple[OutboundMessage, str], ...]
    files: tuple[EvidenceFile, ...]
    pictures: tuple[tuple[str, str], ...]  # name and address of what may be looked at here


@dataclass(frozen=True, slots=True)
class Opened:
    """A person's contact, and an act with the acts it answers."""

    contact: str
    acts: tuple[OpenedAct, ...]


def may_open(request: HttpRequest) -> bool:
    """Whether somebody may open personal data at all."""
    return request.user.has_perm(PERMISSION)


def open_act(act: Act, *, by: HttpRequest) -> Opened:
    """Open an act, and the acts it answers, for the user of a request. Raises opening.Erased.

    Each opening is a row of its own first, so that nothing is ever seen without a trace.
    """
    first = _open_one(act, _("This act"), by=by)
    asked = [UUID(str(answer["act"])) for answer in first.parts.answers if answer.get("act")]
    questions = Act.objects.filter(pk__in=asked, company=act.company_id, subject=act.subject)
    others = [_open_one(question, _("What it answers"), by=by) for question in questions]
    return Opened(contact=_number(act.subject), acts=(first, *others))


def _open_one(act: Act, title: Any, *, by: HttpRequest) -> OpenedAct:
    trace(by, company=act.company, subject=act.subject, act=act.pk)
    found = opening.evidence_of(act.pk)
    messages = OutboundMessage.objects.filter(act=act.pk).order_by("created_at")
    pictures = EvidenceFile.objects.filter(act=act.pk, name__in=SHOWN)
    return OpenedAct(
        title=str(title),
        language=str(found.get("language", "")),
        parts=evidence.parts(found),
        messages=tuple(
            (message, str(opening.message_content(message).get("text", ""))) for message in messages
        ),
        files=tuple(EvidenceFile.objects.filter(act=act.pk).defer("sealed")),
        pictures=tuple((file.name, _as_address(file)) for file in pictures),
    )


def _as_address(file: EvidenceFile) -> str:
    content = base64.b64encode(opening.file_content(file)).decode()
    return f"data:{SHOWN[file.name]};base64,{content}"


def trace(
    request: HttpRequest, *, company: Company, subject: UUID, act: UUID | None = None, **also: str
) -> None:
    """Write down, also in the log, that the user of a request opens an act, or everything about a person.

    `also` names for the log what was looked at, such as the message that was judged.
    """
    with transaction.atomic():
        Opening.objects.create(user_id=_pk(request), company=company, subject=subject, act=act)
        about = {"subject": str(subject)} | ({"act": str(act)} if act else {}) | also
        journal.write("opened", company=company, at=timezone.now(), entity=entity(request), **about)


def trace_page(request: HttpRequest, page: PaperPage) -> None:
    """Write down, also in the log, that the user of a request looks at a signed sheet; once for each of them."""
    if Opening.objects.filter(user_id=_pk(request), page=page.pk).exists():
        return
    with transaction.atomic():
        Opening.objects.create(user_id=_pk(request), company=page.batch.company, page=page.pk)
        journal.write(
            "opened", company=page.batch.company, at=timezone.now(), entity=entity(request), page=str(page.pk)
        )


def trace_delivery(request: HttpRequest, message: InboundMessage) -> None:
    """Write down, also in the log, that the user of a request opens what a provider delivered."""
    company = message.sender.company if message.sender else None
    with transaction.atomic():
        Opening.objects.create(user_id=_pk(request), company=company, delivery=message.pk)
        journal.write(
            "opened", company=company, at=timezone.now(), entity=entity(request), delivery=str(message.pk)
        )


def trace_export(request: HttpRequest, company: Company) -> None:
    """Write down that the user of a request takes out numbers of a company; what exactly is in the log."""
    Opening.objects.create(user_id=_pk(request), company=company)


def entity(request: HttpRequest) -> str:
    """Who acts, as records name staff."""
    return f"staff:{_pk(request)}"


def _pk(request: HttpRequest) -> int:
    assert request.user.pk is not None, "nobody opens anything without having signed in"
    return request.user.pk


def masked(subject: UUID) -> str:
    """A person's number as staff see it."""
    try:
        contact = opening.contact_of(subject) or opening.contact_of(subject, scheme=WHATSAPP_USER_ID)
    except opening.Erased:
        return str(_("erased"))
    except vault.SealBroken:
        return str(_("cannot be opened"))
    return contact.masked if contact else ""


def _number(subject: UUID) -> str:
    found = (opening.contact_of(subject, scheme=scheme) for scheme in (TEL, WHATSAPP_USER_ID))
    return ", ".join(contact.value for contact in found if contact)


@admin.register(Opening)
class OpeningAdmin(ReadOnlyAdmin):
    """Who opened whose data, and when."""

    list_display = ["opened_at", "user", "company", "person"]
    list_filter = [("company", ScopedFilter)]
    list_select_related = ["user", "company"]
    date_hierarchy = "opened_at"
    fields = ["opened_at", "user", "company", "person", "act", "delivery", "page"]
    readonly_fields = ["person"]
    empty_title = _("Nobody has opened personal data.")
    empty_hint = _("Whoever opens the evidence of a record is written down here: who, whose, when.")

    @admin.display(description=_("person"), ordering="subject")
    def person(self, row: Opening) -> SafeString | str:
        from consent.admin import people

        if row.subject is None:
            return "–"
        return format_html('<a href="{}">{}</a>', people.address(row.subject), people.short(row.subject))
