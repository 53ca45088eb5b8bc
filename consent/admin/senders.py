"""The numbers a company writes from, with what their provider must be told."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from consent import catalogue
from consent.admin.scoped import ModelForm, ScopedAdmin, ScopedFilter
from consent.models import Sender
from consent.providers import accounts

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164
SPACING = dict.fromkeys(map(ord, " -().\t"))


class SenderForm(ModelForm):
    """A sender; its token goes in and never comes out again."""

    token = forms.CharField(
        label=_("Auth token"),
        required=False,
        strip=True,
        max_length=200,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("Sealed when saved and never shown again. Leave it empty to keep the one there is."),
    )
    keep_former = forms.BooleanField(
        label=_("Believe the former token too"),
        required=False,
        help_text=_(
            "While a token is being changed at the provider, webhooks still come signed with the former one."
        ),
    )

    class Meta:
        model = Sender
        fields = ("company", "channel", "provider", "address", "account")

    def clean_address(self) -> str:
        number = str(self.cleaned_data["address"]).translate(SPACING)
        if not NUMBER.fullmatch(number):
            raise ValidationError(
                _("Write the number with + and country code, such as +551140028922."), code="sender.number"
            )
        return number

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("provider") == "twilio":
            account, token = cleaned.get("account", ""), cleaned.get("token", "")
            if not accounts.SID.fullmatch(account):
                self.add_error("account", _("Twilio's accounts are written AC and 32 letters or digits."))
            # The token is sealed together with the account it belongs to, so a new account needs it again.
            if not token and (not self.instance.secret or "account" in self.changed_data):
                self.add_error("token", _("Write the token of this account."))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        token = self.cleaned_data.get("token")
        if token and not self.errors:
            former = (
                accounts.opened(self.instance.account, bytes(self.instance.secret))[:1]
                if self.cleaned_data.get("keep_former")
                else ()
            )
            self.instance.secret = accounts.seal(self.instance.account, [token, *former])


@admin.register(Sender)
class SenderAdmin(ScopedAdmin):
    """Our numbers."""

    form = SenderForm
    list_display = ["address", "channel", "company", "provider", "has_token"]
    list_filter = [("company", ScopedFilter), "channel", "provider"]
    list_select_related = ["company"]
    ordering = ["company", "channel", "address"]
    search_fields = ["address"]
    fields = ["company", "channel", "provider", "address", "account", "token", "keep_former"]
    empty_title = _("No sender yet.")
    empty_hint = _(
        "A sender is a number of the company on SMS, WhatsApp or voice. People prove their number to it."
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company", "channel"] if obj else []

    @admin.display(description=_("ready"), boolean=True)
    def has_token(self, sender: Sender) -> bool:
        return sender.provider == "sandbox" or bool(sender.secret)

    def save_model(self, request: HttpRequest, obj: Sender, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        catalogue.forget()
        accounts.forget()
