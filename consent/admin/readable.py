"""What the database keeps as JSON, in words for whoever may only read a page."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from consent.models import Localized
from consent.vocabulary import Language

LANGUAGES = dict(Language.choices)


def fields(row: Model, names: Iterable[Any]) -> list[Any]:
    """The fields of a row's page; those that are texts by language or lists become columns of words."""
    return [
        fields(row, name)
        if isinstance(name, list | tuple)
        else _field(row, name)
        if isinstance(name, str)
        else name
        for name in names
    ]


def _field(row: Model, name: str) -> str | Callable[[Any], Any]:
    try:
        field: Any = row._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    value = getattr(row, name)
    if not isinstance(value, Localized | list):
        return name
    text = (
        _texts(value)
        if isinstance(value, Localized)
        else ", ".join(str(LANGUAGES.get(one) or one) for one in value)
    )

    @admin.display(description=field.verbose_name)
    def shown(_row: Model) -> Any:
        return text or "–"

    shown.__name__ = name  # the page names its row after it
    return shown


def _texts(value: Localized) -> SafeString:
    spoken = [(code, name, value[code]) for code, name in LANGUAGES.items() if value.get(code)]
    texts = format_html_join("", '<li lang="{0}"><span class="quiet">{1}:</span> {2}</li>', spoken)
    return format_html('<ul class="texts">{}</ul>', texts)
