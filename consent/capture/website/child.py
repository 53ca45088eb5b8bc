"""What the form asks whoever says yes for a child, in words that the evidence keeps."""

from collections.abc import Mapping
from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from consent import guardian
from consent.vocabulary import Relation

LONGEST_DAY = 10  # characters of a day: 2015-06-14

ASKED = _("You say yes for a child")
# What is collected, what for, and how to end it, in plain words (LGPD art. 14 par. 2 and 6).
NOTE = _(
    "Only a parent or legal guardian can do this, with their own phone: our messages go to you, never to the child."
    " Say yes only if it is good for the child. The yes ends by the time the child is 18, and you can stop it before,"
    " at any time, like any other. Of the day of birth we keep only the day the child comes of age."
)
RELATION = _("What you are to the child")
BORN = _("The child's day of birth")


def typed(fields: Mapping[str, str]) -> dict[str, str]:
    """What was answered, as far as a form may show it again: a relation of the list, and ten characters."""
    relation, born = fields.get(guardian.RELATION, ""), fields.get(guardian.BORN, "")
    is_shown = len(born) <= LONGEST_DAY and born.isprintable()
    chosen = {guardian.RELATION: relation} if relation in Relation.values else {}
    return chosen | ({guardian.BORN: born} if is_shown else {})


def fields(now: datetime) -> dict[str, forms.Field]:
    """The two fields, as they are shown; what comes back is read by `reading`."""
    choices = [("", _("Choose")), *Relation.choices]
    relation = forms.ChoiceField(label=RELATION, choices=choices)
    born = forms.DateField(
        label=BORN, widget=forms.DateInput(attrs={"type": "date", "max": f"{now:%Y-%m-%d}"})
    )
    return {guardian.RELATION: relation, guardian.BORN: born}
