"""Capture points: what is asked where, and everything one needs to put it before people."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from consent import catalogue, poster
from consent.admin import chat_links, flow_files, labels, recent, sheets
from consent.admin.point_forms import OfferInline, PointForm, PosterInline
from consent.admin.scoped import ScopedAdmin, ScopedFilter
from consent.catalogue import Ask
from consent.models import CapturePoint, NoticeVersion, Offer, Poster
from consent.vocabulary import Channel, Language

COUNTED_DAYS = 30


@admin.register(CapturePoint)
class PointAdmin(ScopedAdmin):
    """What is asked where."""

    form = PointForm
    inlines = [OfferInline, PosterInline]
    list_display = ["__str__", "slug", "company", "readiness", "notice", "address"]
    list_filter = [("company", ScopedFilter), "is_open"]
    list_select_related = ["company", "notice"]
    search_fields = ["slug"]
    change_form_template = "consent/admin/point.html"
    fieldsets = [
        (None, {"fields": ["company", "slug", "title", "is_open"]}),
        (_("What is said"), {"fields": ["notice", "languages"]}),
        (_("For children"), {"fields": ["asks_guardian"]}),
        (_("In a conversation"), {"fields": ["keyword", "voice", "flow", "signup", "signup_text"]}),
        (_("Proof that the number is theirs"), {"fields": ["sender", "confirmation", "trusts_app"]}),
    ]
    empty_title = _("No capture point yet.")
    empty_hint = _(
        "A capture point is one ask: a notice and its boxes, with an address, a QR code and a poster."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CapturePoint]:
        published = NoticeVersion.objects.filter(
            notice=OuterRef("notice"), state=NoticeVersion.State.PUBLISHED
        )
        found: QuerySet[CapturePoint] = super().get_queryset(request)
        return found.annotate(
            has_notice=Exists(published), has_boxes=Exists(Offer.objects.filter(point=OuterRef("pk")))
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company", "slug", "asks_guardian"] if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        for name in ("notice", "sender", "voice"):
            field = form.base_fields.get(name)
            if field is not None and obj:
                field.queryset = field.queryset.filter(company=obj.company)  # type: ignore[attr-defined]
        for name, channels in (("sender", (Channel.SMS, Channel.WHATSAPP)), ("voice", (Channel.VOICE,))):
            if field := form.base_fields.get(name):
                field.queryset = field.queryset.filter(channel__in=channels)  # type: ignore[attr-defined]
        return form

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"consent_capturepoint_{name}")

        return [
            named("<int:pk>/qr.svg", self.qr_svg, "qr_svg"),
            named("<int:pk>/qr.png", self.qr_png, "qr_png"),
            named("<int:pk>/whatsapp.svg", self.chat_svg, "chat_svg"),
            named("<int:pk>/whatsapp.png", self.chat_png, "chat_png"),
            named("<int:pk>/poster-<slug:language>.pdf", self.poster_pdf, "poster"),
            named("<int:pk>/sheets.pdf", self.sheets_pdf, "sheets"),
            named("<int:pk>/flow-<slug:language>.json", require_POST(self.flow), "flow"),
            *super().get_urls(),
        ]

    @admin.display(description=_("state"))
    def readiness(self, point: Any) -> SafeString:
        if not point.has_notice:
            return labels.badge("missing", _("no published notice"))
        if not point.has_boxes:
            return labels.badge("missing", _("no boxes"))
        return labels.badge("given", _("open")) if point.is_open else labels.badge("closed", _("closed"))

    @admin.display(description=_("public address"))
    def address(self, point: CapturePoint) -> SafeString:
        return format_html('<a href="{}">{}</a>', poster.address(point), poster.short_address(point))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        point = self.get_object(request, object_id)
        context = self._sharing(point) if point and self.has_view_permission(request, point) else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        catalogue.forget()

    def qr_svg(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The public address as a QR code, for print."""
        point = self._point(request, pk)
        return _file(poster.qr_svg(point, _poster(request, point)).encode(), "image/svg+xml", "qr.svg")

    def qr_png(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The public address as a QR code, for screens and word processors."""
        point = self._point(request, pk)
        return _file(poster.qr_png(point, _poster(request, point)), "image/png", "qr.png")

    def chat_svg(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The link that opens the question in WhatsApp, as a QR code for print."""
        link = chat_links.whatsapp(self._point(request, pk))
        return _file(poster.chat_qr_svg(link).encode(), "image/svg+xml", "whatsapp.svg")

    def chat_png(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The same for screens and word processors."""
        link = chat_links.whatsapp(self._point(request, pk))
        return _file(poster.chat_qr_png(link), "image/png", "whatsapp.png")

    def poster_pdf(self, request: HttpRequest, pk: int, language: str) -> HttpResponse:
        """An A4 poster to hang up; with ?p= the one of a place of its own."""
        point = self._point(request, pk)
        ask = catalogue.ask(point.company.slug, point.slug)
        if ask is None or language not in point.languages or not ask.offers:
            raise Http404
        hangs = _poster(request, point)
        name = f"{point.slug}-{hangs.code}-{language}.pdf" if hangs else f"{point.slug}-{language}.pdf"
        return _file(poster.pdf(ask, language=language, poster=hangs), "application/pdf", name)

    @method_decorator(require_POST)
    def sheets_pdf(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sheets of paper to sign, each with a serial of its own."""
        return sheets.printed(request, self._point(request, pk))

    def flow(self, request: HttpRequest, pk: int, language: str) -> HttpResponse:
        """A flow for RapidPro and Weni."""
        return flow_files.download(request, self._point(request, pk), language)

    def _point(self, request: HttpRequest, pk: int) -> CapturePoint:
        point = self.get_object(request, str(pk))
        if not self.has_view_permission(request, point):
            raise PermissionDenied
        if point is None:
            raise Http404
        return point  # type: ignore[no-any-return]

    def _sharing(self, point: Any) -> dict[str, Any]:
        ask: Ask | None = catalogue.ask(point.company.slug, point.slug)
        since = timezone.now() - timedelta(days=COUNTED_DAYS)
        names = dict(Language.choices)
        return {
            "readiness": self.readiness(point),
            "is_ready": ask is not None and ask.is_ready,
            "public_address": poster.address(point),
            "snippet": poster.snippet(point),
            "posters": [(code, names[code]) for code in point.languages if code in names]
            if point.has_boxes
            else [],
            "places": list(point.posters.all()) if point.has_boxes else [],
            "sheets": sheets.SheetsForm(point),
            "flows": [(code, names[code]) for code in ask.languages]
            if ask is not None and ask.is_open
            else [],
            "counts": recent.counts(point, since=since),
            "counted_days": COUNTED_DAYS,
            **chat_links.context(point),
        }


def _poster(request: HttpRequest, point: CapturePoint) -> Poster | None:
    """The poster of a capture point that an address asks for; None where it asks for none."""
    code = request.GET.get(poster.CODE)
    return get_object_or_404(point.posters.all(), code=code[:20].replace("\0", "")) if code else None


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    disposition = "inline" if media_type != "application/pdf" else f'inline; filename="{name}"'
    return HttpResponse(content, content_type=media_type, headers={"Content-Disposition": disposition})
