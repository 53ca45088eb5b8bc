"""The fields of the form for whoever says yes for a child."""

from collections.abc import Mapping
from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from consent import guardian
from consent.vocabulary import Relation

LONGEST_DAY = 10  # characters of a day: 2015-06-14


def typed(fields: Mapping[str, str]) -> dict[str, str]:
    """What was answered, as far as a form may show it again: a relation of the list, and ten characters."""
    relation, born = fields.get(guardian.RELATION, ""), fields.get(guardian.BORN, "")
    is_shown = len(born) <= LONGEST_DAY and born.isprintable()
    chosen = {guardian.RELATION: relation} if relation in Relation.values else {}
    return chosen | ({guardian.BORN: born} if is_shown else {})


def fields(now: datetime) -> dict[str, forms.Field]:
    """The two fields, as they are shown; what comes back is read by `reading`."""
    choices = [("", _("Choose")), *Relation.choices]
    relation = forms.ChoiceField(label=guardian.ASKS_RELATION, choices=choices)
    born = forms.DateField(
        label=guardian.ASKS_BORN, widget=forms.DateInput(attrs={"type": "date", "max": f"{now:%Y-%m-%d}"})
    )
    return {guardian.RELATION: relation, guardian.BORN: born}
