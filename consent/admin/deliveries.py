"""What providers delivered: when, at which door, for whom, what became of it; opened and taken in again by staff."""

import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from consent import inbound, replaying, vault
from consent.admin import labels, openings
from consent.admin.scoped import ReadOnlyAdmin, ScopedFilter
from consent.admin.site import admin_page
from consent.inbound import State
from consent.models import InboundMessage
from consent.replaying import Again

MAY_REPLAY = "consent.change_inboundmessage"

DOORS = {
    "sms": gettext_lazy("message by SMS"),
    "whatsapp": gettext_lazy("message by WhatsApp"),
    "status": gettext_lazy("what became of a message"),
    "ivr": gettext_lazy("call"),
    "voice-status": gettext_lazy("what became of a call"),
    "meta": gettext_lazy("batch from Meta"),
}

OUTCOMES = {
    State.RECEIVED: gettext_lazy("It waits for the worker."),
    State.ANSWERED: gettext_lazy("It was understood, recorded and answered."),
    State.KEPT: gettext_lazy("It says nothing about consent, and was kept."),
    State.UNROUTED: gettext_lazy(
        "No sender here has the number it was for. Add the sender, and what came for it is taken in."
    ),
    State.UNREADABLE: gettext_lazy(
        "It was not understood, or a yes came too late to be answered. Open it, and ask the person again."
    ),
    State.CONFLICT: gettext_lazy(
        "Another delivery came before under the same id, and that one counts. Open it: a stop still counts."
    ),
}

CAME_OF_IT = {
    Again.UNDERSTOOD: (
        notes.SUCCESS,
        gettext_lazy("It was taken in, as of the moment it was received first."),
    ),
    Again.STOPPED: (
        notes.SUCCESS,
        gettext_lazy("It is a stop, and it was recorded as of the moment it came."),
    ),
    Again.AS_BEFORE: (
        notes.WARNING,
        gettext_lazy("It was tried again and nothing more came of it. After the fact only a stop counts."),
    ),
    Again.NOT_OPEN: (notes.WARNING, gettext_lazy("Nothing of this kind is taken in again.")),
    Again.BROKEN: (
        notes.ERROR,
        gettext_lazy("The seal does not open. Is the key it was made with still in OPTIN_KEYRING?"),
    ),
}


@admin.register(InboundMessage)
class InboundAdmin(ReadOnlyAdmin):
    """The last deliveries, as raw as they came. What was for no sender of ours is for superusers only."""

    list_display = ["came", "state_badge", "about", "sender", "provider"]
    list_display_links = ["came"]
    list_filter = ["state", "provider", ("sender", ScopedFilter)]
    list_select_related = ["sender"]
    sortable_by = ()
    empty_title = gettext_lazy("No message has come in.")
    empty_hint = gettext_lazy("Whatever a provider delivers is kept here before it is understood.")

    def get_urls(self) -> list[URLPattern]:
        def post(of: Any) -> Any:
            return self.admin_site.admin_view(never_cache(require_POST(of)))

        return [
            path("<uuid:pk>/open/", post(self.open), name="consent_inboundmessage_open"),
            path("<uuid:pk>/again/", post(self.again), name="consent_inboundmessage_again"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, message: InboundMessage) -> SafeString:
        return labels.badge(message.state, message.get_state_display())

    @admin.display(description=gettext_lazy("received"))
    def came(self, message: InboundMessage) -> str:
        return labels.moment(message.received_at)

    @admin.display(description=gettext_lazy("about"))
    def about(self, message: InboundMessage) -> str:
        return str(DOORS.get(message.door, message.door))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return self._page(request, self._message(request, object_id), {})

    def open(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The delivery with everything in it."""
        message = self._message(request, str(pk))
        if not openings.may_open(request):
            raise PermissionDenied
        openings.trace_delivery(request, message)
        try:
            known = inbound.opened(message)
        except (vault.SealBroken, ValueError):
            return self._page(request, message, {"is_broken": True})
        return self._page(
            request,
            message,
            {"parts": [(name, _readable(value)) for name, value in known.parameters.items()]},
        )

    def again(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take the delivery in again."""
        message = self._message(request, str(pk))
        if not request.user.has_perm(MAY_REPLAY):
            raise PermissionDenied
        level, words = CAME_OF_IT[replaying.take_in(message, by=openings.entity(request))]
        notes.add_message(request, level, words)
        return redirect("admin:consent_inboundmessage_change", pk)

    def _message(self, request: HttpRequest, pk: str) -> Any:
        message = self.get_object(request, pk)
        if not self.has_view_permission(request, message):
            raise PermissionDenied
        if message is None:
            raise Http404
        return message

    def _page(self, request: HttpRequest, message: InboundMessage, extra: dict[str, Any]) -> HttpResponse:
        context = {
            "title": _("Delivery"),
            "opts": self.opts,
            "delivered": message,
            "badge": self.state_badge(message),
            "about": self.about(message),
            "outcome": OUTCOMES[State(message.state)],
            "may_open": openings.may_open(request),
            "may_replay": request.user.has_perm(MAY_REPLAY) and replaying.can_be(message),
            **extra,
        }
        return TemplateResponse(request, "consent/admin/delivery.html", admin_page(request, context))


def _readable(value: str) -> str:
    """A parameter as people read it: what is JSON in lines."""
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return json.dumps(parsed, ensure_ascii=False, indent=1) if isinstance(parsed, dict | list) else value
