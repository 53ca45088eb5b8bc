"""Message templates: the texts that WhatsApp approved, and which values go into them."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consent import providers, wording
from consent.admin.scoped import ModelForm, ScopedAdmin, ScopedFilter
from consent.dialogue import tapping
from consent.models import MessageTemplate, Sender
from consent.vocabulary import Channel

KNOWN = {
    MessageTemplate.Kind.ASK: frozenset({"company", "boxes", "code"}),
    MessageTemplate.Kind.INVITE: frozenset({"text"}),
    MessageTemplate.Kind.PAPER: frozenset({"company", "boxes", "day", "receipt"}),
    MessageTemplate.Kind.RENEW: frozenset({"company", "boxes", "day", "link"}),
    MessageTemplate.Kind.AGAIN: frozenset({"company", "boxes", "link"}),
    MessageTemplate.Kind.SUMMARY: frozenset({"company", "boxes", "link"}),
}
NAME_AT_META = re.compile(r"[a-z0-9_]{1,512}")
CONTENT_AT_TWILIO = re.compile(r"HX[0-9a-fA-F]{32}")


class TemplateForm(ModelForm):
    """A template that can be sent as it stands: known values, a name of the right shape, one company."""

    class Meta:
        model = MessageTemplate
        fields = "__all__"
        widgets = {"body": forms.Textarea(attrs={"rows": 5}), "name": forms.TextInput(attrs={"size": 48})}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        sender: Sender | None = cleaned.get("sender")
        point, kind = cleaned.get("point"), cleaned.get("kind", "")
        if sender and point and point.company_id != sender.company_id:
            self.add_error(
                "point", ValidationError(_("Choose one of the same company."), code="other_company")
            )
        if sender and cleaned.get("name"):
            self._check_name(sender, cleaned["name"])
        if "body" in cleaned and kind in KNOWN:
            self._check_body(cleaned["body"], kind)
        return cleaned

    def _check_name(self, sender: Sender, name: str) -> None:
        if providers.is_at_meta(sender):
            if not NAME_AT_META.fullmatch(name):
                message = _("Meta's names of templates have small letters, digits and underscores.")
                self.add_error("name", ValidationError(message, code="template.name"))
        elif not CONTENT_AT_TWILIO.fullmatch(name):
            message = _("Twilio's contents are written HX and 32 letters or digits.")
            self.add_error("name", ValidationError(message, code="template.content"))

    def _check_body(self, body: str, kind: str) -> None:
        if kind == MessageTemplate.Kind.INVITE and body.strip() != "{text}":
            message = _("The text of an invitation is the notice itself: write {text} and nothing else.")
            self.add_error("body", ValidationError(message, code="template.text"))
        elif unknown := wording.placeholders(body) - KNOWN[MessageTemplate.Kind(kind)]:
            message = _("Nothing can be filled in for %(names)s.")
            names = ", ".join(f"{{{name}}}" for name in sorted(unknown))
            self.add_error("body", ValidationError(message, code="template.value", params={"names": names}))


@admin.register(MessageTemplate)
class TemplateAdmin(ScopedAdmin):
    """The approved texts of our WhatsApp numbers."""

    form = TemplateForm
    list_display = ["name", "sender", "kind", "language", "point"]
    list_filter = [("sender", ScopedFilter), "kind", "language"]
    list_select_related = ["sender", "point"]
    search_fields = ["name"]
    fields = ["sender", "kind", "language", "point", "name", "code", "body", "to_approve"]
    readonly_fields = ["to_approve"]
    empty_title = _("No message template yet.")
    empty_hint = _(
        "To whoever has not written for a day WhatsApp lets only approved texts through. Have one approved at the"
        " provider, and write it down here."
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if sender := form.base_fields.get("sender"):
            sender.queryset = sender.queryset.filter(channel=Channel.WHATSAPP)  # type: ignore[attr-defined]
        return form

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A template is no evidence: what was sent holds its own words."""
        return request.user.has_perm("consent.delete_messagetemplate")

    @admin.display(description=_("to have approved"))
    def to_approve(self, template: MessageTemplate) -> SafeString | str:
        """The text as the provider wants it, with its buttons."""
        if not template.pk:
            return str(_("Save it first."))
        body = template.body
        for number, name in enumerate(wording.placeholders_in_order(body), start=1):
            body = body.replace(f"{{{name}}}", f"{{{{{number}}}}}")
        if template.kind == MessageTemplate.Kind.PAPER:
            return format_html('<p lang="{}">{}</p>', template.language, linebreaksbr(body))
        titles = " · ".join(tapping.titles(template.language).values())
        hint = _("Quick replies, in this order:")
        return format_html(
            '<p lang="{}">{}</p><p>{} {}</p>', template.language, linebreaksbr(body), hint, titles
        )
