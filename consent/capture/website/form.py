"""The form as it is shown: crispy markup around what `reading` reads; it validates nothing by itself."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import phonenumbers
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Field, Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils.translation import gettext as _
from phonenumber_field.formfields import PhoneNumberField

from consent import guardian
from consent.capture.website import reading
from consent.errors import BadInput
from consent.wording import Statement


class ConsentForm(forms.Form):
    """One unticked box per purpose and channel, a number, and what is asked of who speaks for a child."""

    def __init__(
        self,
        statement: Statement,
        *,
        region: str,
        child: Mapping[str, forms.Field] | None = None,
        typed: Mapping[str, str] | None = None,
        problems: Sequence[BadInput] = (),
    ) -> None:
        super().__init__(data=typed, auto_id="id_%s")
        self.problems = problems
        boxes = [reading.field_name(box) for box in statement.boxes]
        for name, box in zip(boxes, statement.boxes, strict=True):
            widget = forms.CheckboxInput(attrs={"value": reading.TICKED}, check_test=_is_ticked)
            self.fields[name] = forms.BooleanField(
                label=box.label, help_text=box.hint, required=False, widget=widget
            )
        self.fields |= child or {}
        self.fields[reading.PHONE] = _phone_field(region, is_guardian=bool(child))
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True  # the render token is what protects this form
        self.helper.layout = Layout(
            Fieldset(
                "",
                *(Field(name, template="consent/website/box.html") for name in boxes),
                template="consent/website/boxes.html",
            ),
            *([Fieldset("", *_large(child), template="consent/website/child.html")] if child else []),
            Field(reading.PHONE, css_class="form-control-lg"),
        )

    def full_clean(self) -> None:
        """Show the problems that were found. Does NOT look for any."""
        self._errors = ErrorDict()
        self.cleaned_data: dict[str, Any] = {}
        for problem in self.problems:
            if problem.pointer in self.fields:
                self.add_error(problem.pointer, ValidationError(problem.message, code=problem.code))


def _large(names: Iterable[str]) -> list[Field]:
    return [Field(name, css_class="form-select-lg form-control-lg") for name in names]


def _is_ticked(value: object) -> bool:
    return value in (reading.TICKED, True)


def _phone_field(country: str, *, is_guardian: bool) -> PhoneNumberField:
    region = country if country in phonenumbers.SUPPORTED_REGIONS else None
    field = PhoneNumberField(
        region=region,
        label=guardian.ASKS_NUMBER if is_guardian else _("Your phone number"),
        help_text=_("With area code, such as %(example)s. From another country: with + and the country code.")
        % {"example": _example(region)},
    )
    field.widget.attrs |= {"autocomplete": "tel", "inputmode": "tel", "maxlength": 40}
    return field


def _example(region: str | None) -> str:
    """A number as people of a region write theirs; of another one where the region is unknown."""
    place = region or "US"
    mobile = phonenumbers.example_number_for_type(place, phonenumbers.PhoneNumberType.MOBILE)
    number = mobile or phonenumbers.example_number(place)
    assert number is not None, "phonenumbers has one for each region"
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, style.NATIONAL if region else style.INTERNATIONAL)
