"""Taking records out, now or by schedule; with numbers only by whoever may open personal data."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from consent.admin import confirming, labels, openings, people, scope
from consent.admin.scoped import ModelForm, ScopedAdmin, ScopedFilter
from consent.admin.site import admin_page
from consent.exports import lines, taking_out
from consent.exports.lines import Wanted
from consent.models import Company, ExportSchedule, Purpose
from consent.vocabulary import Channel, State

_ANY = [("", gettext_lazy("all"))]


class ExportForm(forms.Form):
    """Which records, and in which format."""

    company = forms.ModelChoiceField(
        queryset=Company.objects.none(), label=gettext_lazy("Company"), empty_label=None
    )
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=ExportSchedule.Format.choices)
    purpose = forms.ModelChoiceField(
        queryset=Purpose.objects.none(), label=gettext_lazy("Purpose"), required=False, empty_label=_ANY[0][1]
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"), choices=[*_ANY, *Channel.choices], required=False
    )
    state = forms.ChoiceField(label=gettext_lazy("State"), choices=[*_ANY, *State.choices], required=False)
    since = forms.DateField(
        label=gettext_lazy("Said from"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Said until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    with_contacts = forms.BooleanField(
        label=gettext_lazy("With the numbers of people"),
        required=False,
        help_text=gettext_lazy("Needed to bring it in elsewhere. That you took them out is written down."),
    )

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        companies = scope.companies(request)
        self.fields["company"].queryset = companies  # type: ignore[attr-defined]
        self.fields["purpose"].queryset = Purpose.objects.filter(company__in=companies)  # type: ignore[attr-defined]
        if not openings.may_open(request):
            del self.fields["with_contacts"]

    def clean(self) -> dict[str, Any] | None:
        purpose, company = self.cleaned_data.get("purpose"), self.cleaned_data.get("company")
        if purpose and company and purpose.company_id != company.pk:
            self.add_error("purpose", _("Choose a purpose of the same company."))
        return None

    def wanted(self) -> Wanted:
        """What was chosen; days are those of the company."""
        said = self.cleaned_data
        zone = ZoneInfo(said["company"].time_zone)
        until = said["until"] and said["until"] + timedelta(days=1)
        return Wanted(
            said["company"], with_contacts=said.get("with_contacts", False),
            purpose=said["purpose"].pk if said["purpose"] else None, channel=said["channel"], state=said["state"],
            since=datetime.combine(said["since"], time(), zone) if said["since"] else None,
            until=datetime.combine(until, time(), zone) if until else None,
        )  # fmt: skip


@never_cache
def take_out(request: HttpRequest) -> HttpResponseBase:
    """The page that asks what is to be taken out, and the file, made while it is sent."""
    if not request.user.has_perm(people.VIEW):
        raise PermissionDenied
    if not confirming.is_fresh(request):
        return confirming.ask(request)
    form = ExportForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _file(request, form)
    context = {"title": _("Export records"), "form": form, "log_size": lines.log_size()}
    return TemplateResponse(request, "consent/admin/export.html", admin_page(request, context))


def _file(request: HttpRequest, form: ExportForm) -> HttpResponseBase:
    wanted, entity = form.wanted(), openings.entity(request)
    if wanted.with_contacts:
        openings.trace_export(request, wanted.company)
    export = taking_out.begin(wanted, kind=form.cleaned_data["format"], entity=entity, at=timezone.now())
    headers = {"Content-Disposition": f'attachment; filename="{export.name}"'}
    return StreamingHttpResponse(export.parts, content_type=export.media_type, headers=headers)


class ScheduleForm(ModelForm):
    """Numbers are taken out only by those who may open them."""

    request: HttpRequest

    def clean_with_contacts(self) -> bool:
        wants: bool = self.cleaned_data["with_contacts"]
        if wants and not openings.may_open(self.request):
            raise forms.ValidationError(_("Only somebody who may open personal data takes out numbers."))
        return wants


@admin.register(ExportSchedule)
class ScheduleAdmin(ScopedAdmin):
    """Exports that are made by themselves."""

    form = ScheduleForm
    list_display = ["every", "format", "with_contacts", "is_on", "next", "last", "todo", "company"]
    list_filter = [("company", ScopedFilter)]
    list_select_related = ["company"]
    fields = ["company", "every", "format", "with_contacts", "is_on"]
    empty_title = gettext_lazy("Nothing is exported by itself.")
    empty_hint = gettext_lazy("A schedule puts all records into a folder or a bucket, every day or week.")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type("ScheduleForm", (form,), {"request": request})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company"] if obj else []

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Whoever may have numbers taken out shows the password first."""
        if openings.may_open(request) and not confirming.is_fresh(request):
            return confirming.ask(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: ExportSchedule, form: Any, change: bool) -> None:
        obj.entity = openings.entity(request)
        if not change or obj.trouble:
            obj.due_at = timezone.now()
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("trouble"))
    def todo(self, schedule: ExportSchedule) -> str:
        """What is wrong with it, and what to do."""
        if not schedule.trouble:
            return "–"
        return _(
            "The last one was not made (%(error)s), and is tried again every hour. See whether OPTIN_EXPORT_PLACE is"
            " there, takes files and has room; then save this schedule, and it is tried at once."
        ) % {"error": schedule.trouble}

    @admin.display(description=gettext_lazy("next"))
    def next(self, schedule: ExportSchedule) -> str:
        return labels.moment(schedule.due_at) if schedule.is_on else "–"

    @admin.display(description=gettext_lazy("last made"))
    def last(self, schedule: ExportSchedule) -> str:
        return f"{labels.moment(schedule.last_at)} · {schedule.last_name}" if schedule.last_at else "–"
