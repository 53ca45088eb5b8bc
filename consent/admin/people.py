"""One person: where they stand on every purpose and channel, and everything they said."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from consent import history, reach, vault
from consent.admin import labels, openings, scope, troubles
from consent.admin.site import admin_page
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import Company, ConsentRecord, ContactPoint, ContactTrouble, Purpose
from consent.vocabulary import Channel

VIEW = "consent.view_consentrecord"
MOST_RECORDS = 500


@dataclass(frozen=True, slots=True)
class Line:
    """Where a person stands on one purpose and channel."""

    purpose: str
    channel: str
    state: str
    label: str
    reason: str


class FindForm(forms.Form):
    """A number somebody asks about; it goes to the server in the body, never in an address."""

    company = forms.ModelChoiceField(
        queryset=Company.objects.none(), label=gettext_lazy("Company"), empty_label=None
    )
    number = forms.CharField(
        label=gettext_lazy("Phone number"),
        max_length=100,
        help_text=gettext_lazy("The whole number: with a part of one nobody is found."),
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "off", "autofocus": True, "class": "vTextField"}
        ),
    )

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        companies = scope.companies(request)
        self.fields["company"].queryset = companies  # type: ignore[attr-defined]
        only = scope.only_company(request)
        if only:
            self.fields["company"].initial = only
            self.fields["company"].widget = self.fields["company"].hidden_widget()

    def subject(self) -> UUID | None:
        """The person with this number in this company; None where there is none."""
        company: Company = self.cleaned_data["company"]
        contact = self.cleaned_data["contact"]
        return (
            ContactPoint.objects.filter(lookup=vault.lookup(company.pk, contact), is_former=False)
            .values_list("subject", flat=True)
            .first()
        )

    def has_whole_number(self) -> bool:
        """Whether the number is one that a phone can have; where it is none, the form says what is wrong."""
        try:
            Contact.stopping(self.cleaned_data["contact"].value)
        except BadInput as error:
            self.add_error("number", error.message)
            return False
        return True

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        company, number = cleaned.get("company"), cleaned.get("number", "")
        if company and number:
            try:
                cleaned["contact"] = read(number, region=company.country)
            except BadInput as error:
                self.add_error("number", error.message)
        return cleaned


def read(text: str, *, region: str) -> Contact:
    """A number as staff type it, even one that no form would take: a stop counts from any of them.

    One of no plan that we know must begin with +.
    """
    try:
        return Contact.stopping(text, region)
    except BadInput:
        if text.strip().startswith("+"):
            with suppress(BadInput):
                return Contact.reported(f"+{''.join(filter(str.isdecimal, text))}")
        raise


def address(subject: UUID) -> str:
    """Where a person's page is."""
    return reverse("admin:consent_person", args=[subject])


def short(subject: UUID) -> str:
    """A person's random id, short enough to tell two apart on a page."""
    return subject.hex[-8:]


@sensitive_post_parameters("number")
def find(request: HttpRequest) -> HttpResponse:
    """Finds a person by number."""
    _require_view(request)
    form = FindForm(request, request.POST if request.method == "POST" else None)
    nobody = False
    if form.is_bound and form.is_valid():
        subject = form.subject()
        if subject is not None and _records(request, subject).exists():
            return redirect(address(subject))
        nobody = form.has_whole_number()
    context = {"title": _("Find a person"), "form": form, "nobody": nobody}
    return TemplateResponse(request, "consent/admin/find.html", admin_page(request, context))


def show(request: HttpRequest, subject: UUID) -> HttpResponse:
    """One person."""
    from consent.admin import cases

    _require_view(request)
    records = list(
        _records(request, subject).select_related("company", "purpose", "notice__notice", "point")[
            :MOST_RECORDS
        ]
    )
    if not records:
        raise Http404
    context = {
        "title": _("Person %(short)s") % {"short": short(subject)},
        "subject": subject,
        "company": records[0].company,
        "masked": openings.masked(subject),
        "lines": _lines(subject),
        "records": records,
        "troubles": _troubles(subject),
        **cases.context(request, subject),
    }
    return TemplateResponse(request, "consent/admin/person.html", admin_page(request, context))


def _require_view(request: HttpRequest) -> None:
    if not request.user.has_perm(VIEW):
        raise PermissionDenied


def _records(request: HttpRequest, subject: UUID) -> Any:
    ids = history.ids_of([subject])[subject]
    return scope.within(ConsentRecord.objects.filter(subject__in=ids), request)


def _troubles(subject: UUID) -> list[tuple[ContactTrouble, str]]:
    """What keeps the person from being reached now, with what that means."""
    ids = history.ids_of([subject])[subject]
    found = reach.now(ids, at=timezone.now())
    return [(one, str(known.means) if (known := troubles.of(one.cause)) else one.cause) for one in found]


def _lines(subject: UUID) -> list[Line]:
    standings = history.standings(subject, at=timezone.now())
    purposes = Purpose.objects.in_bulk([purpose for _channel, purpose in standings if purpose is not None])
    lines = [
        Line(
            purpose=str(purposes[purpose]) if purpose is not None else _("everything on this channel"),
            channel=str(Channel(channel).label),
            state=standing.state,
            label=labels.state(standing.state),
            reason=labels.reason(standing),
        )
        for (channel, purpose), standing in standings.items()
    ]
    return sorted(lines, key=lambda line: (line.purpose, line.channel))
