"""Asking whoever agreed before whether they still do: time runs out, or the notice means something else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import inbound, outbox, recording, vault
from consent.catalogue import Ask
from consent.contact import Contact
from consent.dialogue import inviting, questions, tapping
from consent.dialogue.tapping import Question
from consent.models import MessageTemplate, OutboundMessage, Sender
from consent.recording import ConsentEvent, Recorded, Telling
from consent.vocabulary import Channel, State, django_code
from consent.wording import statement

Kind = OutboundMessage.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What somebody is asked once more: a capture point cut to the boxes it is about, from a sender, in a language.

    `kind` is RENEW, with the moment `ends_at` at which what they agreed to ends by itself; or AGAIN, with the moment
    at which the company ends it where nobody answers, if it does. `source` is what the same question is known by.
    """

    ask: Ask
    sender: Sender
    language: str
    kind: str
    source: str
    ends_at: datetime | None = None


def can_say(sender: Sender, contact: Contact, *, kind: str, language: str, ask: Ask | None = None) -> bool:
    """Whether a sender may begin to speak of this: on WhatsApp only with an approved text, or within a day of
    what they wrote. Two queries at most.
    """
    if sender.channel != Channel.WHATSAPP:
        return sender.channel == Channel.SMS
    now = timezone.now()
    if inbound.wrote_since(sender, vault.number_key(contact), now - outbox.WINDOW):
        return True
    return tapping.template_of(ask, sender, kind=kind, language=language) is not None


def renew(again: Again, contact: Contact, *, evidence: Mapping[str, Any]) -> Recorded:
    """Request once more what stands, and queue the question; what stands goes on until it is answered.

    The answer, whenever it comes while the question is open, is a record of its own under the notice of today. The
    same `source` again changes nothing.
    """
    ask = again.ask
    assert ask.version is not None, "nobody is asked before the notice is published"
    version = ask.version
    shown = statement(ask, version, again.language)
    whole = {**evidence, **shown.evidence(version)}
    return recording.record(
        *(
            ConsentEvent(
                company=ask.company, contact=contact, purpose=offer.purpose, channel=offer.channel,
                state=State.REQUESTED, notice=version, language=again.language, event_time=timezone.now(),
                method=again.sender.channel, reference=again.source, evidence=whole, entity="company",
                point=ask.point,
            )
            for offer in ask.offers
        ),
        tell=lambda act: [_telling(again, Question(ask, again.sender, act, version.digest, again.language))],
    )  # fmt: skip


def _telling(again: Again, question: Question) -> Telling:
    ask = again.ask
    assert ask.version is not None, "checked before"
    values = {"company": ask.company.name, "link": questions.link(question.act, ask.company)}
    with override(django_code(again.language)):
        shown = statement(ask, ask.version, again.language, wording="message")
        values["boxes"] = "; ".join(box.label for box in shown.boxes)
        values["day"] = _day(again)
        if again.kind == Kind.RENEW:
            text = _(
                "%(company)s: your yes to %(boxes)s ends on %(day)s. To keep it, reply JOIN or open %(link)s To stop"
                " now, reply STOP."
            )
        else:
            text = "\n\n".join([_lead(again), inviting.words(shown).replace("%", "%%"), "%(link)s"])
    approved = tapping.approved(question, values, kind=MessageTemplate.Kind(again.kind))
    return approved or tapping.under(text % values, question, kind=again.kind)


def _lead(again: Again) -> str:
    if again.ends_at is None:
        return _(
            "%(company)s: you agreed to our messages, and what we would like to do has changed. What you agreed to"
            " before stays as it is until you answer."
        )
    return _(
        "%(company)s: you agreed to our messages, and what we would like to do has changed. Without your answer they"
        " end on %(day)s."
    )


def _day(again: Again) -> str:
    if again.ends_at is None:
        return ""
    there = timezone.localtime(again.ends_at, ZoneInfo(again.ask.company.time_zone))
    return date_format(there, "SHORT_DATE_FORMAT")
