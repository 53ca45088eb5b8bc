"""Holding offers back: while staff judge what may be a stop, and while the person blocks us at the platform."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import history, journal, opening, outbox, vault
from consent.canonical import canonical
from consent.contact import Contact
from consent.dialogue import heard as hearing
from consent.dialogue import stopping
from consent.dialogue.heard import Heard
from consent.dialogue.saying import SaidAt
from consent.models import Hold, OutboundMessage, Sender
from consent.recording import Recorded
from consent.vocabulary import StopScope


def hold(heard: Heard, text: str) -> str:
    """Hold offers because of words that may be a stop; returns what the person is told, once for all of them.

    In force when this returns. Nothing is held for a stranger, who gets no offers anyway.
    """
    if heard.subject is None:
        return ""
    ids = history.ids_of([heard.subject])[heard.subject]
    open_ones = Hold.objects.filter(subject__in=ids, channel=heard.sender.channel, ended_at=None)
    is_first = not open_ones.filter(kind=Hold.Kind.UNSURE).exclude(pk=_id(heard)).exists()
    _keep(heard, Hold.Kind.UNSURE, {**heard.evidence, "text": text, "language": heard.language})
    outbox.expire(OutboundMessage.objects.filter(subject__in=ids, sender=heard.sender))
    if not is_first:
        return ""
    return _(
        "%(company)s: we send you no offers until somebody here has read your message. To stop at once, reply STOP."
    ) % {"company": heard.sender.company.name}


def judge(held: Hold, *, is_stop: bool, by: str) -> Recorded | None:
    """Write down what staff make of a message; a stop is recorded as a withdrawal. None where it was no stop.

    "No stop" may still become a stop later: that is a new judgement and a new record. A stop is final; only
    the person's own new yes is later than it.
    """
    now = timezone.now()
    recorded = None
    with transaction.atomic():
        locked = (
            Hold.objects.select_for_update(of=("self",)).select_related("sender__company").get(pk=held.pk)
        )
        if locked.ending == Hold.Ending.STOP:
            return None
        if is_stop:
            recorded = _record_stop(locked, by=by)
        locked.ending = Hold.Ending.STOP if is_stop else Hold.Ending.GO_ON
        locked.ended_at, locked.decided_by = locked.ended_at or now, by
        locked.save(update_fields=["ending", "ended_at", "decided_by"])
        journal.write(
            "judged", company=locked.company, at=now, subject=str(locked.subject), hold=str(locked.pk),
            judgement=locked.ending, entity=by,
        )  # fmt: skip
    return recorded


def doubt_again(held: Hold, *, by: str) -> bool:
    """Take a "no stop" back: offers are held again until somebody judges. False where there is none to take back."""
    with transaction.atomic():
        ended = Hold.objects.filter(pk=held.pk, ending=Hold.Ending.GO_ON)
        if not ended.update(ending="", ended_at=None, decided_by=""):
            return False
        journal.write(
            "judged", company=held.company, at=timezone.now(), subject=str(held.subject), hold=str(held.pk),
            judgement="doubted", entity=by,
        )  # fmt: skip
    return True


def end(subject: UUID | None, sender: Sender) -> None:
    """End the doubt about a person on a channel: they have said clearly what they want."""
    if subject is None:
        return
    doubts = Hold.objects.filter(
        subject__in=history.ids_of([subject])[subject],
        channel=sender.channel,
        kind=Hold.Kind.UNSURE,
        ended_at=None,
    )
    doubts.update(ended_at=timezone.now(), ending=Hold.Ending.SAID)


def platform_stop(
    *, sender: Sender, contact: Contact, platform: str, method: str, reference: str,
    evidence: Mapping[str, Any], said_at: SaidAt | None = None, scope: str = StopScope.MARKETING,
) -> Recorded:  # fmt: skip
    """Record that somebody stopped us at the platform itself: a withdrawal, and a block of offers.

    `scope` is what the platform speaks of: `user_preferences` and 131050 of marketing, RapidPro's "stopped" of
    everything. No yes of theirs to us lifts the block, because the platform lets nothing through;
    `platform_resume` does.
    """
    heard = hearing.hear(
        sender=sender, contact=contact, method=method, reference=reference, evidence=evidence, said_at=said_at
    )
    recorded = stopping.withdraw(heard, entity=f"platform:{platform}", scope=scope)
    if heard.subject is None:  # the withdrawal has made them known
        heard = replace(heard, subject=recorded.subject)
    _keep(heard, Hold.Kind.BLOCKED, evidence)
    return recorded


def platform_resume(*, sender: Sender, contact: Contact) -> bool:
    """Note that the platform lets our offers through again; whether there was a block.

    This is no consent: what was withdrawn stays withdrawn until the person says yes to us.
    """
    subject = hearing.subject_of(sender, contact)
    if subject is None:
        return False
    blocks = Hold.objects.filter(
        subject__in=history.ids_of([subject])[subject], channel=sender.channel, kind=Hold.Kind.BLOCKED,
        ended_at=None,
    )  # fmt: skip
    return bool(blocks.update(ended_at=timezone.now(), ending=Hold.Ending.RESUMED))


def _id(heard: Heard) -> UUID:
    return UUID(bytes=vault.reference_key(heard.sender.company_id, f"hold|{heard.reference}")[:16])


def _keep(heard: Heard, kind: str, evidence: Mapping[str, Any]) -> None:
    """Insert a hold; the same reference again changes nothing."""
    assert heard.subject is not None, "a stop has made them known"
    number = _id(heard)
    sealed = vault.seal(
        opening.key_of(heard.subject), item=b"hold" + number.bytes, plaintext=canonical(dict(evidence))
    )
    row = Hold(
        id=number, company=heard.sender.company, sender=heard.sender, subject=heard.subject,
        channel=heard.sender.channel, kind=kind, sealed=sealed, said_at=timezone.now(),
    )  # fmt: skip
    Hold.objects.bulk_create([row], ignore_conflicts=True)


def _record_stop(held: Hold, *, by: str) -> Recorded:
    words = opening.held_words(held)
    contact = opening.contact_of(held.subject) or opening.contact_of(held.subject, scheme="whatsapp-user-id")
    assert contact is not None, "whoever wrote to us can be reached"
    return stopping.withdraw_everything(
        sender=held.sender, contact=contact, method=str(words.get("method", held.channel)),
        reference=f"judged:{held.pk}", evidence={**words, "judged_by": by}, entity=by,
    )  # fmt: skip
