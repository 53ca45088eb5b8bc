"""The question to a number that was typed at a counter, where no page waits for a code."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import dialogue
from consent.catalogue import Ask
from consent.recording import Telling
from consent.vocabulary import Confirmation, django_code
from consent.wording import Box


def asking(ask: Ask, boxes: Sequence[Box], language: str, act: UUID) -> Telling:
    """The question, by the way of the capture point; a link where it asks for a code."""
    way = ask.point.confirmation
    asked = dialogue.asking(
        ask, boxes, language, act, by=Confirmation.LINK if way == Confirmation.CODE else way
    )
    if way != Confirmation.REPLY or asked.template:
        return asked
    with override(django_code(language)):
        text = _("%(company)s: to get %(boxes)s, reply JOIN. Not you? Reply STOP.")
        names = "; ".join(box.label for box in boxes)
        return replace(asked, text=text % {"company": ask.company.name, "boxes": names})
