"""What the person behind a sheet is told: what was registered, for whom, where, and how to undo it if it is wrong."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import dialogue, receipts
from consent.catalogue import Ask
from consent.models import MessageTemplate, OutboundMessage
from consent.recording import Telling
from consent.vocabulary import Channel, Confirmation, django_code
from consent.wording import Box


def telling(ask: Ask, boxes: Sequence[Box], language: str, act: UUID, *, signed_on: date) -> Telling:
    """The message of one act; under the capture point's policy it also asks, and the yes waits for the answer.

    A code is of no use here, where no page waits for it: a link asks instead.
    """
    way = ask.point.confirmation
    with override(django_code(language)):
        values = {
            "company": ask.company.name,
            "boxes": "; ".join(box.label for box in boxes),
            "day": date_format(signed_on, "SHORT_DATE_FORMAT"),
            "receipt": receipts.address(act),
            "link": dialogue.link(act, ask.company),
        }
        if way == Confirmation.NONE:
            text = _(
                "%(company)s: the form you signed on %(day)s is registered: %(boxes)s. See it: %(receipt)s"
                " Is it wrong? Reply STOP."
            )
            told = Telling(kind=OutboundMessage.Kind.RECEIPT, sender=ask.sender, text=text % values)
            return dialogue.in_approved_words(
                told, ask, values, kind=MessageTemplate.Kind.PAPER, language=language
            )
        if way == Confirmation.REPLY:
            text = _(
                "%(company)s: you signed a form on %(day)s for %(boxes)s. Reply JOIN to confirm it."
                " Is it wrong? Reply STOP."
            )
        else:
            text = _(
                "%(company)s: you signed a form on %(day)s for %(boxes)s. Confirm it here: %(link)s"
                " Is it wrong? Reply STOP."
            )
    asking = dialogue.asking(ask, boxes, language, act)
    # A call says its own words, and WhatsApp lets only approved ones through.
    return asking if asking.call or asking.template else replace(asking, text=text % values)


def kind_of_template(ask: Ask) -> str:
    """Which approved words a sheet's person is told in on WhatsApp: a MessageTemplate.Kind."""
    is_told = ask.point.confirmation == Confirmation.NONE
    return MessageTemplate.Kind.PAPER if is_told else MessageTemplate.Kind.ASK


def needs_a_template(ask: Ask, language: str) -> bool:
    """Whether nobody would be told in this language unless they wrote on WhatsApp within a day."""
    if ask.sender.channel != Channel.WHATSAPP or ask.point.confirmation == Confirmation.CALL:
        return False
    return dialogue.template_of(ask, ask.sender, kind=kind_of_template(ask), language=language) is None
