"""Before a campaign: staff hand in a list of numbers, and get it back taken apart."""

import io
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from consent import preflight
from consent.admin import people, scope
from consent.admin.site import admin_page
from consent.decision import WORDS, Reason
from consent.errors import BadInput
from consent.models import Purpose
from consent.vocabulary import Channel

translated = _  # a name that marks nothing for translation: reasons are marked where they stand


class AudienceForm(forms.Form):
    """A file with numbers, and what is about to be sent to them."""

    purpose = forms.ModelChoiceField(
        queryset=Purpose.objects.none(), label=gettext_lazy("Purpose"), empty_label=None
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=Channel.choices)
    sending_at = forms.DateTimeField(
        label=gettext_lazy("Moment of sending"),
        required=False,
        help_text=gettext_lazy(
            "By the clock of the company; empty means now. This moment is judged: offers are denied to those for"
            " whom it is night then, and consents may have ended by then."
        ),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV in UTF-8, with any columns: the one with the phone numbers is found. It is not kept."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def __init__(self, request: HttpRequest, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        purposes = Purpose.objects.filter(company__in=scope.companies(request)).select_related("company")
        self.fields["purpose"].queryset = purposes  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        purpose, at = cleaned.get("purpose"), cleaned.get("sending_at")
        if purpose is not None and at is not None:
            at = at.replace(tzinfo=ZoneInfo(purpose.company.time_zone))
            now = timezone.now()
            if not now - timedelta(hours=1) <= at <= now + preflight.PLANNED:
                self.add_error("sending_at", _("Choose a moment from now to 31 days ahead."))
            cleaned["sending_at"] = max(at, now)
        return cleaned

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > preflight.LARGEST:
            raise forms.ValidationError(_("The file is larger than 20 MB: send it in parts."))
        return file


@never_cache
def take_apart(request: HttpRequest) -> HttpResponse:
    """The page that takes an audience, and the zip that it becomes."""
    if not request.user.has_perm(people.VIEW):
        raise PermissionDenied
    form = AudienceForm(request, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _zip(form)
        except UnicodeDecodeError:
            form.add_error("file", _("Save the file in UTF-8 and send it again."))
        except BadInput as error:
            form.add_error("file", error.message)
    context = {"title": _("Whom may this reach?"), "form": form}
    return TemplateResponse(request, "consent/admin/audience.html", admin_page(request, context))


def _zip(form: AudienceForm) -> HttpResponse:
    purpose, channel = form.cleaned_data["purpose"], form.cleaned_data["channel"]
    into = io.BytesIO()
    preflight.run(
        io.TextIOWrapper(form.cleaned_data["file"], encoding="utf-8", newline=""), into,
        company=purpose.company, channel=channel, purpose=purpose.slug, at=timezone.now(),
        sending_at=form.cleaned_data["sending_at"], explain=_words,
    )  # fmt: skip
    name = f"audience-{purpose.slug}-{channel}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(into.getvalue(), content_type="application/zip", headers=headers)


def _words(reason: str) -> str:
    """A reason in the language of whoever handed the list in; of none the heading above reasons."""
    own = {
        "": _("why"),
        "duplicate": _("This number stood further up already."),
        preflight.OVER_LIMIT: _("They agreed, but the platform's limit for 24 hours has no room for them."),
    }
    return own[reason] if reason in own else translated(WORDS[Reason(reason)])
