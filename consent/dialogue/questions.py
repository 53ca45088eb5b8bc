"""The questions people are asked, and which of them still wait for an answer."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import history, opening, vault
from consent.canonical import moment
from consent.catalogue import Ask
from consent.dialogue import tapping
from consent.dialogue.tapping import Question
from consent.models import ConsentRecord, OutboundMessage, Sender
from consent.recording import Telling
from consent.vocabulary import Confirmation, django_code
from consent.wording import Box

State = OutboundMessage.State

KINDS = (OutboundMessage.Kind.ASK, OutboundMessage.Kind.INVITE)
SENT = (State.SENT, State.DELIVERED, State.UNCERTAIN)


def asking(ask: Ask, boxes: Sequence[Box], language: str, act: UUID) -> Telling:
    """The message that asks the holder of a typed number to confirm what was ticked."""
    with override(django_code(language)):
        values = {
            "company": ask.company.name,
            "boxes": "; ".join(box.label for box in boxes),
            "code": spaced(vault.code(act)),
        }
        if ask.point.confirmation == Confirmation.CODE:
            text = _(
                "%(company)s: to get %(boxes)s, type the code %(code)s on the page. Not you? Reply STOP."
            )
        else:
            text = _(
                "%(company)s: to get %(boxes)s, reply JOIN. Code for the page: %(code)s. Not you? Reply STOP."
            )
    assert ask.version is not None, "nobody is asked before the notice is published"
    question = Question(ask, ask.sender, act, ask.version.digest, language)
    kind = OutboundMessage.Kind.ASK
    return tapping.approved(question, values, kind=kind) or tapping.under(text % values, question, kind=kind)


def spaced(code: str) -> str:
    """A code as people read it: "1234 5678"."""
    return f"{code[:4]} {code[4:]}"


def open_requests(subject: UUID | None, sender: Sender) -> list[UUID]:
    """The acts whose question was sent from this sender and still waits for an answer.

    An act whose own message is still held back counts too when it asks nothing that a sent one did not ask.
    """
    asked: dict[UUID, set[tuple[str, int | None, int | None]]] = {}
    for record in waiting(subject):
        asked.setdefault(record.act_id, set()).add((record.channel, record.purpose_id, record.notice_id))
    questions = OutboundMessage.objects.filter(act__in=asked, sender=sender, kind__in=KINDS)
    states = dict(questions.values_list("act", "state"))
    covered = set().union(*(asked[act] for act, state in states.items() if state in SENT))
    return [
        act for act, boxes in asked.items() if act in states and (states[act] in SENT or boxes <= covered)
    ]


def waiting(subject: UUID | None) -> QuerySet[ConsentRecord]:
    """The requests of a person that nobody answered and that are not too old to be answered."""
    not_before = timezone.now() - timedelta(hours=settings.OPTIN_ASK_TTL_HOURS)
    return ConsentRecord.objects.filter(
        uid__in=history.waiting(subject) if subject else (), recorded_at__gt=not_before
    ).order_by("arrival")


def answered(act: UUID) -> dict[str, str]:
    """Which question an answer answers: the act, the words of its message, and when it left."""
    message = OutboundMessage.objects.filter(act=act, kind__in=KINDS).first()
    if message is None:
        return {"act": str(act)}
    asked_at = moment(message.sent_at) if message.sent_at else ""
    return {"act": str(act), "question": str(opening.message_content(message)["text"]), "asked_at": asked_at}
