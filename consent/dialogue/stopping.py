"""Letting go: a stop, from anybody, at any time, is a withdrawal, and is durable before it is answered."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from consent import history, linking, outbox, recording
from consent.contact import Contact
from consent.dialogue import heard as hearing
from consent.dialogue import questions, replies, settling
from consent.dialogue.heard import Heard
from consent.dialogue.saying import SaidAt
from consent.models import ConsentRecord, OutboundMessage, Purpose, Sender
from consent.recording import ConsentEvent, Recorded, Tell, tell_nobody
from consent.vocabulary import Category, Channel, Possession, State, StopScope


def withdraw_everything(
    *, sender: Sender, contact: Contact, method: str, reference: str, evidence: Mapping[str, Any],
    entity: str = "subject", said_at: SaidAt | None = None,
) -> Recorded:  # fmt: skip
    """Record a stop: a withdrawal for every purpose asked on this channel or by this sender, and for all
    others.

    A stop from a stranger is kept too. Never refused, never limited (LGPD art. 8 par. 5).
    """
    heard = hearing.hear(
        sender=sender, contact=contact, method=method, reference=reference, evidence=evidence, said_at=said_at
    )
    return withdraw(heard, entity=entity)


def withdraw(heard: Heard, *, entity: str, scope: str = StopScope.EVERYTHING) -> Recorded:
    """Record what `entity` tells of somebody as a withdrawal of everything, or of marketing alone."""
    return _withdraw(heard, _ended(heard, scope=scope), entity=entity)


def stop_all(
    *, sender: Sender, contact: Contact, method: str, reference: str, evidence: Mapping[str, Any], language: str = "",
    tell: Tell | None = None,
) -> Recorded:  # fmt: skip
    """Record a stop of everything on every channel, whatever was asked where: the key 0 of a call, in words; in the
    language it was said in, where that is known.

    Whoever hears the answer is told by it, and `tell` says what goes to those who do not.
    """
    heard = hearing.hear(
        sender=sender,
        contact=contact,
        method=method,
        reference=reference,
        evidence=evidence,
        language=language,
    )
    ended: Ended = {(channel, None): None for channel in Channel.values}
    if heard.subject is not None:
        ids = history.ids_of([heard.subject])[heard.subject]
        records = ConsentRecord.objects.filter(subject__in=ids, purpose__isnull=False)
        for record in records.select_related("purpose"):
            ended[record.channel, record.purpose_id] = record.purpose
    recorded = _withdraw(heard, ended, tell=tell or tell_nobody)
    outbox.expire(_messages_to(recorded.subject))
    return recorded


def stop(heard: Heard) -> str:
    """Act on a stop that somebody said; returns the one confirmation, or silence where they had stopped."""
    company = heard.sender.company
    ended = _ended(heard, scope=company.stop_scope)
    has_stopped = _stand_stopped(heard, ended)
    recorded = _withdraw(heard, ended)
    if has_stopped and recorded.is_new:
        return ""  # one answer to a stop, and no second one
    return replies.to_stop(company, channel=heard.sender.channel, act=recorded.act)


def take_back(heard: Heard, act: UUID) -> bool:
    """Act on a no under a question of `act`'s that waits no more: what it asked and they agreed to ends.

    Whether the question was theirs. To take a yes back is as easy as to give it (GDPR art. 7 par. 3).
    """
    if heard.subject is None:
        return False
    ids = history.ids_of([heard.subject])[heard.subject]
    asked = list(
        ConsentRecord.objects.filter(act=act, subject__in=ids, purpose__isnull=False).select_related(
            "purpose"
        )
    )
    given = history.given(history.standings(heard.subject, at=timezone.now()))
    ended: Ended = {
        (one.channel, one.purpose_id): one.purpose for one in asked if (one.channel, one.purpose_id) in given
    }
    if ended:
        more = {"answers": [questions.answered(act)]}
        _record(
            replace(heard, evidence={**heard.evidence, **more}), ended, entity="subject", tell=tell_nobody
        )
    return bool(asked)


def wrong_number(heard: Heard) -> str:
    """Act on the word that somebody else has the number now; returns the reply, the same for the same message.

    What the former holder agreed to stays theirs and reaches this number no more. Whoever wrote is a stranger, who
    gets nothing on any channel until they are asked.
    """
    company = heard.sender.company
    if settling.recorded_before(heard) is None:
        linking.part(company, heard.contact, cause="wrong_number", entity="subject")
        ended: Ended = {(channel, None): None for channel in Channel.values}
        _withdraw(replace(heard, subject=None), ended)
    return replies.to_wrong_number(company)


type Ended = dict[tuple[str, int | None], Purpose | None]


def _ended(heard: Heard, *, scope: str) -> Ended:
    """What a stop ends, by channel and purpose: what was asked on the channel or by this sender, and all else.

    Where the company limits a stop to marketing, what nobody asked about yet is every such purpose it has.
    """
    sender = heard.sender
    purposes = Purpose.objects.filter(company=sender.company, category=Category.MARKETING)
    asked: Ended = {}
    if scope == StopScope.MARKETING:
        asked = {(sender.channel, purpose.pk): purpose for purpose in purposes}
    is_limited = bool(asked)
    if not is_limited:
        asked = {(sender.channel, None): None}
    if heard.subject is not None:
        ids = history.ids_of([heard.subject])[heard.subject]
        records = ConsentRecord.objects.filter(subject__in=ids, purpose__isnull=False).select_related(
            "purpose"
        )
        ours = OutboundMessage.objects.filter(
            subject__in=ids, sender=sender, kind__in=questions.KINDS
        ).values("act")
        requests = questions.waiting(heard.subject).filter(act__in=ours).values("act")
        on_channel = Q(channel=sender.channel)
        if is_limited:
            on_channel &= Q(purpose__category=Category.MARKETING)
        for record in records.filter(on_channel | Q(act__in=requests)):
            asked[record.channel, record.purpose_id] = record.purpose
    return asked


def _withdraw(heard: Heard, ended: Ended, *, entity: str = "subject", tell: Tell = tell_nobody) -> Recorded:
    recorded = _record(heard, ended, entity=entity, tell=tell)
    outbox.expire(_messages_to(recorded.subject).filter(sender=heard.sender))
    return recorded


def _record(heard: Heard, ended: Ended, *, entity: str, tell: Tell) -> Recorded:
    return recording.record(
        *(
            ConsentEvent(
                company=heard.sender.company, contact=heard.contact, purpose=purpose, channel=channel,
                state=State.WITHDRAWN, notice=None, language=heard.language,
                event_time=heard.said_at.at, clock=heard.said_at.clock, method=heard.method,
                reference=heard.reference, evidence=heard.evidence, entity=entity, possession=Possession.INBOUND,
            )
            for (channel, _purpose), purpose in ended.items()
        ),
        tell=tell,
    )  # fmt: skip


def _messages_to(subject: UUID) -> QuerySet[OutboundMessage]:
    return OutboundMessage.objects.filter(subject__in=history.ids_of([subject])[subject])


def _stand_stopped(heard: Heard, ended: Ended) -> bool:
    """Whether the person's last word on everything that a stop ends was a stop already."""
    if heard.subject is None:
        return False
    standings = history.standings(heard.subject, at=timezone.now())
    return all(key in standings and standings[key].state == State.WITHDRAWN for key in ended)
