"""Batches of signed sheets: what is in them, how far they are, what is committed, and where the paper lies."""

import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from consent.admin import labels, openings, scope
from consent.admin.paper import closing, handing_in, looking, progress
from consent.admin.paper.batch_forms import BatchForm
from consent.admin.scoped import ONE_BUTTON, ScopedAdmin, ScopedFilter
from consent.capture.paper import keeping, uploading
from consent.models import PaperBatch, PaperFile, PaperPage

MAY_CHECK = "consent.change_paperbatch"


@admin.register(PaperBatch)
class BatchAdmin(ScopedAdmin):
    """Batches; nothing in them is consent before it is committed."""

    form = BatchForm
    list_display = ["__str__", "point", "waiting", "committed", "lies", "made", "company"]
    list_filter = [("company", ScopedFilter), "policy"]
    list_select_related = ["company", "point"]
    sortable_by = ()
    change_form_template = "consent/admin/batch.html"
    fieldsets = [
        (None, {"fields": ["company", "point", "version", "language", "place"]}),
        (gettext_lazy("Checking"), {"fields": ["policy", "percent"]}),
        (gettext_lazy("Where the paper lies"), {"fields": ["box", "shelf", "retention", "destroy_on"]}),
    ]
    empty_title = gettext_lazy("No batch yet.")
    empty_hint = gettext_lazy(
        "Print sheets of a capture point, have them signed, and hand in their scans here as a batch."
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company", "point", "version", "language", "policy", "percent"] if obj else []

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(never_cache(view)), name=f"consent_paper{name}")

        batch, file, page = "<int:pk>", "file/<uuid:pk>", "page/<uuid:pk>"
        return [
            named(f"{batch}/upload/", require_POST(self.upload), "batch_upload"),
            named(f"{batch}/begin/", require_POST(self.begin), "batch_begin"),
            named(f"{batch}/progress/", self.progress, "batch_progress"),
            named(f"{batch}/pause/", require_POST(self.pause), "batch_pause"),
            named(f"{batch}/commit/", require_POST(self.commit), "batch_commit"),
            named(f"{batch}/tell/", require_POST(self.tell), "batch_tell"),
            named(f"{batch}/destroyed/", require_POST(self.destroyed), "batch_destroyed"),
            named(f"{batch}/check/", self.following, "batch_check"),
            named(f"{file}/piece/", require_POST(self.piece), "file_piece"),
            named(f"{file}/forget/", require_POST(self.forget), "file_forget"),
            named(f"{file}/again/", require_POST(self.again), "file_again"),
            named(f"{page}/check/", self.look, "page_check"),
            named(f"{page}/number/", require_POST(self.number), "page_number"),
            named(f"{page}/undo/", require_POST(self.undo), "page_undo"),
            named(f"{page}/reopen/", require_POST(self.reopen), "page_reopen"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("to be checked"))
    def waiting(self, batch: PaperBatch) -> int:
        return progress.of(batch).to_check

    @admin.display(description=gettext_lazy("committed"))
    def committed(self, batch: PaperBatch) -> int:
        return progress.of(batch).committed

    @admin.display(description=gettext_lazy("where the paper lies"))
    def lies(self, batch: PaperBatch) -> str:
        if batch.destroyed_on:
            return _("destroyed on %(day)s") % {"day": labels.day(batch.destroyed_on)}
        return ", ".join(filter(None, [batch.box, batch.shelf])) or "–"

    @admin.display(description=gettext_lazy("made"))
    def made(self, batch: PaperBatch) -> str:
        return labels.moment(batch.made_at)

    def save_model(self, request: HttpRequest, obj: PaperBatch, form: Any, change: bool) -> None:
        if not change:
            obj.made_at, obj.made_by, obj.seed = (
                timezone.now(),
                openings.entity(request),
                secrets.token_hex(8),
            )
        super().save_model(request, obj, form, change)
        keeping.note(obj, "changed" if change else "made", by=openings.entity(request), at=timezone.now())

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().add_view(request, form_url, {**ONE_BUTTON, **(extra_context or {})})

    def response_add(
        self, request: HttpRequest, obj: PaperBatch, post_url_continue: str | None = None
    ) -> HttpResponse:
        return redirect("admin:consent_paperbatch_change", obj.pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        batch = self.get_object(request, object_id)
        context = self._whole(request, batch) if batch and self.has_view_permission(request, batch) else {}
        return super().change_view(
            request, object_id, form_url, {**ONE_BUTTON, **context, **(extra_context or {})}
        )

    def upload(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Files in one form, for a browser without script."""
        return handing_in.upload(request, self._batch(request, pk))

    def begin(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where to send the pieces of a file, and how much of it has arrived before."""
        return handing_in.begin(request, self._batch(request, pk))

    def piece(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The next piece of a file."""
        return handing_in.piece(request, self._row(request, PaperFile, pk))

    def forget(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """A file that will not arrive whole."""
        return handing_in.forget(request, self._row(request, PaperFile, pk))

    def again(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """A file that failed, and may be read by now."""
        file = self._row(request, PaperFile, pk)
        uploading.again(file)
        return redirect("admin:consent_paperbatch_change", file.batch_id)

    def progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How far a batch is, for a page that looks again and again."""
        batch = self._batch(request, pk, may="view")
        return progress.page(request, self._whole(request, batch))

    def pause(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop the reading of a batch, or let it go on."""
        batch = self._batch(request, pk)
        batch.is_paused = not batch.is_paused
        batch.save(update_fields=["is_paused"])
        return redirect("admin:consent_paperbatch_change", pk)

    def following(self, request: HttpRequest, pk: int) -> HttpResponse:
        """On to the page that needs eyes the most."""
        return looking.following(request, self._batch(request, pk))

    def look(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """One page beside what is typed of it."""
        return looking.look(request, self._row(request, PaperPage, pk))

    def number(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What is wrong with a number, while it is typed."""
        return looking.number(request, self._row(request, PaperPage, pk))

    def undo(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take the last check of a page back."""
        return looking.undo(request, self._row(request, PaperPage, pk))

    def reopen(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Have a page looked at again that somebody set aside."""
        return looking.reopen(request, self._row(request, PaperPage, pk))

    def commit(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make records of every page that is ready."""
        return closing.commit(request, self._batch(request, pk))

    def tell(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell those who could not be told for want of approved words."""
        batch = self._batch(request, pk)
        return closing.tell(request, batch, log=lambda text: self.log_change(request, batch, text))

    def destroyed(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write down that the paper is gone."""
        return closing.destroyed(request, self._batch(request, pk))

    def _whole(self, request: HttpRequest, batch: PaperBatch) -> dict[str, Any]:
        return progress.context(request, batch) | {
            "may_check": request.user.has_perm(MAY_CHECK) and openings.may_open(request)
        }

    def _batch(self, request: HttpRequest, pk: int, *, may: str = "change") -> PaperBatch:
        batch: PaperBatch | None = self.get_object(request, str(pk))
        has = self.has_change_permission if may == "change" else self.has_view_permission
        if not has(request, batch):
            raise PermissionDenied
        if batch is None:
            raise Http404
        return batch

    def _row(self, request: HttpRequest, model: Any, pk: UUID) -> Any:
        if not self.has_change_permission(request):
            raise PermissionDenied
        rows = scope.within(model.objects.filter(pk=pk), request)
        found = rows.select_related("batch__company", "batch__point", "batch__version__notice").first()
        if found is None:
            raise Http404
        return found
