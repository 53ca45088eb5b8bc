"""The queue of requests about data: what is asked, by when, and what staff answer; legal holds beside it."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from consent import erasure, opening, rights
from consent.admin import labels, openings, people, scope
from consent.admin.scoped import ReadOnlyAdmin, ScopedFilter
from consent.admin.site import admin_page
from consent.models import ConsentRecord, RightsRequest
from consent.vocabulary import django_code

Kind, State = RightsRequest.Kind, RightsRequest.State
MAY_ANSWER = "consent.change_rightsrequest"
MAY_ERASE = "consent.erase_person"
BADGES = {State.OPEN: "requested", State.EXTENDED: "requested", State.DONE: "given", State.REFUSED: "refused"}

# What is told where nobody writes anything better, in the person's language.
ANSWERS = {
    Kind.ACCESS: gettext_lazy("You find everything we hold about you behind the button above."),
    Kind.CORRECTION: gettext_lazy("We corrected your name."),
    Kind.ERASURE: gettext_lazy("We erased everything personal about you."),
    Kind.OBJECTION: gettext_lazy("We stopped using your data for messages."),
    Kind.SHARING: gettext_lazy(
        "We share your data with nobody but those who carry our messages for us (the providers of SMS, WhatsApp and"
        " phone calls), and they use it for nothing else."
    ),
}
LATER = gettext_lazy("Your request is complex, and we need more time. You get an answer by the day above.")


@admin.register(RightsRequest)
class RightsRequestAdmin(ReadOnlyAdmin):
    """What people ask about their data, the most urgent first."""

    list_display = ["kind", "state_badge", "due", "made_at", "company", "person"]
    list_filter = ["state", "kind", ("company", ScopedFilter)]
    list_select_related = ["company"]
    sortable_by = ()
    empty_title = gettext_lazy("Nobody has asked about their data.")
    empty_hint = gettext_lazy("People ask in the preference centre, and see there what becomes of it.")

    def get_ordering(self, request: HttpRequest) -> Any:
        return [F("closed_at").asc(nulls_first=True), "due_at"]

    def get_urls(self) -> list[URLPattern]:
        def view(of: Any) -> Any:
            return self.admin_site.admin_view(never_cache(require_POST(of)))

        return [
            path("<uuid:pk>/open/", view(self.open), name="consent_rightsrequest_open"),
            path("<uuid:pk>/answer/", view(self.answer), name="consent_rightsrequest_answer"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, made: RightsRequest) -> SafeString:
        return badge(made)

    @admin.display(description=gettext_lazy("due"))
    def due(self, made: RightsRequest) -> str:
        day = labels.moment(made.due_at)
        return _("%(day)s: overdue") % {"day": day} if is_overdue(made) else day

    @admin.display(description=gettext_lazy("person"))
    def person(self, made: RightsRequest) -> str:
        return people.short(made.subject)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._made(request, object_id), {})

    def open(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What the person wrote, opened; that is written down."""
        made = self._made(request, str(pk))
        if not openings.may_open(request):
            raise PermissionDenied
        openings.trace(request, company=made.company, subject=made.subject, asked=str(made.pk))
        try:
            opened = {
                "wish": rights.wish(made),
                "told": rights.answered(made),
                "name": rights.name_of(made.subject),
            }
            return self._page(request, made, opened)
        except opening.Erased:
            return self._page(request, made, {"is_erased": True})

    def answer(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Answer, put off or refuse; a request to erase is answered by erasing."""
        made = self._made(request, str(pk))
        if not request.user.has_perm(MAY_ANSWER):
            raise PermissionDenied
        state, text = request.POST.get("state", ""), request.POST.get("text", "").replace("\0", "").strip()
        name = request.POST.get("name", "").strip()
        if state not in (State.DONE, State.REFUSED, State.EXTENDED):
            raise Http404
        if not name.isprintable() or len(name) > rights.LONGEST_NAME:
            return self._page(
                request, made, {"problem": _("Write the name in one line, without codes.")}, status=422
            )
        if state != State.DONE and not text:
            return self._page(
                request, made, {"problem": _("Give the reason: the person reads it.")}, status=422
            )
        if state == State.DONE and made.kind == Kind.ERASURE and made.state in rights.WAITING:
            if not request.user.has_perm(MAY_ERASE):
                raise PermissionDenied
            try:
                erasure.erase(made.subject, company=made.company, entity=openings.entity(request))
            except erasure.Held:
                return self._page(
                    request, made, {"problem": _("A legal hold forbids to erase this person. Lift it first.")},
                    status=409,
                )  # fmt: skip
        if not text:
            with override(django_code(made.language)):
                text = str(ANSWERS[Kind(made.kind)])
        by, now = openings.entity(request), timezone.now()
        if rights.answer(made, state, text=text, by=by, at=now, name=name):
            messages.success(request, _("Written down. The person reads it on the page of their request."))
        else:
            messages.warning(request, _("This cannot be done any more. Nothing was changed."))
        return redirect("admin:consent_rightsrequest_change", made.pk)

    def _made(self, request: HttpRequest, pk: str) -> Any:
        made = self.get_object(request, pk)
        if not self.has_view_permission(request, made):
            raise PermissionDenied
        if made is None:
            raise Http404
        return made

    def _page(
        self, request: HttpRequest, made: RightsRequest, extra: dict[str, Any], *, status: int = 200
    ) -> HttpResponse:
        with override(django_code(made.language)):
            canned = str(ANSWERS[Kind(made.kind)])
            later = str(LATER)
        context = {
            "title": capfirst(made.get_kind_display()),
            "opts": self.opts,
            "made": made,
            "badge": badge(made),
            "is_overdue": is_overdue(made),
            "is_waiting": made.state in rights.WAITING,
            "may_extend": made.state == State.OPEN and timezone.now() <= made.due_at,
            "may_answer": request.user.has_perm(MAY_ANSWER)
            and (made.kind != Kind.ERASURE or request.user.has_perm(MAY_ERASE)),
            "may_open": openings.may_open(request),
            "masked": openings.masked(made.subject),
            "person": people.address(made.subject),
            "short": people.short(made.subject),
            "hold": rights.held(made.subject),
            "decided_by": labels.who(made.decided_by) if made.decided_by else "",
            "canned": canned,
            "later": later,
            "longest": rights.LONGEST,
            "longest_name": rights.LONGEST_NAME,
            **extra,
        }
        return TemplateResponse(
            request, "consent/admin/right.html", admin_page(request, context), status=status
        )


@never_cache
def hold(request: HttpRequest, subject: UUID) -> HttpResponse:
    """Forbid to erase a person, or allow it again; with a reason, and on record."""
    if not request.user.has_perm(people.VIEW):
        raise PermissionDenied
    records = scope.within(ConsentRecord.objects.filter(subject=subject), request)
    record = records.select_related("company").first()
    if record is None:
        raise Http404
    if not request.user.has_perm(MAY_ERASE):
        raise PermissionDenied
    found = rights.held(subject)
    problem = ""
    if request.method == "POST":
        now, by = timezone.now(), openings.entity(request)
        reason = request.POST.get("reason", "").replace("\0", "").strip()[:300]
        if found is not None:
            rights.lift(found, by=by, at=now)
            messages.success(request, _("Lifted: the person may be erased again."))
            return redirect(people.address(subject))
        if reason:
            rights.hold(record.company, subject, reason=reason, by=by, at=now)
            messages.success(request, _("Nobody erases this person until it is lifted."))
            return redirect(people.address(subject))
        problem = _("Give the reason.")
    context = {
        "title": _("Legal hold"), "subject": subject, "short": people.short(subject), "hold": found,
        "masked": openings.masked(subject), "person": people.address(subject), "problem": problem,
    }  # fmt: skip
    return TemplateResponse(
        request, "consent/admin/legal_hold.html", admin_page(request, context), status=422 if problem else 200
    )


def is_overdue(made: RightsRequest) -> bool:
    """Whether the law wanted an answer before now."""
    return made.state in rights.WAITING and made.due_at < timezone.now()


def badge(made: RightsRequest) -> SafeString:
    return labels.badge(BADGES[State(made.state)], made.get_state_display())
