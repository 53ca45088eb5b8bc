"""What staff fill in about a capture point: the ask, its boxes, and where its posters hang."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from consent import keywords
from consent.admin.scoped import InlineFormSet, ModelForm, ScopedInline
from consent.models import CapturePoint, Offer, Poster, Purpose
from consent.vocabulary import Confirmation, Language

# What each policy means, because the choice decides whether a consent will stand up later.
POLICIES = {
    Confirmation.REPLY: _(
        "Recommended. A message goes to the number; the person answers it, or types its code on the page."
        " Until then nothing may be sent."
    ),
    Confirmation.CODE: _(
        "A message brings a code, and only typing it on the page counts."
        " For senders that cannot receive answers."
    ),
    Confirmation.LINK: _(
        "A message brings a link, and only pressing yes on its page counts."
        " For senders that cannot receive answers."
    ),
    Confirmation.CALL: _(
        "The number for calls calls the person, reads the statement out, and counts the key that is pressed."
        " For people who do not read messages."
    ),
    Confirmation.NONE: _(
        "Single step: anybody can type anybody's number. Each record says that the number was not proved."
        " Use it only where the number is known already."
    ),
}


class PointForm(ModelForm):
    """A capture point whose parts belong to one company."""

    languages = forms.MultipleChoiceField(
        label=_("Languages"), choices=Language.choices, widget=forms.CheckboxSelectMultiple
    )
    confirmation = forms.ChoiceField(
        label=_("Proof of the number"),
        widget=forms.RadioSelect,
        choices=lambda: [  # put together when it is shown, in the reader's language
            (way.value, format_html("<span><strong>{}</strong><br>{}</span>", way.label, POLICIES[way]))
            for way in POLICIES
        ],
        initial=Confirmation.REPLY,
    )

    class Meta:
        model = CapturePoint
        fields = "__all__"

    def clean_keyword(self) -> str:
        """The word as it is compared: lower case, no accents."""
        keyword = keywords.normalise(self.cleaned_data["keyword"])
        if not keyword:
            return ""
        if not keyword.isascii() or not keyword.isalnum() or keyword.isdigit() or len(keyword) < 2:
            raise ValidationError(
                _("Choose one word of letters and digits, such as PROMO."), code="keyword.word"
            )
        if keywords.interpret(keyword) is not keywords.Intent.OTHER:
            raise ValidationError(
                _("This word already means something to people who write to us (stop, yes, no, help)."
                  " Choose another one."), code="keyword.taken",
            )  # fmt: skip
        return keyword

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        company = cleaned.get("company") or (self.instance.company_id and self.instance.company)
        keyword = cleaned.get("keyword")
        others = CapturePoint.objects.filter(company=company or None, keyword=keyword).exclude(
            pk=self.instance.pk
        )
        if keyword and (other := others.first()):
            message = _("The capture point “%(other)s” of this company has this keyword.")
            self.add_error("keyword", ValidationError(message, code="keyword.used", params={"other": other}))
        for name in ("notice", "sender", "voice"):
            part = cleaned.get(name)
            if company and part and part.company_id != company.pk:
                self.add_error(
                    name, ValidationError(_("Choose one of the same company."), code="other_company")
                )
        return cleaned


class OfferFormSet(InlineFormSet):
    """Boxes of purposes of the point's own company."""

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            purpose = getattr(form, "cleaned_data", {}).get("purpose")
            if purpose and purpose.company_id != self.instance.company_id:
                form.add_error(
                    "purpose",
                    ValidationError(_("Choose a purpose of the same company."), code="other_company"),
                )
            elif purpose and self._is_of_others(purpose):
                message = _("Children have purposes of their own, which no other capture point asks for.")
                form.add_error("purpose", ValidationError(message, code="guardian.purpose"))

    def _is_of_others(self, purpose: Purpose) -> bool:
        """Whether a purpose is asked of children here and of adults elsewhere, or the other way round."""
        others = Offer.objects.filter(purpose=purpose).exclude(
            point__asks_guardian=self.instance.asks_guardian
        )
        return others.exists()


class OfferInline(ScopedInline):
    """The boxes."""

    model = Offer
    formset = OfferFormSet
    fields = [("purpose", "channel", "position")]
    verbose_name_plural = _("boxes: one for each purpose on each channel, all unticked")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else 2

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        purpose = formset.form.base_fields.get("purpose")
        if obj and purpose:
            purpose.queryset = purpose.queryset.filter(company=obj.company)  # type: ignore[attr-defined]
        return formset


class PosterInline(ScopedInline):
    """The places where its poster hangs."""

    model = Poster
    fields = ["name", "is_open"]
    can_delete = False  # whom it brought is still counted for it
    verbose_name_plural = _("posters that tell whom they brought: one for each place")
