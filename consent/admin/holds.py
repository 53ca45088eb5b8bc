"""Messages to judge: words that may be a stop, read one after the other and answered with one key."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from consent import dialogue, opening, vault
from consent.admin import conversation, judging, labels, openings, people
from consent.admin.scoped import ReadOnlyAdmin, ScopedFilter
from consent.admin.site import admin_page
from consent.models import Hold

# What is kept between two pages: which ones somebody put off, and which one their key has just asked for.
LATER, ONWARD, JUDGED = "holds_later", "hold_to_open", "hold_judged"

ANSWERS = {
    "stop": gettext_lazy("Written down: it was a stop. The person gets nothing more."),
    "go_on": gettext_lazy("Written down: it was no stop. What the person agreed to counts again."),
}


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """The messages that held offers back, with what was made of them."""

    list_display = ["said", "state_badge", "channel", "sender", "decided", "company"]
    list_display_links = ["said"]
    list_filter = ["ending", "channel", ("company", ScopedFilter)]
    list_select_related = ["company", "sender"]
    sortable_by = ()
    change_list_template = "consent/admin/holds.html"
    empty_title = gettext_lazy("No message had to be judged.")
    empty_hint = gettext_lazy(
        "When somebody writes what may be a stop, offers are held back at once and the message comes here."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        found: QuerySet[Hold] = super().get_queryset(request)
        return found.filter(kind=Hold.Kind.UNSURE)

    def get_urls(self) -> list[URLPattern]:
        def view(of: Any) -> Any:
            return self.admin_site.admin_view(never_cache(of))

        return [
            path("next/", view(self.following), name="consent_hold_next"),
            path("<uuid:pk>/open/", view(require_POST(self.open)), name="consent_hold_open"),
            path("<uuid:pk>/judge/", view(require_POST(self.judge)), name="consent_hold_judge"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("said"))
    def said(self, held: Hold) -> str:
        return labels.moment(held.said_at)

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, held: Hold) -> SafeString:
        return badge(held)

    @admin.display(description=gettext_lazy("decided by"))
    def decided(self, held: Hold) -> str:
        return labels.entity(held.decided_by) if held.decided_by else "–"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        number = judging.waiting(request)[: judging.MOST_COUNTED].count()
        return super().changelist_view(request, {"waiting": number, **(extra_context or {})})

    def following(self, request: HttpRequest) -> HttpResponse:
        """On to the oldest message that nobody judged and this user did not put off."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        later = request.session.get(LATER, [])
        held = judging.waiting(request).exclude(pk__in=later).first()
        if held is None and later:
            request.session[LATER] = []
            held = judging.waiting(request).first()
        if held is None:
            context = {"title": _("Messages to judge"), "opts": self.opts, "undo": self._undo(request)}
            return TemplateResponse(request, "consent/admin/hold.html", admin_page(request, context))
        return redirect("admin:consent_hold_change", held.pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        held = self._held(request, object_id)
        # Opened without another press for whoever came here by judging the one before.
        opened = request.session.pop(ONWARD, "") == str(held.pk) and openings.may_open(request)
        return self._opened(request, held) if opened else self._page(request, held, {})

    def open(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The message, opened, with the conversation around it."""
        held = self._held(request, str(pk))
        if not openings.may_open(request):
            raise PermissionDenied
        return self._opened(request, held)

    def judge(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Write down an answer, and on to the next message."""
        held = self._held(request, str(pk))
        if not request.user.has_perm(judging.MAY_JUDGE):
            raise PermissionDenied
        answer, by = request.POST.get("answer", ""), openings.entity(request)
        if answer == "later":
            request.session[LATER] = [*request.session.get(LATER, []), str(held.pk)]
        elif answer == "undo" and dialogue.doubt_again(held, by=by):
            notes.success(request, _("Taken back: offers are held again until somebody judges the message."))
            request.session[ONWARD] = str(held.pk)
            return redirect("admin:consent_hold_change", held.pk)
        elif answer in ANSWERS and judging.may_answer(held, answer):
            dialogue.judge(held, is_stop=answer == "stop", by=by)
            notes.success(request, ANSWERS[answer])
            request.session[JUDGED] = str(held.pk)
        else:
            notes.warning(request, _("This was judged before. Nothing was changed."))
            return redirect("admin:consent_hold_change", held.pk)
        onward = judging.waiting(request).exclude(pk__in=request.session.get(LATER, [])).first()
        request.session[ONWARD] = str(onward.pk) if onward else ""
        return redirect("admin:consent_hold_next")

    def _opened(self, request: HttpRequest, held: Hold) -> HttpResponse:
        openings.trace(request, company=held.company, subject=held.subject, hold=str(held.pk))
        try:
            words = opening.held_words(held)
            lines = conversation.around(held.subject, held.company, held.said_at)
        except opening.Erased:
            return self._page(request, held, {"is_erased": True})
        except vault.SealBroken:
            return self._page(request, held, {"is_broken": True})
        return self._page(
            request,
            held,
            {"words": str(words.get("text", "")), "language": words.get("language", ""), "lines": lines},
        )

    def _held(self, request: HttpRequest, pk: str) -> Any:
        held = self.get_object(request, pk)
        if not self.has_view_permission(request, held):
            raise PermissionDenied
        if held is None:
            raise Http404
        return held

    def _page(self, request: HttpRequest, held: Hold, extra: dict[str, Any]) -> HttpResponse:
        may_judge = request.user.has_perm(judging.MAY_JUDGE)
        context = {
            "title": _("May this be a stop?"),
            "opts": self.opts,
            "held": held,
            "badge": badge(held),
            "decided_by": labels.who(held.decided_by) if held.decided_by else "",
            "kept_back": judging.kept_back(held),
            "masked": openings.masked(held.subject),
            "person": people.address(held.subject),
            "short": people.short(held.subject),
            "waiting": judging.waiting(request)[: judging.MOST_COUNTED].count(),
            "may_open": openings.may_open(request),
            "may_judge": may_judge,
            "may_stop": may_judge and judging.may_answer(held, "stop"),
            "may_go_on": may_judge and judging.may_answer(held, "go_on"),
            "undo": self._undo(request),
            **extra,
        }
        return TemplateResponse(request, "consent/admin/hold.html", admin_page(request, context))

    def _undo(self, request: HttpRequest) -> Hold | None:
        """The message this user judged last, where that can be taken back."""
        last = request.session.get(JUDGED, "")
        found = (
            self.get_queryset(request).filter(pk=last, ending=Hold.Ending.GO_ON)
            if last
            else Hold.objects.none()
        )
        return found.first() if request.user.has_perm(judging.MAY_JUDGE) else None


def badge(held: Hold) -> SafeString:
    """Where a message stands, as a small coloured word."""
    if held.ended_at is None:
        return labels.badge("requested", _("to be judged"))
    colour = {Hold.Ending.STOP: "withdrawn", Hold.Ending.GO_ON: "given"}.get(
        Hold.Ending(held.ending or "said")
    )
    return labels.badge(colour or "closed", held.get_ending_display() or _("erased"))
