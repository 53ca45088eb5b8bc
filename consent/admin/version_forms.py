"""The form of a notice's version: one text for each wording and language."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from consent.admin.checked import field_name
from consent.admin.scoped import ModelForm
from consent.models import NoticeVersion
from consent.vocabulary import Language

WORDINGS = {
    "screen": gettext_lazy("On the screen: website and app"),
    "message": gettext_lazy("As a message: SMS and WhatsApp"),
    "spoken": gettext_lazy("Spoken: calls"),
    "paper": gettext_lazy("On paper"),
}


def _inputs() -> dict[str, tuple[str, str]]:
    return {field_name(kind, language): (kind, language) for kind in WORDINGS for language in Language.values}


class VersionForm(ModelForm):
    """What a version says."""

    class Meta:
        model = NoticeVersion
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (kind, language) in _inputs().items():
            self.fields[name].initial = self.instance.wordings.get(language, {}).get(kind, "")

    def _post_clean(self) -> None:
        self.instance.wordings = wordings_of(self.cleaned_data)
        super()._post_clean()  # type: ignore[misc]


def _text(kind: str, language: str) -> forms.CharField:
    attrs = {"rows": 4 if kind == "message" else 10, "lang": language, "class": "vLargeTextField notice-text"}
    label = Language(language).label
    return forms.CharField(label=label, required=False, max_length=10_000, widget=forms.Textarea(attrs))


for _name, (_kind, _language) in _inputs().items():
    VersionForm.base_fields[_name] = VersionForm.declared_fields[_name] = _text(_kind, _language)


def wordings_of(data: Any) -> dict[str, dict[str, str]]:
    """What typed texts make together: {language: {wording: text}}, without the empty ones."""
    found: dict[str, dict[str, str]] = {language: {} for language in Language.values}
    for name, (kind, language) in _inputs().items():
        text = str(data.get(name) or "").replace("\r\n", "\n").strip()
        if text:
            found[language][kind] = text
    return found
