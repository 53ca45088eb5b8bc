"""Printing sheets to sign from the page of a capture point."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import catalogue
from consent.capture.paper import sheet
from consent.models import CapturePoint
from consent.paper import code
from consent.vocabulary import Language

PAPERS = [("a4", "A4"), ("letter", "Letter")]


class SheetsForm(forms.Form):
    """Which sheets, and how many."""

    language = forms.ChoiceField(label=gettext_lazy("Language"))
    paper = forms.ChoiceField(label=gettext_lazy("Paper"), choices=PAPERS)
    count = forms.IntegerField(
        label=gettext_lazy("How many"), min_value=1, max_value=sheet.MOST, initial=20,
        help_text=gettext_lazy("Each has a serial of its own: print again rather than photocopy."),
    )  # fmt: skip
    blank = forms.BooleanField(
        label=gettext_lazy("Without statement and boxes"), required=False,
        help_text=gettext_lazy("To fasten to a form of your own: staff type what it says."),
    )  # fmt: skip

    def __init__(self, point: CapturePoint, data: Any = None) -> None:
        super().__init__(data, auto_id="sheets_%s")
        names = dict(Language.choices)
        spoken = [language for language in point.languages if language in names]
        self.fields["language"].choices = [(language, names[language]) for language in spoken]  # type: ignore[attr-defined]
        self.fields["language"].initial = point.company.language


def printed(request: HttpRequest, point: CapturePoint) -> HttpResponse:
    """The sheets as a PDF; back to the page of the capture point where they cannot be made."""
    form = SheetsForm(point, request.POST)
    back = HttpResponseRedirect(reverse("admin:consent_capturepoint_change", args=[point.pk]) + "#sheets")
    if not form.is_valid():
        for field, errors in form.errors.items():
            label = form.fields[field].label if field in form.fields else ""
            messages.error(request, f"{label}: {' '.join(str(error) for error in errors)}")
        return back
    ask = catalogue.ask(point.company.slug, point.slug)
    chosen = form.cleaned_data
    if ask is None or chosen["language"] not in ask.languages:
        messages.error(request, _("The published notice does not speak this language."))
        return back
    try:
        pdf = sheet.print_sheets(
            ask,
            language=chosen["language"],
            serials=[code.new_serial() for _number in range(chosen["count"])],
            paper=chosen["paper"],
            blank=chosen["blank"],
        )
    except sheet.Refused as refused:
        messages.error(request, refused.message)
        return back
    name = f"{point.slug}-{chosen['language']}-{chosen['paper']}.pdf"
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": disposition})
