"""Text in every language of the product, kept in one column."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import get_language

from consent.vocabulary import Language, from_django_code


class Localized(dict[str, str]):
    """A text by language; `str()` is the text in the language now active."""

    def in_language(self, language: str) -> str:
        """The text in `language`, else in English, else in any language that has one."""
        return self.get(language) or self.get(Language.ENGLISH) or next(filter(None, self.values()), "")

    def __str__(self) -> str:
        return self.in_language(from_django_code(get_language() or settings.LANGUAGE_CODE))


class _Attribute(DeferredAttribute):
    """What is assigned as a plain mapping is a Localized when it is read, saved or not."""

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = Localized(value) if isinstance(value, dict) else value


class LocalizedField(models.JSONField):
    """A JSON column {language: text}; languages as in `Language`."""

    descriptor_class = _Attribute

    def __init__(self, *args: Any, long: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("default", Localized)
        self.long = long
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        loaded = super().from_db_value(value, expression, connection)
        return Localized(loaded) if isinstance(loaded, dict) else loaded

    def to_python(self, value: Any) -> Any:
        return Localized(value) if isinstance(value, dict) else value
