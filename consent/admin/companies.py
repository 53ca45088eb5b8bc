"""Companies, their senders and their purposes."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from phonenumbers import SUPPORTED_REGIONS

from consent import branding, catalogue
from consent.admin import logos, reminders
from consent.admin.scoped import ModelForm, ScopedAdmin, ScopedFilter
from consent.models import Company, Purpose


def time_zones() -> list[tuple[str, str]]:
    """Every zone with a place's name, and UTC."""
    zones = (
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))
    )
    return [(name, name.replace("_", " ")) for name in ("UTC", *sorted(zones))]


class CountriesField(forms.CharField):
    """Country codes as people type them: "BR, CO"."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        codes = str(value or "").upper().replace(",", " ").split()
        for code in codes:
            is_country(code)
        return sorted(set(codes))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data))


def is_country(code: str) -> None:
    """Raise ValidationError where a code names no country with telephones."""
    if code not in SUPPORTED_REGIONS:
        raise ValidationError(
            _("%(code)s is not a country code. Use two letters, such as BR or CO."),
            code="country.unknown",
            params={"code": code},
        )


class CompanyForm(ModelForm):
    """A company with its picture."""

    country = forms.CharField(
        label=_("Country"),
        max_length=2,
        help_text=_("Two letters, such as BR. Numbers typed without + belong here."),
        widget=forms.TextInput(attrs={"size": 4, "autocapitalize": "characters"}),
    )
    allowed_countries = CountriesField(
        label=_("Countries it may write to"),
        required=False,
        help_text=_("Two-letter codes, such as BR, CO. Left empty, only its own country."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=time_zones, help_text=_("Staff of the company see times in this zone.")
    )
    logo_file = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG or WebP, 5 MB at most. It is made small and shown above every form."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk and not self.is_bound:
            self.fields["time_zone"].widget.attrs["data-time-zone-here"] = ""  # the browser knows it

    class Meta:
        model = Company
        fields = "__all__"
        widgets = {
            "color": forms.TextInput(attrs={"type": "color"}),
            "quiet_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_until": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "privacy_url": forms.URLInput(attrs={"class": "vURLField"}),
        }

    def clean_country(self) -> str:
        code = str(self.cleaned_data["country"]).upper()
        is_country(code)
        return code

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        begins, ends = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if "quiet_from" not in self.errors and "quiet_until" not in self.errors:
            if (begins is None) != (ends is None):
                self.add_error(
                    "quiet_until", _("Say both when quiet hours begin and when they end, or neither.")
                )
            elif begins is not None and begins == ends:
                self.add_error("quiet_until", _("Quiet hours end at another time than they begin."))
        return cleaned

    def clean_logo_file(self) -> bytes | None:
        upload = self.cleaned_data.get("logo_file")
        return logos.read(upload) if isinstance(upload, UploadedFile) else None


@admin.register(Company)
class CompanyAdmin(ScopedAdmin):
    """Who asks and is answerable."""

    form = CompanyForm
    list_display = ["name", "slug", "legal_name", "country", "dpo_name"]
    search_fields = ["name", "slug", "legal_name"]
    fieldsets = [
        (None, {"fields": ["name", "slug", "legal_name", "address"]}),
        (_("How it looks"), {"fields": ["color", "shown_logo", "logo_file", "remove_logo"]}),
        (_("Data protection"), {"fields": ["dpo_name", "dpo_contact", "privacy_url"]}),
        (
            _("Where it is"),
            {"fields": ["country", "allowed_countries", "time_zone", "language"]},
        ),
        (
            _("Limits"),
            {
                "fields": [
                    "messages_per_day",
                    "money_per_day",
                    ("offers_per_day", "offers_per_week"),
                    ("quiet_from", "quiet_until"),
                    "when_warned",
                    "when_yellow",
                    "when_red",
                    "stop_scope",
                ]
            },
        ),
        (_("As time passes"), {"fields": ["remind_days", "tells_yearly", "plan", "lapse_months"]}),
    ]
    empty_title = _("No company yet.")
    empty_hint = _("A company is who asks and is answerable. Everything else belongs to one: begin here.")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["shown_logo", "plan", *(["slug"] if obj else [])]

    def get_urls(self) -> list[URLPattern]:
        plan = self.admin_site.admin_view(never_cache(reminders.page))
        return [path("<int:pk>/reminders/", plan, name="consent_company_reminders"), *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without what a company that is not there yet cannot have, and what one cannot hand in."""
        later: tuple[str, ...] = ("shown_logo", "remove_logo", "plan") if obj is None else ()
        if obj is not None and not self.has_change_permission(request, obj):
            later = ("logo_file", "remove_logo")  # what only who may change it hands in
        return [
            (name, {**options, "fields": [field for field in options["fields"] if field not in later]})
            for name, options in super().get_fieldsets(request, obj)
        ]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else {"slug": ["name"]}

    @admin.display(description=_("plan"))
    def plan(self, company: Company) -> SafeString | str:
        if not company.pk:
            return "–"
        address = reverse("admin:consent_company_reminders", args=[company.pk])
        return format_html('<a href="{}">{}</a>', address, _("Consents that end soon"))

    @admin.display(description=_("logo now"))
    def shown_logo(self, company: Company) -> SafeString:
        source = branding.brand(company).logo if company.pk else ""
        if not source:
            return format_html('<span class="quiet">{}</span>', _("No logo yet."))
        return format_html('<img class="logo-now" src="{}" alt="{}">', source, company.name)

    def save_model(self, request: HttpRequest, obj: Company, form: Any, change: bool) -> None:
        if form.cleaned_data.get("remove_logo"):
            obj.logo = b""
        if form.cleaned_data.get("logo_file"):
            obj.logo = form.cleaned_data["logo_file"]
        super().save_model(request, obj, form, change)
        catalogue.forget()


@admin.register(Purpose)
class PurposeAdmin(ScopedAdmin):
    """Why a company writes."""

    list_display = ["__str__", "slug", "company", "category", "valid_for"]
    list_filter = [("company", ScopedFilter), "category"]
    list_select_related = ["company"]
    search_fields = ["slug"]
    fields = ["company", "slug", "category", "name", "description", "validity_days"]
    empty_title = _("No purpose yet.")
    empty_hint = _(
        "A purpose is why the company writes: news and offers, order updates. People agree to each one alone."
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company", "slug"] if obj else []

    @admin.display(description=_("valid for"), ordering="validity_days")
    def valid_for(self, purpose: Purpose) -> Any:
        return (
            _("%(days)s days") % {"days": purpose.validity_days} if purpose.validity_days else _("for ever")
        )

    def save_model(self, request: HttpRequest, obj: Purpose, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        catalogue.forget()
