"""How one person is reached, under which spelling and since when; contacts linked to them and parted from them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from consent import history, linking, opening, vault
from consent.admin import openings, people, scope
from consent.admin.site import admin_page
from consent.contact import TEL, WHATSAPP_USER_ID, Contact
from consent.errors import BadInput
from consent.models import Company, ConsentRecord, ContactPoint

MAY_CHANGE = "consent.change_contactpoint"

SCHEMES = {TEL: gettext_lazy("phone number"), WHATSAPP_USER_ID: gettext_lazy("WhatsApp user id")}

# Chosen and not typed: what stands in the log for good must name nobody.
WHY_LINKED = {
    "said": gettext_lazy("The person told us that both are theirs"),
    "shown": gettext_lazy("The person showed us both, on the phone or at the counter"),
}
WHY_PARTED = {
    "changed": gettext_lazy("The person has another number now"),
    "given_up": gettext_lazy("Somebody else has this number now"),
    "mistyped": gettext_lazy("It was never theirs: it was mistyped"),
    "wrong_link": gettext_lazy("It was linked to the wrong person"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One contact. `spelling` says how it is written to where that is not the usual way."""

    pk: UUID
    scheme: Any
    masked: str
    spelling: str
    since: datetime
    ended_at: datetime | None


class LinkForm(forms.Form):
    """Another contact of the person; it goes to the server in the body, never in an address."""

    other = forms.CharField(
        label=gettext_lazy("Other phone number or WhatsApp user id"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )
    cause = forms.ChoiceField(label=gettext_lazy("Why"), choices=list(WHY_LINKED.items()))

    def __init__(self, company: Company, data: Any = None) -> None:
        super().__init__(data)
        self.company = company

    def clean_other(self) -> Contact:
        text = str(self.cleaned_data["other"]).strip()
        try:
            is_id = text[:1].isalpha()
            contact = Contact.reported(text) if is_id else people.read(text, region=self.company.country)
        except BadInput as error:
            raise forms.ValidationError(error.message) from error
        # A yes must not travel to a contact that only staff have typed: nobody has shown that it is theirs.
        known = ContactPoint.objects.filter(lookup=vault.lookup(self.company.pk, contact), ended_at=None)
        if not known.exists():
            raise forms.ValidationError(_("Nobody has said anything here from this contact. Ask them first."))
        return contact


class PartForm(forms.Form):
    """Why a contact is no longer the person's."""

    cause = forms.ChoiceField(
        label=gettext_lazy("Why"), choices=list(WHY_PARTED.items()), widget=forms.RadioSelect
    )


def context(request: HttpRequest, subject: UUID) -> dict[str, Any]:
    """What a person's page shows of their contacts."""
    lines = _lines(subject)
    return {
        "contacts": lines,
        "may_change_contacts": request.user.has_perm(MAY_CHANGE),
        "is_reached": any(line.ended_at is None for line in lines),
    }


@sensitive_post_parameters("other")
def link(request: HttpRequest, subject: UUID) -> HttpResponse:
    """Note that another contact is this person's too."""
    company = _company(request, subject)
    form = LinkForm(company, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        own = next((point for point in _points(subject) if point.ended_at is None), None)
        if own is None:
            raise Http404
        into = linking.link(
            company, opening.opened(own), form.cleaned_data["other"],
            entity=openings.entity(request), cause=form.cleaned_data["cause"],
        )  # fmt: skip
        notes.success(request, _("Linked. A stop to one of the two is a stop to the other from now on."))
        return redirect(people.address(into or subject))
    return _page(request, subject, "link.html", {"title": _("Link another contact"), "form": form})


def part(request: HttpRequest, subject: UUID, pk: UUID) -> HttpResponse:
    """Note that a contact is not this person's any more."""
    company = _company(request, subject)
    point = next((point for point in _points(subject) if point.pk == pk and point.ended_at is None), None)
    if point is None:
        raise Http404
    contact = opening.opened(point)
    form = PartForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        cause, by = form.cleaned_data["cause"], openings.entity(request)
        linking.part(company, contact, cause=cause, entity=by)
        notes.success(request, _("Parted. Whoever has that contact now is a stranger, to be asked."))
        return redirect(people.address(subject))
    shown = {"title": _("Is this contact theirs no longer?"), "form": form, "contact": contact.masked}
    return _page(request, subject, "part.html", shown)


def _company(request: HttpRequest, subject: UUID) -> Company:
    if not (request.user.has_perm(people.VIEW) and request.user.has_perm(MAY_CHANGE)):
        raise PermissionDenied
    records = scope.within(ConsentRecord.objects.filter(subject=subject), request)
    record = records.select_related("company").first()
    if record is None:
        raise Http404
    company: Company = record.company
    return company


def _points(subject: UUID) -> list[ContactPoint]:
    ids = history.ids_of([subject])[subject]
    return list(ContactPoint.objects.filter(subject__in=ids, is_former=False).order_by("created_at", "pk"))


def _lines(subject: UUID) -> list[Line]:
    lines = []
    for point in _points(subject):
        try:
            contact = opening.opened(point)
        except (opening.Erased, vault.SealBroken):
            continue
        lines.append(
            Line(
                pk=point.pk,
                scheme=SCHEMES.get(point.scheme, point.scheme),
                masked=contact.masked,
                spelling=_spelling(contact),
                since=point.created_at,
                ended_at=point.ended_at,
            )
        )
    return lines


def _spelling(contact: Contact) -> str:
    """How a number is written to where its country has two ways: its digits, not the number."""
    if contact.value == contact.canonical:
        return ""
    if contact.value.startswith("+55"):
        return _("written without the ninth digit, as WhatsApp knows it")
    if contact.value.startswith("+54"):
        return _("written without the 9 after the country code")
    return _("written with the 1 after the country code, as WhatsApp knows it")


def _page(request: HttpRequest, subject: UUID, template: str, extra: dict[str, Any]) -> HttpResponse:
    shown = {
        "subject": subject,
        "short": people.short(subject),
        "person": people.address(subject),
        "masked": openings.masked(subject),
        **extra,
    }
    return TemplateResponse(request, f"consent/admin/{template}", admin_page(request, shown))
