"""Asking people and understanding their answers, the same on every channel that can talk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import history, keywords, opening, outbox, receipts, recording, vault
from consent.canonical import moment
from consent.catalogue import Ask
from consent.contact import Contact
from consent.models import Act, ConsentRecord, ContactPoint, OutboundMessage, Purpose, Sender
from consent.recording import ConsentEvent, Recorded, Telling
from consent.vocabulary import Confirmation, Possession, State, django_code
from consent.wording import Box


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody said to a sender, with who it is and the language they speak."""

    sender: Sender
    contact: Contact
    method: str
    reference: str
    evidence: Mapping[str, Any]
    subject: UUID | None
    language: str


SENT = (OutboundMessage.State.SENT, OutboundMessage.State.DELIVERED, OutboundMessage.State.UNCERTAIN)


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
        return Telling(kind=OutboundMessage.Kind.ASK, sender=ask.sender, text=text % values)


def spaced(code: str) -> str:
    """A code as people read it: "1234 5678"."""
    return f"{code[:4]} {code[4:]}"


def answer(
    *, sender: Sender, contact: Contact, text: str, method: str, channel: str, reference: str,
    evidence: Mapping[str, Any],
) -> str:  # fmt: skip
    """Act on what somebody wrote to one of our senders; returns the reply, "" for silence.

    A stop is understood in every language at any time from anybody, and is durable when this returns. A yes
    or a no counts only as the answer to an open request that was sent from this sender. The same reference
    again changes nothing and gets the same reply.
    """
    subject = _subject_of(sender, contact)
    heard = Heard(
        sender, contact, method, f"{method}:{reference}", evidence, subject, _language_of(subject, sender)
    )
    with override(django_code(heard.language)):
        intent = keywords.interpret(text)
        if intent is keywords.Intent.STOP:
            return _stop(heard)
        before = _recorded_before(heard)
        if before is not None:
            return _reply_again(before, sender.company.name)
        requests = open_requests(subject, sender)
        code = keywords.code_in(text)
        if code is not None:
            requests = [act for act in requests if vault.code(act) == code]
        has_agreed = keywords.confirms_with_code(text) if code else intent is keywords.Intent.CONFIRM
        if requests and has_agreed:
            recorded = _settle(requests, State.GIVEN, heard, possession=Possession.REPLY)
            return _reply_to(State.GIVEN, recorded.act, sender.company.name) if recorded else ""
        if requests and intent is keywords.Intent.DENY:
            recorded = _settle(requests, State.REFUSED, heard, possession=Possession.REPLY)
            return _reply_to(State.REFUSED, recorded.act, sender.company.name) if recorded else ""
        return _small_talk(intent, sender, is_asked=bool(requests))


def _small_talk(intent: keywords.Intent, sender: Sender, *, is_asked: bool) -> str:
    """The reply to what changes nothing."""
    values = {"company": sender.company.name, "contact": sender.company.dpo_contact}
    if intent is keywords.Intent.HELP:
        return _("%(company)s: questions to %(contact)s. To stop all messages here, reply STOP.") % values
    if is_asked:
        return _("%(company)s: reply JOIN to accept or STOP to stop.") % values
    if intent in (keywords.Intent.START, keywords.Intent.CONFIRM):
        return _("%(company)s: nothing is waiting for your answer. Fill in our form to sign up.") % values
    return ""


def open_requests(subject: UUID | None, sender: Sender) -> list[UUID]:
    """The acts whose question was sent from this sender and still waits for an answer.

    An act whose own message is still held back counts too when it asks nothing that a sent one did not ask.
    """
    asked: dict[UUID, set[tuple[str, int | None, int | None]]] = {}
    for record in _waiting(subject).filter(point__sender=sender):
        asked.setdefault(record.act_id, set()).add((record.channel, record.purpose_id, record.notice_id))
    sent = set(
        OutboundMessage.objects.filter(
            act__in=asked, kind=OutboundMessage.Kind.ASK, state__in=SENT
        ).values_list("act", flat=True)
    )
    covered = set().union(*(asked[act] for act in sent))
    return [act for act, boxes in asked.items() if act in sent or boxes <= covered]


def _waiting(subject: UUID | None) -> QuerySet[ConsentRecord]:
    """The requests of a person that nobody answered and that are not too old to be answered."""
    not_before = timezone.now() - timedelta(hours=settings.OPTIN_ASK_TTL_HOURS)
    return ConsentRecord.objects.filter(
        uid__in=history.waiting(subject) if subject else (), recorded_at__gt=not_before
    ).order_by("arrival")


def confirm(
    act: UUID, *, possession: str, method: str, reference: str, evidence: Mapping[str, Any]
) -> Recorded | None:
    """Record that the person confirmed what an act requested; None when there is nothing to confirm any more.

    The same reference again is the same confirmation.
    """
    request = (
        ConsentRecord.objects.select_related("company", "point__sender__company").filter(act=act).first()
    )
    if request is None or request.point is None:
        return None
    try:
        contact = opening.contact_of(request.subject)
    except opening.Erased:
        return None
    if contact is None:
        return None
    sender = request.point.sender
    heard = Heard(
        sender, contact, method, f"{method}:{reference}", evidence, request.subject, request.language
    )
    return _recorded_before(heard) or _settle([act], State.GIVEN, heard, possession=possession)


