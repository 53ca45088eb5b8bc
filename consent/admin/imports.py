"""Bringing lists in: a file, what its columns mean, a dry run, and then records."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from consent.admin import import_forms, import_page, labels, openings
from consent.admin.scoped import ReadOnlyAdmin, ScopedFilter
from consent.admin.site import admin_page
from consent.errors import BadInput
from consent.imports import attachments, keeping, steps
from consent.models import Import


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    """Lists that were brought in."""

    list_display = ["brought_in", "name", "kind", "state_badge", "rows", "company"]
    list_display_links = ["brought_in"]
    list_filter = ["kind", "state", ("company", ScopedFilter)]
    list_select_related = ["company"]
    sortable_by = ()
    empty_title = gettext_lazy("No list was brought in.")
    empty_hint = gettext_lazy(
        "Old consents keep their own date and never revive a stop. Nothing is recorded before you have seen what"
        " becomes of each row."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("consent.add_import")

    def get_urls(self) -> list[URLPattern]:
        posts: tuple[Callable[..., HttpResponse], ...] = (
            self.map, self.attach, self.commit, self.approve, self.undo, self.leave,
        )  # fmt: skip
        return [
            *(
                path(
                    f"<uuid:pk>/{view.__name__}/",
                    self.admin_site.admin_view(require_POST(view)),
                    name=f"consent_import_{view.__name__}",
                )
                for view in posts
            ),
            path(
                "<uuid:pk>/verdicts/",
                self.admin_site.admin_view(self.verdicts),
                name="consent_import_verdicts",
            ),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("brought in"))
    def brought_in(self, batch: Import) -> str:
        return labels.moment(batch.created_at)

    @admin.display(description=gettext_lazy("file"))
    def name(self, batch: Import) -> str:
        about = keeping.about_if_it_opens(batch)
        return about.name if about else "–"

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, batch: Import) -> SafeString:
        return import_page.badge(batch)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page that takes a file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = import_forms.Bring(request, request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                return redirect("admin:consent_import_change", self._take_in(request, form).pk)
            except BadInput as error:
                form.add_error(
                    "evidence" if error.code.startswith("zip.") or error.pointer == "evidence" else "file",
                    error.message,
                )
        context = {"title": _("Bring in a list"), "opts": self.opts, "form": form}
        return TemplateResponse(request, "consent/admin/import_add.html", admin_page(request, context))

    def _take_in(self, request: HttpRequest, form: import_forms.Bring) -> Import:
        file, evidence = form.cleaned_data["file"], form.cleaned_data["evidence"]
        batch = keeping.take_in(
            file, name=file.name, size=file.size, company=form.cleaned_data["company"],
            kind=form.cleaned_data["kind"], entity=openings.entity(request), may_propose=True,
        )  # fmt: skip
        if evidence:
            try:
                attachments.attach_all(batch, evidence)
            except BadInput:
                batch.delete()
                raise
        return batch

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return self._page(request, self._found(request, object_id))

    def map(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Take what the columns mean, and begin the dry run."""
        batch = self._found(request, pk, to_change=True)
        if keeping.about_if_it_opens(batch) is None:
            return self._page(request, batch)
        form = import_forms.Map(batch, request.POST)
        if form.is_valid():
            try:
                steps.begin(batch, form.columns())
                return redirect("admin:consent_import_change", batch.pk)
            except BadInput as error:
                form.add_error(form.field_of(error.pointer), error.message)
        return self._page(request, batch, form)

    def attach(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Take scans and recordings that rows name."""
        batch = self._found(request, pk, to_change=True)
        files = request.FILES.getlist("evidence")
        if not files or batch.state not in steps.UNDOABLE:
            raise Http404

        def attach() -> None:
            attachments.attach_all(batch, files)

        return self._do(request, batch, attach, _("The files are kept with the list."))

    def commit(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Have what was tried recorded."""
        batch = self._found(request, pk, to_change=True)
        return self._do(
            request,
            batch,
            lambda: steps.commit(batch, entity=openings.entity(request), at=timezone.now()),
        )

    def approve(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Have a large list recorded, as the second person."""
        batch = self._found(request, pk, to_change=True)
        return self._do(
            request,
            batch,
            lambda: steps.approve(batch, entity=openings.entity(request), at=timezone.now()),
        )

    def undo(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Let a list go."""
        batch = self._found(request, pk, to_change=True)
        return self._do(
            request,
            batch,
            lambda: steps.undo(batch, entity=openings.entity(request), at=timezone.now()),
            _("The list was undone. Nothing of it was recorded, and its rows are gone."),
        )

    def leave(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Close a list that does not open any more."""
        batch = self._found(request, pk, to_change=True)
        return self._do(
            request,
            batch,
            lambda: steps.leave(batch, at=timezone.now()),
            _("The list is closed. What was recorded stays."),
        )

    def verdicts(self, request: HttpRequest, pk: Any) -> StreamingHttpResponse:
        """The verdict on every row, as a CSV file: by the row's number, without anything personal."""
        batch = self._found(request, pk)
        return StreamingHttpResponse(
            import_forms.verdict_lines(batch),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="verdicts-{str(batch.pk)[-8:]}.csv"'},
        )

    def _do(
        self, request: HttpRequest, batch: Import, step: Callable[[], None], words: str = ""
    ) -> HttpResponse:
        try:
            step()
        except BadInput as error:
            self.message_user(request, error.message, "ERROR")
        else:
            if words:
                self.message_user(request, words)
        return redirect("admin:consent_import_change", batch.pk)

    def _found(self, request: HttpRequest, pk: Any, *, to_change: bool = False) -> Import:
        batch: Import | None = self.get_object(request, str(pk))
        if not self.has_view_permission(request, batch):
            raise PermissionDenied
        if batch is None:
            raise Http404
        if to_change and not request.user.has_perm("consent.change_import"):
            raise PermissionDenied
        return batch

    def _page(
        self, request: HttpRequest, batch: Import, form: import_forms.Map | None = None
    ) -> HttpResponse:
        context = {"opts": self.opts, **import_page.context(request, batch, form)}
        return TemplateResponse(request, "consent/admin/import.html", admin_page(request, context))
