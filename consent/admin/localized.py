"""Typing a text in every language: one input for each."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consent.admin import one_line
from consent.models import Localized
from consent.vocabulary import Language


class LocalizedWidget(forms.MultiWidget):
    """One input for each language, labelled with the language's own name."""

    use_fieldset = True

    def __init__(self, *, long: bool = False) -> None:
        classes = "vLargeTextField" if long else "vTextField"
        kind: type[forms.Widget] = forms.Textarea if long else forms.TextInput
        rows = {"rows": 3} if long else {}
        super().__init__(
            {
                name: kind({"class": classes, "lang": code, "dir": "auto", **rows})
                for code, name in zip(Language.values, _input_names(), strict=True)
            }
        )

    def decompress(self, value: Any) -> list[str]:
        texts: Mapping[str, str] = value if isinstance(value, Mapping) else {}
        return [texts.get(code, "") for code in Language.values]

    def get_context(self, name: str, value: Any, attrs: Mapping[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, dict(attrs) if attrs else None)
        for subwidget, language in zip(context["widget"]["subwidgets"], Language.labels, strict=True):
            subwidget["label"] = language
        return context

    def _render(self, template_name: str, context: Mapping[str, Any], renderer: Any = None) -> SafeString:
        draw = super()._render  # type: ignore[misc]
        inputs = [
            {**subwidget, "html": draw(subwidget["template_name"], {"widget": subwidget}, renderer)}
            for subwidget in context["widget"]["subwidgets"]
        ]
        # Forms look for templates in installed apps only; ours lie with the project's.
        return render_to_string("consent/admin/localized_widget.html", {"inputs": inputs})


class LocalizedField(forms.MultiValueField):
    """A text in every language of the product; none may be left out, since every ask speaks all of them."""

    def __init__(self, *, long: bool = False, **kwargs: Any) -> None:
        checks = [] if long else [one_line.check]
        fields = [
            forms.CharField(strip=True, max_length=1000 if long else 120, validators=checks)
            for _code in Language.values
        ]
        super().__init__(fields, widget=LocalizedWidget(long=long), require_all_fields=False, **kwargs)

    def clean(self, value: Any) -> Localized:
        texts = [str(text or "").strip() for text in (value or [""] * len(self.fields))]
        missing = [name for name, text in zip(Language.labels, texts, strict=True) if not text]
        if missing:
            raise ValidationError(
                _("Write this in every language. Missing: %(languages)s."),
                code="required",
                params={"languages": ", ".join(missing)},
            )
        for field, text in zip(self.fields, texts, strict=True):
            field.clean(text)
        return Localized(zip(Language.values, texts, strict=True))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.widget.decompress(initial) != [str(text or "").strip() for text in data])


def _input_names() -> list[str]:
    return [code.lower().replace("-", "_") for code in Language.values]
