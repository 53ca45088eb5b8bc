"""Keys of programs: made, limited, replaced and revoked; each is shown once."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from consent.admin import labels
from consent.admin.scoped import ONE_BUTTON, ScopedAdmin, ScopedFilter
from consent.admin.site import admin_page
from consent.api import keys
from consent.models import ApiKey
from consent.models.access import every_scope


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key's name and what it may do."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("This key may"),
        choices=ApiKey.Scope.choices,
        initial=every_scope,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Give a program no more than it needs."),
    )

    class Meta:
        labels = {"company": gettext_lazy("Company")}


@admin.register(ApiKey)
class ApiKeyAdmin(ScopedAdmin):
    """Keys of programs. A key is seen once, when it is made or takes another one's place."""

    form = KeyForm

    list_display = ["name", "company", "may", "made", "last_used", "state"]
    list_filter = [("company", ScopedFilter)]
    list_select_related = ["company"]
    fields = ["company", "name", "scopes"]
    change_form_template = "consent/admin/api_key.html"
    empty_title = gettext_lazy("No key yet.")
    empty_hint = gettext_lazy(
        "A program of the company needs a key to ask “may I send?” or to hand in consents."
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        seen = ["made", "last_used", "state", "alarmed"] if obj else []
        return ["company", "name", "scopes", *seen]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company", "made", "last_used", "state", "alarmed"] if obj else []

    def get_urls(self) -> list[URLPattern]:
        return [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"consent_apikey_{name}")
            for name, view in (("revoke", self.revoke), ("rotate", require_POST(self.rotate)))
        ] + super().get_urls()

    @admin.display(description=gettext_lazy("may"))
    def may(self, key: ApiKey) -> str:
        return "; ".join(str(ApiKey.Scope(scope).label) for scope in key.scopes)

    @admin.display(description=gettext_lazy("made on"), ordering="created_at")
    def made(self, key: ApiKey) -> str:
        return labels.moment(key.created_at)

    @admin.display(description=gettext_lazy("last used"), ordering="last_used_at")
    def last_used(self, key: ApiKey) -> str:
        return labels.moment(key.last_used_at) if key.last_used_at else _("never")

    @admin.display(description=gettext_lazy("state"))
    def state(self, key: ApiKey) -> SafeString:
        if key.revoked_at:
            return labels.badge("revoked", _("revoked"))
        if key.expires_at is None:
            return labels.badge("given", _("in use"))
        if key.expires_at > timezone.now():
            return labels.badge("requested", _("replaced, ends within a day"))
        return labels.badge("revoked", _("replaced"))

    @admin.display(description=gettext_lazy("alarm"))
    def alarmed(self, key: ApiKey) -> str:
        if key.alarm_at is None:
            return _("None.")
        return f"{labels.moment(key.alarm_at)}: {key.get_alarm_display()}"

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if not change:
            request._new_key = keys.new_key()  # type: ignore[attr-defined]
            obj.digest = keys.digest(request._new_key)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Saving leads to the key itself, whatever else one would do next."""
        return super().add_view(request, form_url, {**ONE_BUTTON, **(extra_context or {})})

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The page that shows the key: the answer to the POST itself, so that the key is kept nowhere."""
        return self._show(request, obj, request._new_key)  # type: ignore[attr-defined]

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new key in place of this one, which is believed for one more day."""
        key = self._found(request, pk)
        if key.revoked_at or key.expires_at:
            self.message_user(request, _("The key was revoked or replaced before."), messages.WARNING)
            return redirect("admin:consent_apikey_changelist")
        secret = keys.rotate(key)
        self.log_change(request, key, "Replaced.")
        return self._show(request, key, secret)

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End a key, now and for good, after asking once more."""
        key = self._found(request, pk)
        if request.method != "POST" and key.revoked_at is None:
            context = {
                "title": _("Revoke the key of %(name)s?") % {"name": key.name},
                "opts": self.opts,
                "key": key,
                "moment": labels.moment(key.last_used_at) if key.last_used_at else "",
                "may": [ApiKey.Scope(scope).label for scope in key.scopes],
            }
            return TemplateResponse(request, "consent/admin/revoke_key.html", admin_page(request, context))
        if key.revoked_at is None and request.POST.get("sure") != "yes":
            return redirect("admin:consent_apikey_revoke", pk)
        if ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
            self.log_change(request, key, "Revoked.")
            self.message_user(request, _("The key no longer opens anything."))
        else:
            self.message_user(request, _("The key was revoked before."), messages.WARNING)
        return redirect("admin:consent_apikey_changelist")

    def _found(self, request: HttpRequest, pk: int) -> ApiKey:
        key: ApiKey | None = self.get_object(request, str(pk))
        if not self.has_change_permission(request, key):
            raise PermissionDenied
        if key is None:
            raise Http404
        return key

    def _show(self, request: HttpRequest, key: ApiKey, secret: str) -> HttpResponse:
        context = {
            "title": _("The key of %(name)s") % {"name": key.name},
            "opts": self.opts,
            "key": key,
            "secret": secret,
        }
        return TemplateResponse(request, "consent/admin/new_key.html", admin_page(request, context))
