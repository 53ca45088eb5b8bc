"""What is typed into one line is one: a name also becomes the subject of an e-mail and part of an SMS."""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# They turn around how what stands beside them is read (Unicode UAX #9). Marks that emoji and scripts need are none.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WRONG = _("Write this on one line, without characters that nobody sees.")


def check(text: str) -> None:
    """Raise ValidationError for line breaks, other control characters, and what turns a line around."""
    if any(letter in _TURNING or unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in str(text)):
        raise ValidationError(_WRONG, code="not_one_line")


def hold(field: forms.Field | None) -> None:
    """Have a form's field refuse what is not one line, where it is typed into one."""
    if isinstance(field, forms.CharField) and isinstance(field.widget, forms.TextInput):
        field.validators.append(check)
