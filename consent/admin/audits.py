"""Auditors' pages: samples drawn at random, the score of each record, and what the auditor found."""

import csv
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from consent import ledger
from consent.admin import labels, openings, people, scope
from consent.admin.audit_forms import FindingForm, SampleForm
from consent.admin.scoped import ScopedAdmin, ScopedFilter
from consent.admin.site import admin_page
from consent.audits import drawing, scoring
from consent.models import AuditFinding, AuditItem, AuditSample, Opening

MAY_FIND = "consent.add_auditfinding"


@admin.register(AuditSample)
class SampleAdmin(ScopedAdmin):
    """Samples. Drawn once, never changed."""

    form = SampleForm
    list_display = ["drawn", "days", "size", "progress", "user", "company"]
    list_display_links = ["drawn"]
    list_filter = [("company", ScopedFilter)]
    list_select_related = ["company", "user"]
    sortable_by = ()
    empty_title = gettext_lazy("No sample yet.")
    empty_hint = gettext_lazy(
        "A sample is some records, drawn at random. Each is scored for how complete its evidence is."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditSample]:
        return drawing.counted(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("item/<int:pk>/", view(never_cache(self.item)), name="consent_auditsample_item"),
            path("<int:pk>/export/", view(never_cache(self.export)), name="consent_auditsample_export"),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("drawn"))
    def drawn(self, sample: AuditSample) -> str:
        return labels.moment(sample.drawn_at)

    @admin.display(description=gettext_lazy("records of"))
    def days(self, sample: AuditSample) -> str:
        return f"{labels.day(sample.first_day)} – {labels.day(sample.last_day)}"

    @admin.display(description=gettext_lazy("records"))
    def size(self, sample: Any) -> str:
        return _("%(drawn)s of %(population)s") % {
            "drawn": sample.drawn_items,
            "population": sample.population,
        }

    @admin.display(description=gettext_lazy("looked at"))
    def progress(self, sample: Any) -> str:
        return f"{sample.looked_at} / {sample.drawn_items}"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**one_button, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: AuditSample, form: Any, change: bool) -> None:
        assert request.user.pk is not None
        drawn = drawing.draw(
            obj.company,
            first_day=obj.first_day,
            last_day=obj.last_day,
            asked=obj.asked,
            seed=obj.seed,
            user=request.user.pk,
            at=timezone.now(),
        )
        obj.pk = drawn.pk

    def response_add(
        self, request: HttpRequest, obj: AuditSample, post_url_continue: str | None = None
    ) -> HttpResponse:
        return redirect("admin:consent_auditsample_change", obj.pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        sample = self._sample(request, object_id)
        scored = _scored(sample)
        context = {
            "title": _("Audit sample"),
            "opts": self.opts,
            "sample": sample,
            "scored": scored,
            "complete": sum(score.is_complete for _item, score in scored),
            "looked_at": sum(bool(item.findings.all()) for item, _score in scored),
        }
        return TemplateResponse(request, "consent/admin/sample.html", admin_page(request, context))

    def item(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One record of a sample: its score, and what auditors say of it."""
        item = _items(scope.within(AuditItem.objects.filter(pk=pk), request)).first()
        if not self.has_view_permission(request):
            raise PermissionDenied
        if item is None:
            raise Http404
        form = FindingForm(request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if not request.user.has_perm(MAY_FIND):
                raise PermissionDenied
            if form.is_valid():
                assert request.user.pk is not None
                AuditFinding.objects.create(
                    item=item, user_id=request.user.pk, written_at=timezone.now(), **form.cleaned_data
                )
                messages.success(request, _("Written down."))
                following = AuditItem.objects.filter(
                    sample=item.sample_id, number__gt=item.number, findings=None
                )
                onward = following.order_by("number").first() or item
                return redirect("admin:consent_auditsample_item", onward.pk)
        [score] = scoring.score([item.record])
        context = {
            "title": _("Record %(number)s of the sample") % {"number": item.number},
            "opts": self.opts,
            "item": item,
            "sample": item.sample,
            "record": item.record,
            "score": score,
            "findings": item.findings.all(),
            "form": form,
            "may_find": request.user.has_perm(MAY_FIND),
            "may_open": openings.may_open(request),
            "person": people.address(item.record.subject),
            "openings": Opening.objects.filter(act=item.record.act_id).select_related("user"),
        }
        return TemplateResponse(request, "consent/admin/audit_item.html", admin_page(request, context))

    def export(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The sample with its scores and findings as a table, for a report."""
        sample = self._sample(request, str(pk))
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="audit-{sample.seed}.csv"'
        table = csv.writer(response)
        table.writerow(["number", "record id", "address", *scoring.LABELS, "findings"])
        for item, score in _scored(sample):
            place = reverse("admin:consent_auditsample_item", args=[item.pk])
            said = "; ".join(f"{each.verdict}: {each.text}" for each in item.findings.all())
            points = [_cell(point.holds) for point in score.points]
            table.writerow([item.number, item.record.uid, place, *points, ledger.inert(said)])
        return response

    def _sample(self, request: HttpRequest, pk: str) -> AuditSample:
        sample: AuditSample | None = self.get_object(request, pk)
        if not self.has_view_permission(request, sample):
            raise PermissionDenied
        if sample is None:
            raise Http404
        return sample


def _items(items: QuerySet[AuditItem]) -> QuerySet[AuditItem]:
    return items.select_related(
        "sample__company", "record__company", "record__purpose", "record__notice__notice__company"
    ).prefetch_related("findings__user")


def _scored(sample: AuditSample) -> list[tuple[AuditItem, scoring.Score]]:
    items = list(_items(AuditItem.objects.filter(sample=sample)))
    return list(zip(items, scoring.score([item.record for item in items]), strict=True))


def _cell(holds: bool | None) -> str:
    return {True: "yes", False: "NO", None: ""}[holds]
