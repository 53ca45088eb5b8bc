"""What went out and what came in: states, and a second try or none."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from consent import history
from consent.admin import labels, openings, people
from consent.admin.scoped import ReadOnlyAdmin, ScopedFilter
from consent.models import ConsentRecord, InboundMessage, OutboundMessage
from consent.vocabulary import State as Consent

State = OutboundMessage.State


def may_retry(message: OutboundMessage) -> bool:
    """Whether sending a failed message again makes sense: it failed for good, and its question is still open.

    One that was perhaps sent is never sent again: nobody gets a message twice.
    """
    if message.state != State.FAILED:
        return False
    if message.kind != OutboundMessage.Kind.ASK:
        return True
    if message.created_at <= timezone.now() - timedelta(hours=settings.OPTIN_ASK_TTL_HOURS):
        return False
    standings = history.standings(message.subject, at=timezone.now())
    asked = ConsentRecord.objects.filter(act=message.act).values_list("channel", "purpose")
    return any(standings[key].state == Consent.REQUESTED for key in asked)


class MessageAdmin(ReadOnlyAdmin):
    """What lists of messages share."""

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, message: Any) -> SafeString:
        return labels.badge(message.state, message.get_state_display())


@admin.register(OutboundMessage)
class OutboundAdmin(MessageAdmin):
    """The outbox."""

    list_display = ["queued", "state_badge", "kind", "sender", "attempts", "error", "company"]
    list_filter = ["state", "kind", ("company", ScopedFilter)]
    list_select_related = ["company", "sender"]
    fields = [
        "state_badge", "kind", "company", "sender", "number", "person", "record", "created_at", "due_at",
        "sent_at", "attempts", "provider_id", "error",
    ]  # fmt: skip
    readonly_fields = ["state_badge", "number", "person", "record"]
    sortable_by = ()
    change_form_template = "consent/admin/message.html"
    empty_title = gettext_lazy("No message has left.")
    empty_hint = gettext_lazy(
        "Questions to people's numbers and receipts appear here as soon as somebody answers a form."
    )

    def get_urls(self) -> list[URLPattern]:
        def named(name: str, view: Any) -> Any:
            route = f"<uuid:pk>/{name}/"
            return path(
                route, self.admin_site.admin_view(require_POST(view)), name=f"consent_outboundmessage_{name}"
            )

        return [named("retry", self.retry), named("cancel", self.cancel), *super().get_urls()]

    @admin.display(description=gettext_lazy("created"))
    def queued(self, message: OutboundMessage) -> str:
        return labels.moment(message.created_at)

    @admin.display(description=gettext_lazy("to"))
    def number(self, message: OutboundMessage) -> str:
        return openings.masked(message.subject)

    @admin.display(description=gettext_lazy("person"))
    def person(self, message: OutboundMessage) -> SafeString:
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

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        message: Any = self.get_object(request, object_id)
        may_act = message is not None and self._may_act(request)
        context = {
            "may_retry": may_act and may_retry(message),
            "may_cancel": may_act and message.state == State.QUEUED and message.lease_until is None,
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def retry(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Queue a failed message once more."""
        message = self._message(request, pk)
        if may_retry(message) and self._change(
            message, from_state=State.FAILED, to_state=State.QUEUED, error=""
        ):
            self.log_change(request, message, "Queued again.")
            self.message_user(request, _("The message is queued again."))
        else:
            self.message_user(request, _("This message cannot be sent again."), notes.WARNING)
        return redirect("admin:consent_outboundmessage_change", pk)

    def cancel(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Take a message back that has not left."""
        message = self._message(request, pk)
        if self._change(message, from_state=State.QUEUED, to_state=State.EXPIRED, error="staff.cancelled"):
            self.log_change(request, message, "Cancelled.")
            self.message_user(request, _("The message will not be sent."))
        else:
            self.message_user(request, _("Too late: the message has left or is leaving."), notes.WARNING)
        return redirect("admin:consent_outboundmessage_change", pk)

    def _change(self, message: OutboundMessage, *, from_state: str, to_state: str, error: str) -> int:
        # One statement with the state it must still be in: the worker may be taking the same message.
        unchanged = OutboundMessage.objects.filter(pk=message.pk, state=from_state, lease_until__isnull=True)
        return unchanged.update(state=to_state, error=error, due_at=timezone.now(), attempts=0)

    def _may_act(self, request: HttpRequest) -> bool:
        return request.user.has_perm("consent.change_outboundmessage")

    def _message(self, request: HttpRequest, pk: Any) -> OutboundMessage:
        message = self.get_object(request, str(pk))
        if not self._may_act(request):
            raise PermissionDenied
        if message is None:
            raise Http404
        return message  # type: ignore[no-any-return]


@admin.register(InboundMessage)
class InboundAdmin(MessageAdmin):
    """The inbox, as raw as it came. What was not for any sender of ours is for superusers only."""

    list_display = ["came", "state_badge", "provider", "sender"]
    list_filter = ["state", "provider"]
    list_select_related = ["sender"]
    fields = ["received_at", "state_badge", "provider", "sender", "id"]
    readonly_fields = ["state_badge"]
    sortable_by = ()
    empty_title = gettext_lazy("No message has come in.")
    empty_hint = gettext_lazy("Whatever a provider delivers is kept here before it is understood.")

    @admin.display(description=gettext_lazy("received"))
    def came(self, message: InboundMessage) -> str:
        return labels.moment(message.received_at)
