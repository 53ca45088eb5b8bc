"""Setting up who is told of changes: where it is, with which token, and what it hears of."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.admin.scoped import ModelForm
from consent.errors import BadInput
from consent.models import Sender, Subscription
from consent.providers import addresses
from consent.relay import doors, signing
from consent.relay.doors import Door
from consent.vault import SealBroken
from consent.vocabulary import Channel

Kind = Subscription.Kind


class SubscriberForm(ModelForm):
    """An address that lies outside, a token where one is needed, and what it is told of."""

    events = forms.MultipleChoiceField(
        label=gettext_lazy("Tell it when"),
        choices=Subscription.Event.choices,
        initial=Subscription.Event.values,
        widget=forms.CheckboxSelectMultiple,
    )
    url = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=addresses.LONGEST_URL,
        widget=forms.TextInput(attrs={"class": "vTextField", "inputmode": "url"}),
        help_text=gettext_lazy(
            "Of a webhook: https://…; of a workspace: its host, such as https://flows.weni.ai"
        ),
    )
    token = forms.CharField(
        label=gettext_lazy("Token of the workspace"),
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "Of RapidPro or Weni. It is sealed and not shown again; empty keeps the one that is there, unless the"
            " address names another host."
        ),
    )
    from_now = forms.ChoiceField(
        label=gettext_lazy("Begin"),
        widget=forms.RadioSelect,
        initial="now",
        choices=[
            ("now", gettext_lazy("with what changes from now on")),
            ("start", gettext_lazy("with everything there is")),
        ],
    )

    class Meta:
        model = Subscription
        fields = ("company", "name", "kind", "sender", "events")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self.instance.pk:
            self.fields["url"].initial = self._known().url
            del self.fields["from_now"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("kind") or self.instance.kind
        company = cleaned.get("company") or getattr(self.instance, "company", None)
        sender: Sender | None = cleaned.get("sender")
        if kind == Kind.TWILIO:
            is_right = sender and sender.company == company and sender.channel != Channel.VOICE
            if not is_right:
                self.add_error("sender", _("Choose the company's sender at Twilio whose list is kept."))
            return cleaned
        if sender and company and sender.company_id != company.pk:
            message = _("Choose one of the same company.")
            self.add_error("sender", forms.ValidationError(message, code="other_company"))
        try:
            cleaned["url"] = addresses.checked(cleaned.get("url", "").strip())
        except BadInput as error:
            self.add_error("url", error.message)
        if kind == Kind.RAPIDPRO and not cleaned.get("token") and self._is_elsewhere(cleaned.get("url", "")):
            self.add_error("token", _("Write the token of the workspace."))
        return cleaned

    def _is_elsewhere(self, url: str) -> bool:
        """Whether an address is of another workspace than the one whose token is kept.

        A token leaves for the workspace it was given for and no other: else whoever may change the address reads it.
        """
        known = urlsplit(self._known().url if self.instance.pk else "")
        named = urlsplit(url)
        return (named.scheme, named.netloc) != (known.scheme, known.netloc)

    def _known(self) -> Door:
        """Where the subscriber was; nowhere, with a new secret, where that does not open or was never said."""
        try:
            return doors.open_(self.instance)
        except SealBroken:
            return Door("", signing.new_secret())

    def door(self) -> Door:
        """Where the subscriber is now, with the secret that is to be kept or a new one."""
        known = self._known()
        secret = self.cleaned_data.get("token") or known.secret
        return Door(self.cleaned_data.get("url", ""), secret, known.old, known.old_until)
