"""The staff site: its name, its order, its home, the language and the time zone it speaks."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.templatetags import admin_list
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.i18n import JavaScriptCatalog, set_language

from consent.admin import borrowed, confirming, home, labels, scope, shut

# In the order of work, not of the alphabet. What is not named comes last.
SECTIONS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (
        _("Asking"),
        ("CapturePoint", "Notice", "NoticeVersion", "Purpose", "Sender", "MessageTemplate", "Company"),
    ),
    (_("Evidence"), ("ConsentRecord", "RightsRequest", "AuditSample", "Opening", "LogEntry", "Checkpoint")),
    (_("In person"), ("PaperBatch", "Kiosk")),
    (_("In and out"), ("Import", "ExportSchedule", "Subscription")),
    (_("Messages"), ("DecisionCount", "Hold", "OutboundMessage", "InboundMessage")),
    (_("Access"), ("ApiKey", "User", "Group", "AccessAttempt", "AccessFailureLog", "AccessLog")),
)


def admin_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of a page of our own inside the site."""
    return {**admin.site.each_context(request), **context}


class SignIn(AdminAuthenticationForm):
    """Signing in, which nobody can whose access has ended."""

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        ended = None if user.is_superuser else scope.last_day_of(user.pk)
        if ended:
            raise ValidationError(shut.ended_words(ended), code="access_ended")


class OptinAdminSite(admin.AdminSite):
    """The stock admin with our own home, order and manners."""

    site_title = "Optin"
    site_header = "Optin"
    index_title = _("Home")
    empty_value_display = "–"
    login_form = SignIn

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [
            path("language/", set_language, name="language"),
            path("password-again/", self.admin_view(confirming.page), name="consent_password_again"),
            *super().get_urls(),
        ]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The sign-in, which is remembered as a moment at which the password was shown."""
        response = super().login(request, extra_context)
        if request.method == "POST" and request.user.is_authenticated:
            confirming.remember(request)
        return response

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The pages by what they are for."""
        apps = super().get_app_list(request, app_label)
        models = {model["object_name"]: model for app in apps for model in app["models"]}
        for name in borrowed.TABLES.keys() & models.keys():
            models[name]["name"] = borrowed.TABLES[name]
        sections = [
            {
                "name": title,
                "app_label": f"section{number}",
                "app_url": "",
                "has_module_perms": True,
                "models": [models.pop(name) for name in names if name in models],
            }
            for number, (title, names) in enumerate(SECTIONS)
        ]
        rest = {"name": _("More"), "app_label": "more", "app_url": "", "has_module_perms": True}
        sections.append({**rest, "models": list(models.values())})
        return [section for section in sections if section["models"]]

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The pages of one app have no page of their own; home lists them all."""
        if not super().get_app_list(request, app_label):
            raise Http404
        return redirect("admin:index")  # type: ignore[return-value]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**home.overview(request), **(extra_context or {})})

    def i18n_javascript(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The words of the admin's scripts: Django's, and ours where Django's lack a language."""
        return JavaScriptCatalog.as_view(packages=["django.contrib.admin", "consent"])(request)  # type: ignore[return-value]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "staff_time_zone": timezone.get_current_timezone_name()}

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Every page in the time zone of the company one works for."""
        inner = super().admin_view(view, cacheable)

        def in_staff_time(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            ended = scope.ended_on(request)
            if ended and request.path != reverse("admin:logout"):
                return shut.ended(request, ended)
            if not self.has_permission(request):
                if request.method == "POST" and not request.user.is_authenticated:
                    return shut.signed_out(request)
                return inner(request, *args, **kwargs)  # type: ignore[no-any-return]
            with timezone.override(scope.time_zone(request)):
                response: HttpResponseBase = inner(request, *args, **kwargs)
                if request.method == "GET" and response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
                    return shut.only_sent(request)
                return response.render() if isinstance(response, SimpleTemplateResponse) else response

        return in_staff_time


# Django's own says "True" and "False" in English whatever the language, and has no setting for it.
admin_list._boolean_icon = labels.yes_or_no  # type: ignore[attr-defined]

_site = OptinAdminSite()


def staff_site() -> OptinAdminSite:
    """The one site: Django asks for it first, and our own pages again while Django still waits for them."""
    return _site
