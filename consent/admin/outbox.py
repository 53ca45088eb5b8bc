"""The outbox: what waits, what leaves and what failed, in words; stopped, taken back and sent again by staff."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib import messages as notes
from django.contrib.admin import ActionLocation
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from consent import history, opening
from consent.admin import budgets, labels, openings, pausing, people, recent, troubles
from consent.admin.scoped import ReadOnlyAdmin, ScopedFilter
from consent.admin.site import admin_page
from consent.models import ConsentRecord, OutboundMessage
from consent.vocabulary import State as Consent

State = OutboundMessage.State

MOST_AT_ONCE = 500
DAYS = 7
NOT_LEAVING = {"state": State.QUEUED, "lease_until__isnull": True}


def may_retry(message: OutboundMessage) -> bool:
    """Whether sending a message again makes sense: it failed, and its question is still open."""
    if message.state != State.FAILED and not is_uncertain(message):
        return False
    if message.kind != OutboundMessage.Kind.ASK:
        return True
    if message.created_at <= timezone.now() - timedelta(hours=settings.OPTIN_ASK_TTL_HOURS):
        return False
    standings = history.standings(message.subject, at=timezone.now())
    asked = ConsentRecord.objects.filter(act=message.act).values_list("channel", "purpose")
    return any(standings[key].state == Consent.REQUESTED for key in asked)


def is_uncertain(message: OutboundMessage) -> bool:
    """Whether the person may have got the message already, so that sending it again needs a second word."""
    return message.state == State.UNCERTAIN


@admin.register(OutboundMessage)
class OutboundAdmin(ReadOnlyAdmin):
    """The outbox."""

    list_display = ["queued", "state_badge", "what_now", "kind", "sender", "company"]
    list_filter = ["state", "kind", ("sender", ScopedFilter), ("company", ScopedFilter)]
    list_select_related = ["company", "sender"]
    fields = [
        "state_badge", "what_now", "kind", "company", "sender", "number", "person", "record", "created_at",
        "due_at", "sent_at", "attempts", "provider_id", "error",
    ]  # fmt: skip
    readonly_fields = ["state_badge", "what_now", "number", "person", "record"]
    actions = ["cancel_chosen", "retry_chosen"]  # type: ignore[assignment]
    sortable_by = ()
    change_list_template = "consent/admin/outbox.html"
    change_form_template = "consent/admin/message.html"
    empty_title = gettext_lazy("No message has left.")
    empty_hint = gettext_lazy(
        "Questions to people's numbers and receipts appear here as soon as somebody answers a form."
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("errors/", view(self.errors), name="consent_outboundmessage_errors"),
            path("stop/company/<int:pk>/", view(pausing.company), name="consent_company_pause"),
            path("stop/sender/<int:pk>/", view(pausing.sender), name="consent_sender_pause"),
            path("<uuid:pk>/retry/", view(self.retry), name="consent_outboundmessage_retry"),
            path("<uuid:pk>/cancel/", view(require_POST(self.cancel)), name="consent_outboundmessage_cancel"),
            *super().get_urls(),
        ]

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may take messages back and send them again."""
        return request.user.has_perm("consent.change_outboundmessage")

    def get_action_choices(
        self,
        request: HttpRequest,
        default_choices: Any = None,
        action_location: Any = ActionLocation.CHANGE_LIST,
    ) -> list[tuple[str, str]]:
        first = [("", _("with the chosen ones…"))]
        return super().get_action_choices(request, first, action_location)

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, message: OutboundMessage) -> SafeString:
        return labels.badge(message.state, message.get_state_display())

    @admin.display(description=gettext_lazy("created"))
    def queued(self, message: OutboundMessage) -> str:
        return labels.moment(message.created_at)

    @admin.display(description=gettext_lazy("what happens"))
    def what_now(self, message: OutboundMessage) -> str:
        """Why a message waits, or what went wrong with it."""
        if message.state == State.QUEUED:
            return _waits(message)
        trouble = troubles.of(message.error)
        if trouble:
            return str(trouble.means)
        if message.error:
            return _("The provider said: %(code)s") % {"code": message.error}
        return _("Nobody needs it any more.") if message.state == State.EXPIRED else "–"

    @admin.display(description=gettext_lazy("to"))
    def number(self, message: OutboundMessage) -> str:
        return openings.masked(message.subject)

    @admin.display(description=gettext_lazy("person"))
    def person(self, message: OutboundMessage) -> SafeString | str:
        if message.subject == opening.NOBODY:  # somebody of whom nothing is recorded wrote to us
            return ""
        return format_html(
            '<a href="{}">{}</a>', people.address(message.subject), people.short(message.subject)
        )

    @admin.display(description=gettext_lazy("record"))
    def record(self, message: OutboundMessage) -> SafeString | str:
        first = ConsentRecord.objects.filter(act=message.act).order_by("arrival").first()
        if first is None:
            return ""
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:consent_consentrecord_change", args=[first.pk]), first
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        counted = recent.messages_by_state(request, since=timezone.now() - timedelta(days=DAYS))
        context = {
            "days": DAYS,
            "states": [(label, counted.get(state, 0), state) for state, label in State.choices],
            "uses": budgets.uses(request),
            "may_pause": request.user.has_perm(pausing.MAY_PAUSE),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        message: Any = self.get_object(request, object_id)
        may_act = message is not None and self.has_act_permission(request)
        context = {
            "may_retry": may_act and may_retry(message),
            "is_uncertain": message is not None and is_uncertain(message),
            "may_cancel": may_act and message.state == State.QUEUED and message.lease_until is None,
            "trouble": troubles.of(message.error) if message is not None else None,
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def errors(self, request: HttpRequest) -> HttpResponse:
        """What every code means, and what to do."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {"title": _("What went wrong, in words"), "opts": self.opts, "troubles": troubles.TROUBLES}
        return TemplateResponse(request, "consent/admin/troubles.html", admin_page(request, context))

    def retry(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Queue a failed message once more; one that perhaps left only after a warning."""
        message = self._message(request, pk)
        page = redirect("admin:consent_outboundmessage_change", pk)
        if request.method != "POST":
            if not (is_uncertain(message) and may_retry(message)):
                return page
            context = {
                "title": _("Send it although it may have arrived?"),
                "opts": self.opts,
                "message": message,
                "trouble": troubles.of(message.error),
            }
            return TemplateResponse(request, "consent/admin/twice.html", admin_page(request, context))
        if is_uncertain(message) and request.POST.get("twice") != "yes" and may_retry(message):
            return redirect("admin:consent_outboundmessage_retry", pk)
        if may_retry(message) and _queue(message):
            self.log_change(request, message, "Queued again.")
            self.message_user(request, _("The message is queued again."))
        else:
            self.message_user(request, _("This message cannot be sent again."), notes.WARNING)
        return page

    def cancel(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Take a message back that has not left."""
        message = self._message(request, pk)
        if _cancel(OutboundMessage.objects.filter(pk=message.pk)):
            self.log_change(request, message, "Cancelled.")
            self.message_user(request, _("The message will not be sent."))
        else:
            self.message_user(request, _("Too late: the message has left or is leaving."), notes.WARNING)
        return redirect("admin:consent_outboundmessage_change", pk)

    @admin.action(description=gettext_lazy("Take back what has not left"), permissions=["act"])
    def cancel_chosen(self, request: HttpRequest, chosen: QuerySet[OutboundMessage]) -> None:
        found = list(chosen.filter(**NOT_LEAVING).order_by("due_at")[:MOST_AT_ONCE])
        done = [message for message in found if _cancel(OutboundMessage.objects.filter(pk=message.pk))]
        for message in done:
            self.log_change(request, message, "Cancelled.")
        text = ngettext(
            "%(number)s message will not be sent.", "%(number)s messages will not be sent.", len(done)
        )
        self.message_user(request, text % {"number": len(done)})

    @admin.action(description=gettext_lazy("Send failed ones again"), permissions=["act"])
    def retry_chosen(self, request: HttpRequest, chosen: QuerySet[OutboundMessage]) -> None:
        """Only what failed for certain: what perhaps left is looked at one by one."""
        found = list(chosen.filter(state=State.FAILED).order_by("created_at")[:MOST_AT_ONCE])
        done = [message for message in found if may_retry(message) and _queue(message)]
        for message in done:
            self.log_change(request, message, "Queued again.")
        text = ngettext(
            "%(number)s message is queued again.", "%(number)s messages are queued again.", len(done)
        )
        self.message_user(request, text % {"number": len(done)})

    def _message(self, request: HttpRequest, pk: Any) -> OutboundMessage:
        message = self.get_object(request, str(pk))
        if not self.has_act_permission(request):
            raise PermissionDenied
        if message is None:
            raise Http404
        return message  # type: ignore[no-any-return]


def _waits(message: OutboundMessage) -> str:
    if message.lease_until is not None:
        return _("Leaves now.")
    if message.company.is_paused or message.sender.is_paused:
        return _("Waits: sending is stopped.")
    if message.due_at > timezone.now():
        until = _("Waits until %(time)s.") % {"time": labels.moment(message.due_at)}
        trouble = troubles.of(message.error)
        return f"{until} {trouble.means}" if trouble else until
    return _("Leaves next.")


# Each is one statement with the state it must still be in: the worker may be taking the same message.


def _cancel(messages: QuerySet[OutboundMessage]) -> int:
    return messages.filter(**NOT_LEAVING).update(state=State.EXPIRED, error="staff.cancelled")


def _queue(message: OutboundMessage) -> int:
    unchanged = OutboundMessage.objects.filter(pk=message.pk, state=message.state, lease_until__isnull=True)
    return unchanged.update(state=State.QUEUED, error="", due_at=timezone.now(), attempts=0)
