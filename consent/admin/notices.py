"""Notices, and the list of their versions."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consent import starter
from consent.admin import labels, versions
from consent.admin.scoped import ScopedAdmin, ScopedFilter
from consent.models import Notice, NoticeVersion

State = NoticeVersion.State


@admin.register(Notice)
class NoticeAdmin(ScopedAdmin):
    """What is said to people."""

    list_display = ["slug", "company", "current_version", "draft_version"]
    list_filter = [("company", ScopedFilter)]
    list_select_related = ["company"]
    ordering = ["company", "slug"]
    search_fields = ["slug"]
    fields = ["company", "slug"]
    change_form_template = "consent/admin/notice.html"
    empty_title = _("No notice yet.")
    empty_hint = _(
        "A notice is what people read before they agree. Once published, a version never changes again."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        return super().get_queryset(request).prefetch_related("versions")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company", "slug"] if obj else []

    @admin.display(description=_("published version"))
    def current_version(self, notice: Notice) -> SafeString:
        found = [version for version in notice.versions.all() if version.state == State.PUBLISHED]
        return _badge(found[0]) if found else labels.badge("missing", _("none"))

    @admin.display(description=_("draft"))
    def draft_version(self, notice: Notice) -> SafeString | str:
        found = [version for version in notice.versions.all() if version.state == State.DRAFT]
        return _badge(found[0]) if found else ""

    def save_model(self, request: HttpRequest, obj: Notice, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            wordings = starter.wordings(sms_to_us="US" in obj.company.countries)
            NoticeVersion.objects.create(notice=obj, wordings=wordings)

    def response_add(
        self, request: HttpRequest, obj: Notice, post_url_continue: str | None = None
    ) -> HttpResponse:
        self.message_user(
            request, _("The notice has a first draft with a text to begin with. Change it and publish it.")
        )
        draft = obj.versions.get()
        return redirect("admin:consent_noticeversion_change", draft.pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        notice = self.get_object(request, object_id)
        context = {
            "versions": notice.versions.all() if notice else [],
            "points": notice.points.all() if notice else [],
            "may_write": versions.may_write(request),
            "has_draft": notice is not None and notice.versions.filter(state=State.DRAFT).exists(),
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})


def _badge(version: NoticeVersion) -> SafeString:
    return format_html("{} {}", labels.badge(version.state, version.get_state_display()), version.number)
