"""The numbers a company writes from, with what their provider must be told."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from consent import catalogue, replaying
from consent.admin import connections, health, openings, sealing, simulating
from consent.admin.scoped import ModelForm, ScopedAdmin, ScopedFilter
from consent.models import InboundMessage, OutboundMessage, Sender
from consent.providers import accounts, checking, meta_numbers
from consent.vocabulary import Channel

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164
LEFT = (OutboundMessage.State.SENT, OutboundMessage.State.DELIVERED, OutboundMessage.State.UNCERTAIN)
SPACING = dict.fromkeys(map(ord, " -().\t"))


# What each provider, or WhatsApp alone, must be told; without JavaScript all of it is shown.
OF_PROVIDERS = {
    "account": "twilio meta",
    "number_id": "meta",
    "token": "twilio meta",
    "app_secret": "meta",
    "keep_former": "twilio meta",
    "forget_former": "twilio meta",
}


class SenderForm(ModelForm):
    """A sender; its token goes in and never comes out again."""

    token = forms.CharField(
        label=_("Token"),
        required=False,
        strip=True,
        max_length=500,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_(
            "Twilio's Auth Token, or the access token at Meta. Sealed when saved and never shown again. Leave it "
            "empty to keep the one there is."
        ),
    )
    app_secret = forms.CharField(
        label=_("App secret"),
        required=False,
        strip=True,
        max_length=200,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("Meta only: what the app signs its webhooks with. Sealed like the token."),
    )
    keep_former = forms.BooleanField(
        label=_("Believe the former token too"),
        required=False,
        help_text=_(
            "While a token is being changed at the provider, webhooks still come signed with the former one."
        ),
    )
    forget_former = forms.BooleanField(
        label=_("Believe the former token no longer"),
        required=False,
        help_text=_("When the provider signs with the new one alone, end the change with this."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, providers in OF_PROVIDERS.items():
            if name in self.fields:
                self.fields[name].widget.attrs["data-provider"] = providers
        if "rule_book" in self.fields:
            self.fields["rule_book"].widget.attrs["data-channel"] = "whatsapp"

    class Meta:
        model = Sender
        fields = ("company", "channel", "provider", "address", "account", "number_id", "price", "rule_book")

    def clean_address(self) -> str:
        number = str(self.cleaned_data["address"]).translate(SPACING)
        if not NUMBER.fullmatch(number):
            raise ValidationError(
                _("Write the number with + and country code, such as +551140028922."), code="sender.number"
            )
        if self.instance.pk and number != self.instance.address and _is_known(self.instance):
            raise ValidationError(
                _(
                    "People know this number and may write a stop to it. Leave it as it is, and add the new number as"
                    " another sender."
                ),
                code="sender.known",
            )
        return number

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        channel = cleaned.get("channel") or self.instance.channel
        if cleaned.get("provider") and channel not in checking.CHANNELS[cleaned["provider"]]:
            self.add_error("provider", _("This provider does not have this channel."))
        for field, words in sealing.problems(self.instance, cleaned, changed=self.changed_data).items():
            self.add_error(field, words)
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        sealed = None if self.errors else sealing.seal(self.instance, self.cleaned_data)
        if sealed is not None:
            self.instance.secret, self.instance.secret_set_at = sealed, timezone.now()


def _is_known(sender: Sender) -> bool:
    """Whether anything left from a number, or came to it: what is written to it later must find its company."""
    left = OutboundMessage.objects.filter(sender=sender, state__in=LEFT)
    return left.exists() or InboundMessage.objects.filter(sender=sender).exists()


@admin.register(Sender)
class SenderAdmin(ScopedAdmin):
    """Our numbers."""

    form = SenderForm
    list_display = ["address", "channel", "company", "provider", "has_token", "how_it_is"]
    list_filter = [("company", ScopedFilter), "channel", "provider"]
    list_select_related = ["company"]
    ordering = ["company", "channel", "address"]
    search_fields = ["address"]
    fields = [
        "company", "channel", "provider", "address", "account", "number_id", "token", "app_secret", "keep_former",
        "forget_former", "price", "rule_book",
    ]  # fmt: skip
    change_form_template = "consent/admin/sender.html"
    empty_title = _("No sender yet.")
    empty_hint = _(
        "A sender is a number of the company on SMS, WhatsApp or voice. People prove their number to it."
    )

    def get_urls(self) -> list[URLPattern]:
        check = self.admin_site.admin_view(never_cache(require_POST(connections.check)))
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/check/", check, name="consent_sender_check"),
            path("<int:pk>/health/", view(never_cache(health.page)), name="consent_sender_health"),
            path("<int:pk>/health/read/", view(require_POST(health.read)), name="consent_sender_read"),
            path(
                "<int:pk>/health/simulate/",
                view(require_POST(simulating.simulate)),
                name="consent_sender_simulate",
            ),
            path("<int:pk>/health/seen/", view(require_POST(health.seen)), name="consent_sender_seen"),
            path(
                "<int:pk>/health/pause/", view(require_POST(health.pause)), name="consent_sender_pause_source"
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        sender: Any = self.get_object(request, object_id)
        context = connections.context(request, sender) if sender is not None else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """What there is to say of a number: of a new one no former token, of a known one what its channel has."""
        former: tuple[str, ...] = () if obj else ("keep_former", "forget_former")
        if not self.has_change_permission(request, obj) and not self.has_add_permission(request):
            former = ("token", "app_secret", "keep_former", "forget_former")  # only ever typed, never read
        rules = ("rule_book",) if obj and obj.channel != Channel.WHATSAPP else ()
        return [name for name in super().get_fields(request, obj) if name not in (*former, *rules)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company", "channel"] if obj else []

    @admin.display(description=_("ready"), boolean=True)
    def has_token(self, sender: Sender) -> bool:
        return sender.provider == "sandbox" or bool(sender.secret)

    @admin.display(description=_("health"))
    def how_it_is(self, sender: Sender) -> SafeString:
        url = reverse("admin:consent_sender_health", args=[sender.pk])
        label = sender.get_restriction_display() if sender.restriction else _("nothing is held back")
        return format_html('<a href="{}">{}</a>', url, label)

    def save_model(self, request: HttpRequest, obj: Sender, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        catalogue.forget()
        accounts.forget()
        meta_numbers.forget()
        taken = replaying.reconcile(obj, by=openings.entity(request))
        if taken:
            text = ngettext(
                "%(number)s message that came for this number before was taken in.",
                "%(number)s messages that came for this number before were taken in.",
                taken,
            )
            self.message_user(request, text % {"number": taken})
