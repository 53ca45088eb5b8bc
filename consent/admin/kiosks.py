"""Tablets at counters: opened by a link that is shown once, and shut by revoking it."""

from typing import Any

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

from consent.admin import labels, openings
from consent.admin.scoped import ONE_BUTTON, ScopedAdmin, ScopedFilter
from consent.admin.site import admin_page
from consent.capture.kiosk import tablets
from consent.models import Kiosk


@admin.register(Kiosk)
class KioskAdmin(ScopedAdmin):
    """Kiosks. Their link is seen once, when they are made."""

    list_display = ["name", "point", "used_at", "state"]
    list_filter = [("point", ScopedFilter)]
    list_select_related = ["point"]
    fields = ["point", "name"]
    change_form_template = "consent/admin/kiosk.html"
    empty_title = gettext_lazy("No kiosk yet.")
    empty_hint = gettext_lazy(
        "A kiosk is a tablet at a counter that shows a capture point in large type, also without a network."
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["point", "name", *(["made_at", "used_at", "state"] if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["point", "made_at", "used_at", "state"] if obj else []

    def get_urls(self) -> list[URLPattern]:
        revoke = self.admin_site.admin_view(require_POST(self.revoke))
        return [path("<int:pk>/revoke/", revoke, name="consent_kiosk_revoke"), *super().get_urls()]

    @admin.display(description=gettext_lazy("state"))
    def state(self, kiosk: Kiosk) -> SafeString:
        return (
            labels.badge("revoked", _("revoked")) if kiosk.revoked_at else labels.badge("given", _("in use"))
        )

    def save_model(self, request: HttpRequest, obj: Kiosk, form: Any, change: bool) -> None:
        if not change:
            request._new_key = tablets.new_key()  # type: ignore[attr-defined]
            obj.digest = tablets.digest(request._new_key)  # type: ignore[attr-defined]
            obj.made_at, obj.made_by = timezone.now(), openings.entity(request)
        super().save_model(request, obj, form, change)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().add_view(request, form_url, {**ONE_BUTTON, **(extra_context or {})})

    def response_add(
        self, request: HttpRequest, obj: Kiosk, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The page that shows the link: the answer to the POST itself, so that the key is kept nowhere."""
        context = {
            "title": _("The link of %(name)s") % {"name": obj.name},
            "opts": self.opts,
            "link": tablets.address(obj, request._new_key),  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "consent/admin/new_kiosk.html", admin_page(request, context))

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Shut a kiosk, now and for good."""
        kiosk: Kiosk | None = self.get_object(request, str(pk))
        if not self.has_change_permission(request, kiosk):
            raise PermissionDenied
        if kiosk is None:
            raise Http404
        if Kiosk.objects.filter(pk=kiosk.pk, revoked_at=None).update(revoked_at=timezone.now()):
            self.log_change(request, kiosk, "Revoked.")
            self.message_user(request, _("The tablet takes no more answers."))
        else:
            self.message_user(request, _("It was revoked before."), messages.WARNING)
        return redirect("admin:consent_kiosk_changelist")
