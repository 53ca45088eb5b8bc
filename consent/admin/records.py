"""Consent records: found, read, and opened; never changed."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from consent import capture, history, opening, receipts, vault
from consent.admin import (
    audiences,
    cases,
    contacts,
    conversation,
    exports,
    files,
    labels,
    letters,
    openings,
    people,
    rights,
)
from consent.admin.scoped import ReadOnlyAdmin, ScopedFilter
from consent.admin.site import admin_page
from consent.models import ConsentRecord, LogEntry


class MethodFilter(admin.SimpleListFilter):
    """By capture method: those this installation has."""

    title = gettext_lazy("capture method")
    parameter_name = "method"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(method.slug, str(method.name)) for method in capture.methods()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(method=self.value()) if self.value() else queryset


@admin.register(ConsentRecord)
class RecordAdmin(ReadOnlyAdmin):
    """What people said. The list holds no personal data."""

    list_display = ["said_at", "state_badge", "purpose_name", "channel", "method_name", "place", "company"]
    list_display_links = ["said_at"]
    list_filter = ["state", "channel", MethodFilter, ("purpose", ScopedFilter), ("company", ScopedFilter)]
    list_select_related = ["company", "purpose"]
    date_hierarchy = "event_time"
    sortable_by = ()  # the newest first: no other order has an index
    change_list_template = "consent/admin/records.html"
    empty_title = gettext_lazy("No record found.")
    empty_hint = gettext_lazy(
        "Each yes, no and stop becomes a record. Open a capture point's address and answer to see the first."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentRecord]:
        place = LogEntry.objects.filter(id=OuterRef("uid")).values("index")
        found: QuerySet[ConsentRecord] = super().get_queryset(request)
        return found.annotate(log_index=Subquery(place))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("find/", view(people.find), name="consent_find"),
            path("letter/", view(never_cache(letters.write_down)), name="consent_letter"),
            path("export/", view(exports.take_out), name="consent_export"),
            path("audience/", view(audiences.take_apart), name="consent_audience"),
            path("person/<uuid:subject>/", view(people.show), name="consent_person"),
            path("person/<uuid:subject>/prove/", view(cases.prove), name="consent_person_prove"),
            path("person/<uuid:subject>/legal-hold/", view(rights.hold), name="consent_person_hold"),
            path("person/<uuid:subject>/erase/", view(cases.erase), name="consent_person_erase"),
            path("person/<uuid:subject>/link/", view(never_cache(contacts.link)), name="consent_person_link"),
            path(
                "person/<uuid:subject>/part/<uuid:pk>/",
                view(never_cache(contacts.part)),
                name="consent_person_part",
            ),
            path("file/<uuid:pk>/", view(files.hand_out), name="consent_evidence_file"),
            path("<int:pk>/open/", view(never_cache(self.open_evidence)), name="consent_consentrecord_open"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("said"))
    def said_at(self, record: ConsentRecord) -> str:
        return labels.moment(record.event_time)

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, record: ConsentRecord) -> SafeString:
        return labels.badge(record.state, record.get_state_display())

    @admin.display(description=gettext_lazy("purpose"))
    def purpose_name(self, record: ConsentRecord) -> str:
        return str(record.purpose or _("everything on this channel"))

    @admin.display(description=gettext_lazy("method"))
    def method_name(self, record: ConsentRecord) -> str:
        return labels.method(record.method)

    @admin.display(description=gettext_lazy("entry"))
    def place(self, record: Any) -> SafeString | str:
        if record.log_index is None:
            return format_html('<span class="quiet">{}</span>', _("waiting"))
        return f"{record.log_index}"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return self._page(request, self._record(request, object_id), {})

    def open_evidence(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The record with its evidence opened. Only a POST opens; a GET goes back to the sealed page."""
        record = self._record(request, str(pk))
        if not openings.may_open(request):
            raise PermissionDenied
        if request.method != "POST":
            return redirect("admin:consent_consentrecord_change", pk)
        try:
            opened = openings.open_act(record.act, by=request)
            lines = conversation.around(record.subject, record.company, record.event_time)
        except opening.Erased:
            return self._page(request, record, {"is_erased": True})
        except vault.SealBroken:
            return self._page(request, record, {"is_broken": True})
        return self._page(request, record, {"contact": opened.contact, "acts": opened.acts, "lines": lines})

    def _record(self, request: HttpRequest, pk: str) -> Any:
        record = self.get_object(request, pk)
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        if record is None:
            raise Http404
        return record

    def _page(self, request: HttpRequest, record: Any, extra: dict[str, Any]) -> HttpResponse:
        standing = _standing(record.subject, record)
        context = {
            "title": _("Consent record"),
            "opts": self.opts,
            "record": record,
            "badge": self.state_badge(record),
            "method": labels.method(record.method),
            "entity": labels.who(record.entity),
            "masked": openings.masked(record.subject),
            "person": people.address(record.subject),
            "short": people.short(record.subject),
            "standing": standing,
            "standing_label": labels.state(standing.state),
            "reason": labels.reason(standing),
            "siblings": ConsentRecord.objects.filter(act=record.act_id)
            .select_related("purpose")
            .order_by("arrival"),
            "receipt": receipts.address(record.act_id),
            "may_open": openings.may_open(request),
            **extra,
        }
        return TemplateResponse(request, "consent/admin/record.html", admin_page(request, context))


def _standing(subject: UUID, record: ConsentRecord) -> history.Standing:
    return history.standings(subject, at=timezone.now())[record.channel, record.purpose_id]
