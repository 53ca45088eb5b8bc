"""Asking again, once, those who agreed to an older meaning of a notice; and ending what nobody answered in time."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from consent import catalogue, dialogue, history, outbox, recording, vault
from consent.aging import reaching
from consent.asking_again import Standing
from consent.canonical import moment
from consent.catalogue import Ask
from consent.contact import Contact
from consent.dialogue import Again
from consent.models import Act, CapturePoint, ConsentRecord, OutboundMessage, Purpose, Reasking
from consent.recording import TIME, ConsentEvent
from consent.vocabulary import State

AGAIN = OutboundMessage.Kind.AGAIN
SENT = (OutboundMessage.State.SENT, OutboundMessage.State.DELIVERED)

type Person = Sequence[Standing]
type Key = tuple[str, int | None]  # channel, purpose


def ask(reasking: Reasking, people: Collection[Person], *, now: datetime) -> int:
    """Ask those among some people about what they were not asked about: one question for each capture point where
    they agreed. Returns how many people. Whom nothing may be said to now is left for the next time.
    """
    ids = history.ids_of([person[0].subject for person in people])
    asked = _asked(reasking, ids)
    contacts = reaching.contacts_of(list(ids))
    purposes = Purpose.objects.in_bulk({one.purpose for person in people for one in person})
    asks = _asks(reasking)
    count = 0
    for person in people:
        subject = person[0].subject
        # Who is found under two ids is asked once.
        known: set[Key] = set().union(*(asked.setdefault(one, set()) for one in ids[subject]))
        left = {(one.channel, one.purpose) for one in person} - known
        contact = contacts.get(subject)
        if contact is None:
            continue
        done: set[Key] = set()
        for found in asks:
            offers = tuple(offer for offer in found.offers if (offer.channel, offer.purpose_id) in left)
            if offers and _ask(
                reasking, min(ids[subject]), person, contact, Ask(found.point, offers, found.version), purposes,
                now=now,
            ):  # fmt: skip
                done |= {(offer.channel, offer.purpose_id) for offer in offers}
                left -= done
        asked[subject] |= done
        count += bool(done)
    return count


def _asks(reasking: Reasking) -> list[Ask]:
    """The open capture points that show this meaning."""
    version, company = reasking.version, reasking.version.notice.company
    slugs = version.notice.points.order_by("pk").values_list("slug", flat=True)
    found = [catalogue.ask(company.slug, slug) for slug in slugs]
    return [
        one for one in found if one and one.is_open and one.version and one.version.major == version.major
    ]


def _asked(reasking: Reasking, ids: dict[UUID, set[UUID]]) -> dict[UUID, set[Key]]:
    """What people were asked about under this meaning before, by this or by a reminder. One query."""
    version = reasking.version
    messages = OutboundMessage.objects.filter(subject__in=set().union(*ids.values()), kind=AGAIN)
    requests = ConsentRecord.objects.filter(
        act__in=messages.values("act"), state=State.REQUESTED,
        notice__notice=version.notice_id, notice__major=version.major,
    )  # fmt: skip
    asked: dict[UUID, set[Key]] = {}
    for subject, *key in requests.values_list("subject", "channel", "purpose"):
        asked.setdefault(subject, set()).add((key[0], key[1]))
    return asked


def _ask(
    reasking: Reasking, subject: UUID, person: Person, contact: Contact, found: Ask, purposes: dict[int, Purpose], *,
    now: datetime,
) -> bool:  # fmt: skip
    """Ask one person what one capture point asks; whether it could be said."""
    language = found.language(person[0].language)
    sender = reaching.sender_for(
        contact,
        [(one.channel, purposes[one.purpose].slug) for one in person],
        company=reasking.version.notice.company,
        senders=reaching.senders(found.company, first=found.sender),
        can_say=lambda sender: dialogue.can_say(sender, contact, kind=AGAIN, language=language, ask=found),
        now=now,
    )
    if sender is None:
        return False
    again = Again(
        ask=found, sender=sender, language=language, kind=AGAIN,
        source=_source(reasking, subject, found.point), ends_at=reasking.ends_at,
    )  # fmt: skip
    evidence = {"agreed_before_to": person[0].version, "asked_by": reasking.entity}
    return dialogue.renew(again, contact, evidence=evidence).is_new


def _source(reasking: Reasking, subject: UUID, point: CapturePoint) -> str:
    return f"meaning:{reasking.version_id}:{subject}:{point.pk}"


def end(reasking: Reasking, people: Collection[Person], *, now: datetime) -> int:
    """End what still stands on the older meaning though it was asked about, because the day has come; returns for how
    many people. What nobody could be asked about goes on.
    """
    assert reasking.ends_at is not None, "only then anything is ended"
    company = reasking.version.notice.company
    ids = history.ids_of([person[0].subject for person in people])
    told = _told(reasking, ids)
    contacts = reaching.contacts_of(list(ids))
    purposes = Purpose.objects.in_bulk({one.purpose for person in people for one in person})
    ended = 0
    for person in people:
        over = [one for one in person if (one.channel, one.purpose) in told.get(one.subject, ())]
        contact = contacts.get(person[0].subject)
        if contact is None or not over:
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
                for one in over
            )
        )  # fmt: skip
        ended += 1
    return ended


def _told(reasking: Reasking, ids: dict[UUID, set[UUID]]) -> dict[UUID, set[Key]]:
    """What people were told the day of: by a question of this that left. A question that did not leaves no more.
    Four queries.
    """
    company = reasking.version.notice.company_id
    whose = {
        vault.reference_key(company, _source(reasking, one, point)): subject
        for subject, same in ids.items()
        for one in same
        for point in reasking.version.notice.points.all()
    }
    rows = Act.objects.filter(reference__in=list(whose)).values_list("pk", "reference")
    acts = {act: whose[bytes(reference)] for act, reference in rows}
    messages = OutboundMessage.objects.filter(act__in=list(acts), kind=AGAIN)
    outbox.expire(messages)
    told: dict[UUID, set[Key]] = {}
    requests = ConsentRecord.objects.filter(
        act__in=messages.filter(state__in=SENT).values("act"), state=State.REQUESTED
    )
    for act, channel, purpose in requests.values_list("act", "channel", "purpose"):
        told.setdefault(acts[act], set()).add((channel, purpose))
    return told