def withdraw_everything(
    *, sender: Sender, contact: Contact, method: str, reference: str, evidence: Mapping[str, Any],
    entity: str = "subject",
) -> Recorded:  # fmt: skip
    """Record a stop: a withdrawal for every purpose asked on this channel or by this sender, and for all
    others.

    A stop from a stranger is kept too. Never refused, never limited (LGPD art. 8 par. 5).
    """
    subject = _subject_of(sender, contact)
    heard = Heard(
        sender, contact, method, f"{method}:{reference}", evidence, subject, _language_of(subject, sender)
    )
    return _withdraw(heard, entity=entity)


def _withdraw(heard: Heard, *, entity: str = "subject") -> Recorded:
    sender = heard.sender
    now = timezone.now()
    asked: dict[tuple[str, int | None], Purpose | None] = {(sender.channel, None): None}
    if heard.subject is not None:
        records = ConsentRecord.objects.filter(subject=heard.subject, purpose__isnull=False).select_related(
            "purpose"
        )
        requests = _waiting(heard.subject).filter(point__sender=sender).values("act")
        for record in records.filter(Q(channel=sender.channel) | Q(act__in=requests)):
            asked[record.channel, record.purpose_id] = record.purpose
    recorded = recording.record(
        *(
            ConsentEvent(
                company=sender.company, contact=heard.contact, purpose=purpose, channel=channel,
                state=State.WITHDRAWN, notice=None, language=heard.language, event_time=now,
                method=heard.method, reference=heard.reference, evidence=heard.evidence, entity=entity,
                possession=Possession.INBOUND,
            )
            for (channel, _purpose), purpose in asked.items()
        )
    )  # fmt: skip
    outbox.expire(OutboundMessage.objects.filter(subject=recorded.subject, sender=sender))
    return recorded


def _stop(heard: Heard) -> str:
    has_stopped = _stands_stopped(heard)
    recorded = _withdraw(heard)
    if has_stopped and recorded.is_new:
        return ""  # one answer to a stop, and no second one
    return _reply_to(State.WITHDRAWN, recorded.act, heard.sender.company.name)


def _stands_stopped(heard: Heard) -> bool:
    """Whether the person's last word on this sender's channel was a stop already."""
    if heard.subject is None:
        return False
    standings = history.standings(heard.subject, at=timezone.now())
    on_channel = [
        standing.state for (channel, _p), standing in standings.items() if channel == heard.sender.channel
    ]
    return bool(on_channel) and set(on_channel) == {State.WITHDRAWN}


def _recorded_before(heard: Heard) -> Recorded | None:
    """What the same message recorded before; its reply was lost on the way."""
    reference = vault.reference_key(heard.sender.company_id, heard.reference)
    act = Act.objects.filter(reference=reference).first()
    if act is None:
        return None
    records = act.records.order_by("arrival").values_list("uid", flat=True)
    return Recorded(act.pk, act.subject, tuple(records), is_new=False)


def _reply_again(recorded: Recorded, company: str) -> str:
    states = ConsentRecord.objects.filter(uid=recorded.records[0]).values_list("state", flat=True)
    return _reply_to(states[0], recorded.act, company)


def _reply_to(state: str, act: UUID, company: str) -> str:
    if state == State.GIVEN:
        return receipts.short_text(act, company)
    if state == State.REFUSED:
        return _("%(company)s: understood, you will not get these messages.") % {"company": company}
    return _("%(company)s: done. You will get no more messages here. To come back, fill in our form.") % {
        "company": company
    }


def _settle(acts: Sequence[UUID], state: State, heard: Heard, *, possession: str) -> Recorded | None:
    """Record one answer to all the requests of some acts, as one act."""
    requests = _waiting(heard.subject).filter(act__in=acts)
    requested = list(requests.select_related("company", "purpose", "notice", "point"))
    if not requested:
        return None
    now = timezone.now()
    evidence = {**heard.evidence, "answers": [_question(act) for act in acts]}
    # Asked twice is answered once.
    boxes = {(request.channel, request.purpose_id): request for request in requested}
    recorded = recording.record(
        *(
            ConsentEvent(
                company=request.company, contact=heard.contact, purpose=request.purpose,
                channel=request.channel, state=state, notice=request.notice, language=request.language,
                event_time=now, method=request.method, reference=heard.reference, evidence=evidence,
                possession=possession, point=request.point,
            )
            for request in boxes.values()
        )
    )  # fmt: skip
    outbox.expire(OutboundMessage.objects.filter(act__in=acts))
    if state == State.GIVEN:
        outbox.release(heard.contact)
    return recorded


def _question(act: UUID) -> dict[str, str]:
    """Which question an answer answers: the act, the words of its message, and when it left."""
    message = OutboundMessage.objects.filter(act=act, kind=OutboundMessage.Kind.ASK).first()
    if message is None:
        return {"act": str(act)}
    asked_at = moment(message.sent_at) if message.sent_at else ""
    return {"act": str(act), "question": str(opening.message_content(message)["text"]), "asked_at": asked_at}


def _subject_of(sender: Sender, contact: Contact) -> UUID | None:
    return (
        ContactPoint.objects.filter(lookup=vault.lookup(sender.company_id, contact))
        .values_list("subject", flat=True)
        .first()
    )


def _language_of(subject: UUID | None, sender: Sender) -> str:
    """The language the person last used with the company, else the company's first language."""
    last = ConsentRecord.objects.filter(subject=subject).order_by("-arrival").first() if subject else None
    return last.language if last else sender.company.language
