"""What providers delivered: when, at which door, for whom, and what became of it."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from consent.admin import labels
from consent.admin.scoped import ReadOnlyAdmin
from consent.models import InboundMessage


@admin.register(InboundMessage)
class InboundAdmin(ReadOnlyAdmin):
    """The inbox, as raw as it came. What was not for any sender of ours is for superusers only."""

    list_display = ["came", "state_badge", "provider", "sender"]
    list_filter = ["state", "provider"]
    list_select_related = ["sender"]
    fields = ["received_at", "state_badge", "provider", "sender", "id"]
    readonly_fields = ["state_badge"]
    sortable_by = ()
    empty_title = gettext_lazy("No message has come in.")
    empty_hint = gettext_lazy("Whatever a provider delivers is kept here before it is understood.")

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, message: Any) -> SafeString:
        return labels.badge(message.state, message.get_state_display())

    @admin.display(description=gettext_lazy("received"))
    def came(self, message: InboundMessage) -> str:
        return labels.moment(message.received_at)
