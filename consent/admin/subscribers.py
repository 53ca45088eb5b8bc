"""Who is told of what changes: set up, tried, told again, stopped; with how each attempt went."""

import json
import tempfile
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from consent.admin import labels, openings
from consent.admin.scoped import ONE_BUTTON, ScopedAdmin, ScopedFilter
from consent.admin.site import admin_page
from consent.admin.subscriber_forms import SubscriberForm
from consent.errors import BadInput
from consent.imports import keeping
from consent.models import Attempt, Import, Subscription
from consent.relay import changes, doors, hearing, signing, webhooks
from consent.relay.doors import Door, Trouble

Kind, State = Subscription.Kind, Subscription.State
OVERLAP = timedelta(hours=24)  # for which a secret that was replaced still signs
SHOWN = 50  # attempts on the page

BADGES = {State.ON: "given", State.OFF: "revoked", State.FAILED: "failed"}

# What went wrong, for whoever has to mend it.
TROUBLES = {
    "answer.refused": gettext_lazy("It answered with an error."),
    "answer.gone": gettext_lazy("It said that it is gone for good (410)."),
    "answer.loop": gettext_lazy("The address leads back to this installation (508)."),
    "egress.timeout": gettext_lazy("It took longer than 15 seconds."),
    "egress.connection": gettext_lazy("It could not be reached."),
    "egress.certificate": gettext_lazy("Its certificate is not valid."),
    "egress.inside": gettext_lazy("Its name leads into our own network."),
    "egress.answer_too_big": gettext_lazy("It answered with more than 64 KiB."),
    "rate.exceeded": gettext_lazy("It asked us to wait."),
    "token.refused": gettext_lazy("It does not take our token."),
    "seal.broken": gettext_lazy("Its address does not open: put the key back into OPTIN_KEYRING."),
    "unexpected": gettext_lazy(
        "Telling it broke here. What happened stands in the worker's output (manage.py work)."
    ),
}


