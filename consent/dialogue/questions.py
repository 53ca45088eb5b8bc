"""The questions people are asked, and which of them still wait for an answer."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import history, http, opening, vault
from consent.canonical import moment
from consent.catalogue import Ask
from consent.dialogue import tapping
from consent.dialogue.tapping import Question
from consent.models import Company, ConsentRecord, OutboundMessage, Sender
from consent.recording import Telling
from consent.vocabulary import Confirmation, django_code
from consent.wording import Box, statement

State = OutboundMessage.State

# What asks whoever agreed before: they may take their time.
PATIENT = (OutboundMessage.Kind.RENEW, OutboundMessage.Kind.AGAIN)
PATIENCE = timedelta(days=30)
KINDS = (OutboundMessage.Kind.ASK, OutboundMessage.Kind.INVITE, *PATIENT)
SENT = (State.SENT, State.DELIVERED, State.UNCERTAIN)


def asking(
    ask: Ask, boxes: Sequence[Box], language: str, act: UUID, *, by: str | None = None, has_page: bool = False
) -> Telling:  # fmt: skip
    """The message or call that asks the holder of a number to confirm what was ticked, `by` a way of
    `Confirmation`: the one of the capture point where none is named.

    A code is of use only where the method `has_page` that takes it; elsewhere a link asks instead.
    """
    way = by or ask.point.confirmation
    if way == Confirmation.CODE and not has_page:
        way = Confirmation.LINK
    if way == Confirmation.CALL:
        return _calling(ask, boxes, language)
    with override(django_code(language)):
        values = {
            "company": ask.company.name,
            "boxes": "; ".join(box.label for box in boxes),
            "code": spaced(vault.code(act)),
            "link": link(act, ask.company),
        }
        if way == Confirmation.CODE:
            text = _(
                "%(company)s: to get %(boxes)s, type the code %(code)s on the page. Not you? Reply STOP."
            )
        elif way == Confirmation.LINK:
            text = _("%(company)s: to get %(boxes)s, confirm here: %(link)s Not you? Reply STOP.")
        elif not has_page:
            text = _("%(company)s: to get %(boxes)s, reply JOIN. Not you? Reply STOP.")
        else:
            text = _(
                "%(company)s: to get %(boxes)s, reply JOIN. Code for the page: %(code)s. Not you? Reply STOP."
            )
    assert ask.version is not None, "nobody is asked before the notice is published"
    question = Question(ask, ask.sender, act, ask.version.digest, language)
    kind = OutboundMessage.Kind.ASK
    return tapping.approved(question, values, kind=kind) or tapping.under(text % values, question, kind=kind)


def _calling(ask: Ask, boxes: Sequence[Box], language: str) -> Telling:
    """The call that asks, with every word it says, so that these words are asked whatever is published meanwhile."""
    assert ask.version is not None, "nobody is asked before the notice is published"
    assert ask.point.voice is not None, "a capture point that calls has a number to call from"
    ticked = Ask(ask.point, tuple(box.offer for box in boxes), ask.version)
    with override(django_code(language)):
        why = _("We call to confirm your number: somebody, we think you, asked %(company)s to contact it.")
        text = statement(ticked, ask.version, language, wording="spoken").text
        text = f"{why % {'company': ask.company.name}}\n\n{text}"
    call = reverse("twilio-voice")
    return Telling(kind=OutboundMessage.Kind.ASK, sender=ask.point.voice, text=text, call=call)


def link(act: UUID, company: Company) -> str:
    """The unguessable address of the page on which the holder of a number confirms an act, absolute."""
    token = vault.act_token(act, use="link")
    return f"{settings.OPTIN_PUBLIC_URL}{http.address('confirmation', company.slug, token=token)}"


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
    now = timezone.now()
    not_before = now - timedelta(hours=settings.OPTIN_ASK_TTL_HOURS)
    patient = OutboundMessage.objects.filter(
        subject__in=[subject] if subject else [], kind__in=PATIENT, created_at__gt=now - PATIENCE
    ).values("act")
    return ConsentRecord.objects.filter(
        Q(recorded_at__gt=not_before) | Q(act__in=patient),
        uid__in=history.waiting(subject) if subject else (),
    ).order_by("arrival")


def is_patient(act: UUID) -> bool:
    """Whether an act asked somebody who had agreed before."""
    return OutboundMessage.objects.filter(act=act, kind__in=PATIENT).exists()


def waiting_request(act: UUID) -> ConsentRecord | None:
    """The first request of an act while it waits for an answer; None afterwards."""
    request = ConsentRecord.objects.filter(act=act).order_by("arrival").first()
    if request is None:
        return None
    requests = waiting(request.subject).filter(act=act)
    return requests.select_related("company", "notice", "point__sender", "point__voice").first()


def answered(act: UUID) -> dict[str, str]:
    """Which question an answer answers: the act, the words of its message with their digest, and when it left."""
    message = OutboundMessage.objects.filter(act=act, kind__in=KINDS).first()
    if message is None:
        return {"act": str(act)}
    asked_at = moment(message.sent_at) if message.sent_at else ""
    question = str(opening.message_content(message)["text"])
    return {
        "act": str(act),
        "question": question,
        "question_digest": hashlib.sha256(question.encode()).hexdigest(),
        "question_id": message.provider_id,
        "asked_at": asked_at,
    }
