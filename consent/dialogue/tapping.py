"""What people tap instead of writing: reply buttons, a WhatsApp Flow, and the approved text around them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import wording
from consent.catalogue import Ask
from consent.dialogue import payloads
from consent.dialogue.payloads import Payload
from consent.models import MessageTemplate, Sender
from consent.outgoing import Button, Template
from consent.recording import Telling
from consent.vocabulary import Channel, django_code

LONGEST_TEXT = 1024  # characters above buttons; a longer text goes without, and is answered in words
# Meta's codes of our languages.
CODES = {"en": "en", "es": "es", "pt-BR": "pt_BR"}


@dataclass(frozen=True, slots=True)
class Question:
    """What an act asked somebody, by a sender, in a language, under a notice (digest, hex)."""

    ask: Ask
    sender: Sender
    act: UUID
    notice: str
    language: str

    def button(self, answer: str, title: str) -> Button:
        return Button(payloads.write(Payload(self.act, self.notice, answer)), title)


def titles(language: str) -> dict[str, str]:
    """What the buttons say, by their answer: at most 20 characters, each another one."""
    with override(django_code(language)):
        return {"yes": _("Yes, I accept"), "no": _("No, thanks"), "stop": _("Stop messages")}


def fits(text: str) -> bool:
    """Whether a text is short enough to have buttons under it."""
    return len(text) <= LONGEST_TEXT


def buttons(question: Question) -> tuple[Button, ...]:
    """The three buttons under a question."""
    return tuple(question.button(answer, title) for answer, title in titles(question.language).items())


def under(text: str, question: Question, *, kind: str) -> Telling:
    """A question to somebody who has just written, with buttons or the capture point's Flow under it."""
    telling = Telling(kind=kind, sender=question.sender, text=text)
    if question.sender.channel != Channel.WHATSAPP or not fits(text):
        return telling
    if flow := question.ask.point.flow:
        with override(django_code(question.language)):
            opener = question.button("yes", _("Answer now"))
        return replace(telling, buttons=(opener,), flow=flow)
    return replace(telling, buttons=buttons(question))


def approved(question: Question, values: Mapping[str, str], *, kind: str) -> Telling | None:
    """A question in words that were approved, with the values in them; None where there are none. One query.

    It may go to anybody, whenever they wrote last.
    """
    template = template_of(question.ask, question.sender, kind=kind, language=question.language)
    if template is None:
        return None
    text, sent = _filled(template, values)
    return Telling(kind=kind, sender=question.sender, text=text, buttons=buttons(question), template=sent)


def in_approved_words(
    telling: Telling, ask: Ask, values: Mapping[str, str], *, kind: str, language: str
) -> Telling:
    """The same message, where WhatsApp carries it, in words that were approved for it; else as it is. One query."""
    template = template_of(ask, telling.sender, kind=kind, language=language)
    if template is None:
        return telling
    text, sent = _filled(template, values)
    return replace(telling, text=text, template=sent)


def in_filled_words(
    text: str, sender: Sender, values: Mapping[str, str], *, kind: str, language: str
) -> tuple[str, Template | None]:
    """What is said of no capture point: in words that were approved where WhatsApp carries it, else as it is. One
    query.
    """
    template = template_of(None, sender, kind=kind, language=language)
    return _filled(template, values) if template else (text, None)


def template_of(ask: Ask | None, sender: Sender, *, kind: str, language: str) -> MessageTemplate | None:
    """The approved words of a sender of a kind (MessageTemplate.Kind), of a capture point or of none; None where there
    are none or none are needed.
    """
    if sender.channel != Channel.WHATSAPP:
        return None
    found = MessageTemplate.objects.filter(
        Q(point=ask.point if ask else None) | Q(point=None), sender=sender, kind=kind, language=language
    )
    # The capture point's own before the one for all.
    return found.order_by(F("point").asc(nulls_last=True)).first()


def _filled(template: MessageTemplate, values: Mapping[str, str]) -> tuple[str, Template]:
    """What the person reads, and what leaves."""
    names = wording.placeholders_in_order(template.body)
    code = template.code or CODES[template.language]
    filled = wording.fill(template.body, dict(values))
    return filled, Template(template.name, code, tuple(values.get(name, "") for name in names))
