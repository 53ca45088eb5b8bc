"""Writing down a stop that came by letter or was said at a counter, also of a number nobody has heard of."""

from datetime import date, timedelta, timezone
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from consent import vault, withdrawing
from consent.admin import openings, people
from consent.admin.site import admin_page
from consent.capture.paper import letters
from consent.withdrawing import Kept

MAY_WRITE_DOWN = "consent.add_paperbatch"  # whoever may bring in paper
# Where a day begins first: no stop is refused because a clock here is behind the one on its writer's wall.
EARLIEST_ZONE = timezone(timedelta(hours=14))


class LetterForm(people.FindForm):
    """Whose stop it is, the day on the paper, and where that lies."""

    written_on = forms.DateField(
        label=gettext_lazy("Day on the paper"),
        help_text=gettext_lazy("The day it was signed or said; where there is none, the day it came."),
        widget=forms.DateInput(attrs={"type": "date", "class": "vTextField"}, format="%Y-%m-%d"),
    )
    place = forms.CharField(
        label=gettext_lazy("Where the paper lies"),
        max_length=letters.LONGEST_PLACE,
        required=False,
        help_text=gettext_lazy("Such as: folder 12. Leave it out where somebody only said it."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    form = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(request, data)
        self.fields["number"].help_text = _("The whole number, also one that nobody here has heard of.")

    def clean(self) -> dict[str, Any] | None:
        """A stop that is written down for a part of a number would stop nobody."""
        cleaned = super().clean()
        if cleaned and "contact" in cleaned:
            self.has_whole_number()
        return cleaned

    def clean_written_on(self) -> date:
        day: date = self.cleaned_data["written_on"]
        if day > localdate(timezone=EARLIEST_ZONE):
            raise ValidationError(_("This day has not come yet."))
        return day


@sensitive_post_parameters("number")
def write_down(request: HttpRequest) -> HttpResponse:
    """Stop everything for a number, on every channel."""
    if not request.user.has_perm(MAY_WRITE_DOWN):
        raise PermissionDenied
    form = LetterForm(request, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        return _write_down(request, form.cleaned_data)
    form.fields["written_on"].initial = localdate()
    form.fields["form"].initial = vault.new_id()
    context = {"title": _("Write down a stop"), "form": form}
    return TemplateResponse(request, "consent/admin/letter.html", admin_page(request, context))


def _write_down(request: HttpRequest, said: dict[str, Any]) -> HttpResponse:
    stop = letters.read(
        said["contact"], said["company"], written_on=said["written_on"], place=said["place"],
        by=openings.entity(request), form=str(said["form"]), now=now(),
    )  # fmt: skip
    try:
        recorded = withdrawing.record(stop)
    except Kept:
        context = {"title": _("Write down a stop"), "kept": True}
        return TemplateResponse(
            request, "consent/admin/letter.html", admin_page(request, context), status=202
        )
    messages.success(request, _("Written down. This number gets nothing more, on no channel."))
    return redirect(people.address(recorded.subject))
