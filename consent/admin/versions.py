"""Versions of a notice: written as drafts, previewed, published, and from then on only read."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from consent import publishing
from consent.admin import again, asking, checked, comparing, preview
from consent.admin.checked import field_name
from consent.admin.scoped import ScopedAdmin
from consent.admin.version_forms import WORDINGS, VersionForm, wordings_of
from consent.errors import BadInput
from consent.models import Notice, NoticeVersion
from consent.vocabulary import Language

PERMISSION = "consent.change_noticeversion"


def may_write(request: HttpRequest) -> bool:
    """Whether somebody may write, publish and begin versions."""
    return request.user.has_perm(PERMISSION)


@admin.register(NoticeVersion)
class VersionAdmin(ScopedAdmin):
    """One version."""

    form = VersionForm
    change_form_template = "consent/admin/version.html"
    readonly_fields = ["state", "digest", "published_at", "retired_at", "texts"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False  # reached through its notice

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or _is_draft(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_write(request) and obj is not None and _is_draft(obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or not self.has_change_permission(request, obj):
            return [(None, {"fields": ["state", "published_at", "retired_at", "digest", "texts"]})]
        return [
            (
                WORDINGS[kind],
                {
                    "fields": [field_name(kind, language) for language in Language.values],
                    "classes": [] if kind == "screen" else ["collapse"],
                },
            )
            for kind in WORDINGS
        ]

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Any, name: str) -> Any:
            return path(
                f"<int:pk>/{route}/", self.admin_site.admin_view(view), name=f"consent_noticeversion_{name}"
            )

        return [
            named("preview", self.preview, "preview"),
            named("publish", self.publish, "publish"),
            named("new", require_POST(self.begin), "begin"),
            named("compare", self.compare, "compare"),
            named("again", self.again, "again"),
            named("again.csv", self.export_again, "again_csv"),
            named("again/ask", require_POST(self.ask_again), "again_ask"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("texts"))
    def texts(self, version: NoticeVersion) -> SafeString:
        rows = [
            (str(WORDINGS[kind]), Language(language).label, language, text)
            for language, kinds in version.wordings.items()
            for kind, text in kinds.items()
            if kind in WORDINGS and language in Language.values
        ]
        return format_html_join(
            "", '<section class="kept-text"><h3>{} · {}</h3><p lang="{}" class="pre">{}</p></section>', rows
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("admin:consent_notice_changelist")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        version = self.get_object(request, object_id)
        context = {
            "placeholders": preview.placeholders(),
            **(checked.context(version) if version else {}),
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def response_post_save_change(self, request: HttpRequest, obj: NoticeVersion) -> Any:
        return redirect("admin:consent_noticeversion_publish", obj.pk)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        self.message_user(request, _("The draft %(name)s was deleted.") % {"name": obj_display})
        return redirect("admin:consent_notice_changelist")

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the rules say, and how people would get it; of a POST, with the texts as typed."""
        version = self._version(request, pk)
        if request.method == "POST":
            typed = wordings_of(request.POST)
            version = NoticeVersion(
                notice=version.notice, major=version.major, minor=version.minor, wordings=typed
            )
        context = checked.context(version, point=request.GET.get("point", ""))
        if "part" in request.GET:
            return TemplateResponse(request, "consent/admin/checked.html", context)
        context |= {"title": _("Preview of %(version)s") % {"version": version}, "all_open": True}
        return self._page(request, "preview", version, context)

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks whether a draft shall be published, with what is still wrong; of a POST, publishes it."""
        version = self._version(request, pk)
        if not may_write(request):
            raise PermissionDenied
        if not _is_draft(version):
            self.message_user(request, _("This version is published already."), messages.WARNING)
            return redirect("admin:consent_noticeversion_change", pk)
        if request.method == "POST":
            try:
                publishing.publish(version, seen=request.POST.get("seen", ""))
            except BadInput as error:
                self.message_user(request, error.message, messages.ERROR)
                return redirect("admin:consent_noticeversion_publish", pk)
            self.log_change(request, version, "Published.")
            self.message_user(
                request,
                _("Published. From now on people see version %(number)s.") % {"number": version.number},
            )
            return redirect("admin:consent_notice_change", version.notice_id)
        context = {
            "title": _("Publish %(version)s?") % {"version": version},
            "current": version.notice.current,
            "count": again.count(version),
            "has_older": version.notice.versions.filter(major__lt=version.major).exists(),
            "points": version.notice.points.all(),
            "seen": publishing.digest(version),
            **checked.context(version),
        }
        return self._page(request, "publish", version, context)

    def begin(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new draft that says what this version says."""
        version = self._version(request, pk)
        if not may_write(request):
            raise PermissionDenied
        draft = version.notice.versions.filter(state=NoticeVersion.State.DRAFT).first()
        if draft is None:
            draft = new_draft(version, is_major=request.POST.get("kind") == "major")
        else:
            self.message_user(request, _("There is a draft already: this one."), messages.WARNING)
        return redirect("admin:consent_noticeversion_change", draft.pk)

    def compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The version beside another of its notice: the one asked for, else the one before it."""
        version = self._version(request, pk)
        others = list(version.notice.versions.exclude(pk=pk))
        older = [one for one in others if (one.major, one.minor) < (version.major, version.minor)]
        wanted = request.GET.get("with", "")
        before = next((one for one in others if str(one.pk) == wanted), None) or next(
            iter(older or others), None
        )
        context = {
            "title": _("What changed in %(version)s") % {"version": version},
            "others": others,
            "before": before,
            "pairs": comparing.pairs(before, version) if before else [],
        }
        return self._page(request, "compare", version, context)

    def again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who would have to be asked again once this version is published."""
        return again.show(request, self._version(request, pk))

    def export_again(self, request: HttpRequest, pk: int) -> Any:
        """The same as a file."""
        return again.export(request, self._version(request, pk))

    def ask_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have them asked again, or no longer."""
        version = self._version(request, pk)
        again.require(request)
        if not may_write(request):
            raise PermissionDenied
        return asking.post(
            request, version, refuse=lambda problem: again.show(request, version, problem=problem)
        )

    def _version(self, request: HttpRequest, pk: int) -> NoticeVersion:
        version = self.get_object(request, str(pk))
        if not self.has_view_or_change_permission(request, version):
            raise PermissionDenied
        if version is None:
            raise Http404
        return version  # type: ignore[no-any-return]

    def _page(
        self, request: HttpRequest, name: str, version: NoticeVersion, context: dict[str, Any]
    ) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "original": version}
        return TemplateResponse(request, f"consent/admin/{name}.html", {**shared, **context})


def new_draft(version: NoticeVersion, *, is_major: bool) -> NoticeVersion:
    """The next version of a notice, as a draft with the same texts."""
    notice: Notice = version.notice
    top = notice.versions.aggregate(top=Max("major"))["top"]
    if is_major:
        major, minor = top + 1, 0
    else:
        major = version.major
        minor = notice.versions.filter(major=major).aggregate(top=Max("minor"))["top"] + 1
    return NoticeVersion.objects.create(notice=notice, major=major, minor=minor, wordings=version.wordings)


def _is_draft(version: NoticeVersion) -> bool:
    return version.state == NoticeVersion.State.DRAFT
