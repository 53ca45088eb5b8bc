"""Letting go: a stop, from anybody, at any time, is a withdrawal, and is durable before it is answered."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils import timezone

from consent import history, outbox, recording
from consent.contact import Contact
from consent.dialogue import heard as hearing
from consent.dialogue import questions, replies
from consent.dialogue.heard import Heard
from consent.models import ConsentRecord, OutboundMessage, Purpose, Sender
from consent.recording import ConsentEvent, Recorded
from consent.vocabulary import Possession, State


def withdraw_everything(
    *, sender: Sender, contact: Contact, method: str, reference: str, evidence: Mapping[str, Any],
    entity: str = "subject",
) -> Recorded:  # fmt: skip
    """Record a stop: a withdrawal for every purpose asked on this channel or by this sender, and for all
    others.

    A stop from a stranger is kept too. Never refused, never limited (LGPD art. 8 par. 5).
    """
    heard = hearing.hear(
        sender=sender, contact=contact, method=method, reference=reference, evidence=evidence
    )
    return _withdraw(heard, entity=entity)


def stop(heard: Heard) -> str:
    """Act on a stop that somebody said; returns the one confirmation, or silence where they had stopped."""
    has_stopped = _stands_stopped(heard)
    recorded = _withdraw(heard)
    if has_stopped and recorded.is_new:
        return ""  # one answer to a stop, and no second one
    return replies.to_state(State.WITHDRAWN, recorded.act, heard.sender.company.name)


def _withdraw(heard: Heard, *, entity: str = "subject") -> Recorded:
    sender = heard.sender
    now = timezone.now()
    asked: dict[tuple[str, int | None], Purpose | None] = {(sender.channel, None): None}
    if heard.subject is not None:
        records = ConsentRecord.objects.filter(subject=heard.subject, purpose__isnull=False).select_related(
            "purpose"
        )
        ours = OutboundMessage.objects.filter(
            subject=heard.subject, sender=sender, kind__in=questions.KINDS
        ).values("act")
        requests = questions.waiting(heard.subject).filter(act__in=ours).values("act")
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


def _stands_stopped(heard: Heard) -> bool:
    """Whether the person's last word on this sender's channel was a stop already."""
    if heard.subject is None:
        return False
    standings = history.standings(heard.subject, at=timezone.now())
    on_channel = [
        standing.state for (channel, _p), standing in standings.items() if channel == heard.sender.channel
    ]
    return bool(on_channel) and set(on_channel) == {State.WITHDRAWN}