@admin.register(Subscription)
class SubscriberAdmin(ScopedAdmin):
    """Other systems that are told what changes."""

    form = SubscriberForm
    change_form_template = "consent/admin/subscriber.html"
    list_display = ["name", "kind", "state_badge", "last", "behind", "company"]
    list_filter = ["kind", "state", ("company", ScopedFilter)]
    list_select_related = ["company"]
    empty_title = gettext_lazy("Nobody is told of changes.")
    empty_hint = gettext_lazy(
        "A CRM, a broker or a Weni workspace can hear of every yes and every stop, in order."
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj and not self.has_change_permission(request, obj):
            return ["company", "name", "kind", "sender", "events"]  # its address may hold what opens it
        common = ["company", "name", "kind", "url", "token", "sender", "events"]
        return common if obj else [*common, "from_now"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company", "kind"] if obj else []

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"consent_subscription_{name}",
            )
            for name, view in (
                ("test", self.test),
                ("rotate", self.rotate),
                ("switch", self.switch),
                ("replay", self.replay),
                ("contacts", self.contacts),
            )
        ] + super().get_urls()

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, subscription: Subscription) -> SafeString:
        words = subscription.get_state_display()
        badge = BADGES[State(subscription.state)]
        if subscription.state == State.ON and subscription.trouble:
            badge, words = "requested", _("trouble, tried again")
        return labels.badge(badge, words)

    @admin.display(description=gettext_lazy("last told"))
    def last(self, subscription: Subscription) -> str:
        return labels.moment(subscription.told_at) if subscription.told_at else "–"

    @admin.display(description=gettext_lazy("entries not looked at"))
    def behind(self, subscription: Subscription) -> str:
        return str(max(changes.size() - subscription.position, 0))

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        if not change:
            obj.due_at = timezone.now()
            obj.position = changes.size() if form.cleaned_data["from_now"] == "now" else 0
        doors.close(obj, form.door())
        super().save_model(request, obj, form, change)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Saving leads to a webhook's secret, whatever else one would do next."""
        return super().add_view(request, form_url, {**ONE_BUTTON, **(extra_context or {})})

    def response_add(
        self, request: HttpRequest, obj: Subscription, post_url_continue: str | None = None
    ) -> HttpResponse:
        """A webhook's secret is shown once, in the answer itself."""
        if obj.kind != Kind.WEBHOOK:
            return super().response_add(request, obj, post_url_continue)
        return self._show_secret(request, obj)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        trouble = TROUBLES.get(found.trouble, found.trouble) if found else ""
        badge = self.state_badge(found) if found else ""
        attempts = [
            (one, TROUBLES.get(one.trouble, one.trouble))
            for one in Attempt.objects.filter(subscription=found)[:SHOWN]
        ]
        context = {
            "attempts": attempts,
            "trouble": trouble,
            "state_badge": badge,
            "log_size": changes.size(),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a message that says nothing changed, now."""
        found = self._found(request, pk)
        if found.kind != Kind.WEBHOOK:
            raise Http404
        try:
            status = webhooks.try_out(found, at=timezone.now())
            self.message_user(request, _("It answered %(status)s: that works.") % {"status": status})
        except Trouble as trouble:
            words = TROUBLES.get(trouble.code, trouble.code)
            answer = f" ({trouble.status})" if trouble.status else ""
            self.message_user(request, f"{words}{answer}", "ERROR")
        return redirect("admin:consent_subscription_change", pk)

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new secret; the one before signs as well for a day."""
        found = self._found(request, pk)
        if found.kind != Kind.WEBHOOK:
            raise Http404
        known = doors.open_(found)
        doors.close(
            found, Door(known.url, signing.new_secret(), known.secret, (timezone.now() + OVERLAP).isoformat())
        )
        found.save(update_fields=["sealed"])
        self.log_change(request, found, "Secret replaced.")
        return self._show_secret(request, found)

    def switch(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop a subscriber, or go on with one that was stopped or given up, where it was."""
        found = self._found(request, pk)
        state = State.OFF if found.state == State.ON else State.ON
        Subscription.objects.filter(pk=found.pk).update(
            state=state, due_at=timezone.now(), failures=0, failing_since=None, trouble="", mail_due_at=None
        )
        self.log_change(request, found, f"Now {state}.")
        return redirect("admin:consent_subscription_change", pk)

    def replay(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have everything told again from an entry of the log on."""
        found, said = self._found(request, pk), request.POST.get("position", "")
        size = changes.size()
        if not (said.isascii() and said.isdigit() and len(said) < 16 and int(said) <= size):
            words = _("Write the number of an entry of the log, from 0 to %(size)s.")
            self.message_user(request, words % {"size": size}, "ERROR")
        else:
            Subscription.objects.filter(pk=found.pk).update(position=int(said), due_at=timezone.now())
            self.log_change(request, found, f"Told again from {int(said)}.")
            self.message_user(
                request, _("It is told again from entry %(number)s on.") % {"number": int(said)}
            )
        return redirect("admin:consent_subscription_change", pk)

    def contacts(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Bring in the contacts of a workspace as a list of claims, whose columns staff then choose."""
        found = self._found(request, pk)
        if found.kind != Kind.RAPIDPRO:
            raise Http404
        if not request.user.has_perm("consent.add_import"):
            raise PermissionDenied
        try:
            with tempfile.TemporaryFile() as file:
                for row in hearing.contacts(found):
                    file.write(json.dumps(row).encode() + b"\n")
                size = file.tell()
                file.seek(0)
                batch = keeping.take_in(
                    file, name=_("Contacts of %(name)s") % {"name": found.name}, size=size, company=found.company,
                    kind=Import.Kind.CLAIMS, entity=openings.entity(request),
                )  # fmt: skip
        except Trouble as trouble:
            self.message_user(request, TROUBLES.get(trouble.code, trouble.code), "ERROR")
        except BadInput as error:
            self.message_user(request, error.message, "ERROR")
        else:
            return redirect("admin:consent_import_change", batch.pk)
        return redirect("admin:consent_subscription_change", pk)

    def _found(self, request: HttpRequest, pk: int) -> Subscription:
        found: Subscription | None = self.get_object(request, str(pk))
        if not self.has_change_permission(request, found):
            raise PermissionDenied
        if found is None:
            raise Http404
        return found

    def _show_secret(self, request: HttpRequest, found: Subscription) -> HttpResponse:
        context = {
            "title": _("The secret of %(name)s") % {"name": found.name},
            "opts": self.opts,
            "original": found,
            "secret": doors.open_(found).secret,
        }
        return TemplateResponse(request, "consent/admin/subscriber_secret.html", admin_page(request, context))
