"""Asking again, once, those who agreed to an older meaning of a notice; and ending what nobody answered in time."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from consent import catalogue, dialogue, history, recording
from consent.aging import reaching
from consent.asking_again import Standing
from consent.canonical import moment
from consent.catalogue import Ask
from consent.contact import Contact
from consent.dialogue import Again
from consent.models import ConsentRecord, OutboundMessage, Purpose, Reasking, Sender
from consent.recording import TIME, ConsentEvent
from consent.vocabulary import State

AGAIN = OutboundMessage.Kind.AGAIN

type Person = Sequence[Standing]


def ask(reasking: Reasking, people: Collection[Person], *, now: datetime) -> int:
    """Ask those among some people who were not asked; returns how many. Whom nothing may be said to now is left for
    the next time.
    """
    ids = history.ids_of([person[0].subject for person in people])
    asked = _asked(reasking, ids)
    contacts = reaching.contacts_of(list(ids))
    purposes = Purpose.objects.in_bulk({one.purpose for person in people for one in person})
    asks = _asks(reasking)
    count = 0
    for person in people:
        subject = person[0].subject
        contact = contacts.get(subject)
        if contact is None or asked & ids[subject]:
            continue
        count += _ask(reasking, min(ids[subject]), person, contact, asks, purposes, now=now)
        asked |= ids[subject]  # who is found under two ids is asked once
    return count


def _asks(reasking: Reasking) -> list[Ask]:
    """The open capture points that show this meaning."""
    version, company = reasking.version, reasking.version.notice.company
    slugs = version.notice.points.order_by("pk").values_list("slug", flat=True)
    found = [catalogue.ask(company.slug, slug) for slug in slugs]
    return [
        one for one in found if one and one.is_open and one.version and one.version.major == version.major
    ]


def _asked(reasking: Reasking, ids: dict[UUID, set[UUID]]) -> set[UUID]:
    """Who was asked under this meaning before. One query."""
    version = reasking.version
    messages = OutboundMessage.objects.filter(subject__in=set().union(*ids.values()), kind=AGAIN)
    requests = ConsentRecord.objects.filter(
        act__in=messages.values("act"), state=State.REQUESTED,
        notice__notice=version.notice_id, notice__major=version.major,
    )  # fmt: skip
    return set(requests.values_list("subject", flat=True))


def _ask(
    reasking: Reasking, subject: UUID, person: Person, contact: Contact, asks: Sequence[Ask],
    purposes: dict[int, Purpose], *, now: datetime,
) -> bool:  # fmt: skip
    agreed = {(one.channel, one.purpose) for one in person}
    company = reasking.version.notice.company
    for found in asks:
        offers = tuple(offer for offer in found.offers if (offer.channel, offer.purpose_id) in agreed)
        if not offers:
            continue
        language = found.language(person[0].language)

        def can_say(sender: Sender, *, ask: Ask = found, language: str = language) -> bool:
            return dialogue.can_say(sender, contact, kind=AGAIN, language=language, ask=ask)

        sender = reaching.sender_for(
            contact, [(one.channel, purposes[one.purpose].slug) for one in person], company=company,
            senders=reaching.senders(company, first=found.sender), can_say=can_say, now=now,
        )  # fmt: skip
        if sender is None:
            return False
        again = Again(
            ask=found, offers=offers, sender=sender, language=language, kind=AGAIN,
            source=f"meaning:{reasking.version_id}:{subject}", ends_at=reasking.ends_at,
        )  # fmt: skip
        evidence = {"agreed_before_to": person[0].version, "asked_by": reasking.entity}
        return dialogue.renew(again, contact, evidence=evidence).is_new
    return False


def end(reasking: Reasking, people: Collection[Person], *, now: datetime) -> int:
    """End what still stands on the older meaning, because the day has come; returns for how many people."""
    assert reasking.ends_at is not None, "only then anything is ended"
    company = reasking.version.notice.company
    contacts = reaching.contacts_of([person[0].subject for person in people])
    purposes = Purpose.objects.in_bulk({one.purpose for person in people for one in person})
    ended = 0
    for person in people:
        contact = contacts.get(person[0].subject)
        if contact is None:
            continue
        evidence = {
            "reason": "older meaning", "agreed_before_to": person[0].version,
            "notice": f"{reasking.version.notice.slug} {reasking.version.number}", "ends_at": moment(reasking.ends_at),
        }  # fmt: skip
        recording.record(
            *(
                ConsentEvent(
                    company=company, contact=contact, purpose=purposes[one.purpose], channel=one.channel,
                    state=State.REVOKED, notice=None, language=one.language, event_time=now, method=TIME,
                    evidence=evidence, reference=f"meant:{reasking.version_id}:{one.subject}:{moment(person[0].since)}",
                    entity=reasking.entity,
                )
                for one in person
            )
        )  # fmt: skip
        ended += 1
    return ended
