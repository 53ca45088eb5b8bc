"""Before a campaign: staff hand in a list of numbers, and get it back taken apart."""

import io
from typing import Any

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
from consent.errors import BadInput
from consent.models import Purpose
from consent.vocabulary import Channel


class AudienceForm(forms.Form):
    """A file with numbers, and what is about to be sent to them."""

    purpose = forms.ModelChoiceField(
        queryset=Purpose.objects.none(), label=gettext_lazy("Purpose"), empty_label=None
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=Channel.choices)
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
    )  # fmt: skip
    name = f"audience-{purpose.slug}-{channel}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(into.getvalue(), content_type="application/zip", headers=headers)
