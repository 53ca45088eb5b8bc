"""What auditors fill in: which records to draw, and what they found of one."""

import re
import secrets
from datetime import timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.admin.scoped import ModelForm
from consent.audits import drawing
from consent.models import AuditFinding, AuditSample

NUMBER = re.compile(r"\d(?:[ ().-]{0,2}\d){6}")


class SampleForm(ModelForm):
    """What to draw: how many records, of which days, by which seed."""

    class Meta:
        model = AuditSample
        fields = ("company", "first_day", "last_day", "asked", "seed")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        defaults = {"first_day": today - timedelta(days=365), "last_day": today, "asked": 50}
        for name, value in {**defaults, "seed": secrets.token_hex(6)}.items():
            self.fields[name].initial = value
        self.fields["asked"].validators += [MinValueValidator(1), MaxValueValidator(drawing.MOST)]
        self.fields["seed"].validators.append(
            RegexValidator(r"^[A-Za-z0-9-]+\Z", _("Letters from a to z, digits and hyphens."))
        )
        self.fields["seed"].help_text = _(
            "Any word. The same seed draws the same records again; take one that the company could not foresee."
        )

    def clean(self) -> dict[str, Any] | None:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and first > last:
            self.add_error("last_day", _("The last day comes before the first."))
        return cleaned


class FindingForm(forms.ModelForm):  # type: ignore[type-arg]
    """What an auditor says of a record."""

    class Meta:
        model = AuditFinding
        fields = ("verdict", "text")
        widgets = {
            "verdict": forms.RadioSelect,
            "text": forms.Textarea({"rows": 3, "class": "vLargeTextField"}),
        }
        help_texts = {"text": gettext_lazy("It is kept for good: write no name and no number.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["verdict"].choices = AuditFinding.Verdict.choices  # type: ignore[attr-defined]

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].strip()
        if NUMBER.search(text):
            raise forms.ValidationError(_("This looks like a phone number, and a finding is kept for good."))
        return text

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        verdict = cleaned.get("verdict")
        if verdict and verdict != AuditFinding.Verdict.IN_ORDER and not cleaned.get("text"):
            self.add_error("text", _("Say what you found."))
        return cleaned
