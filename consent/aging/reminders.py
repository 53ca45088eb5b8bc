"""Reminders before consents end: who is told, when, over which channel; once, and how to keep it or to stop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID

from consent import catalogue, dialogue, ending, history
from consent.aging import reaching
from consent.canonical import moment
from consent.catalogue import Ask
from consent.contact import Contact
from consent.dialogue import Again
from consent.ending import Ending
from consent.models import Company, ConsentRecord, Offer, OutboundMessage
from consent.recording import Recorded
from consent.vocabulary import State

Kind = OutboundMessage.Kind
AT_ONCE = 100  # people looked at together
APART = timedelta(days=7)  # two reminders to one person, where one message cannot name everything

type Key = tuple[str, int]  # channel, purpose


@dataclass(frozen=True, slots=True)
class Planned:
    """One person with consents that end: told from `due_at` on of `endings`, in one message; last told at `told_at`.

    Without endings where they were told of all of them.
    """

    subject: UUID
    due_at: datetime
    until: datetime  # when the first of all ends
    endings: tuple[Ending, ...]
    told_at: datetime | None


def plan(company: Company, *, ahead: timedelta, now: datetime) -> Iterator[list[Planned]]:
    """Who is to be told from now until `ahead`, and who has been; a person once. Nobody where the company has no days
    for it.

    Some twelve queries for each list of people; none is open meanwhile.
    """
    days = timedelta(days=company.remind_days)
    if not days:
        return
    found = ending.find(company, after=now, until=now + days + ahead, at=now)
    for people in batched(found, AT_ONCE, strict=False):
        told = _told([endings[0].subject for endings in people], since=now - days - ahead)
        yield [_planned(endings, told.get(endings[0].subject, {}), days, now) for endings in people]


def _planned(endings: list[Ending], told: dict[Key, datetime], days: timedelta, now: datetime) -> Planned:
    left = [one for one in endings if told.get((one.channel, one.purpose), now - 2 * days) < one.until - days]
    told_at = max(told.values(), default=None)
    first = (left or endings)[0]
    due_at = max(first.until - days, now, told_at + APART if told_at and left else now)
    together = tuple(one for one in left if one.until - days <= max(due_at, first.until - days))
    return Planned(first.subject, due_at, endings[0].until, together, told_at)


def _told(subjects: Sequence[UUID], *, since: datetime) -> dict[UUID, dict[Key, datetime]]:
    """When people were last reminded of what. Four queries."""
    whose = {one: subject for subject, same in history.ids_of(subjects).items() for one in same}
    messages = OutboundMessage.objects.filter(
        subject__in=whose, kind__in=(Kind.RENEW, Kind.AGAIN), created_at__gt=since
    )
    requests = ConsentRecord.objects.filter(act__in=list(messages.values_list("act", flat=True)))
    told: dict[UUID, dict[Key, datetime]] = {}
    rows = requests.filter(state=State.REQUESTED, purpose__isnull=False).order_by("arrival")
    for subject, channel, purpose, at in rows.values_list("subject", "channel", "purpose", "recorded_at"):
        told.setdefault(whose[subject], {})[channel, purpose] = at
    return told


def remind(company: Company, people: Sequence[Planned], *, now: datetime) -> int:
    """Tell those among some people who are due; returns how many. Whom nothing may be said to now is left for the
    next time.
    """
    due = [one for one in people if one.endings and one.due_at <= now]
    contacts = reaching.contacts_of([one.subject for one in due])
    uids = [ending.record for one in due for ending in one.endings]
    rows = ConsentRecord.objects.select_related("purpose", "point", "notice")
    grants = rows.in_bulk(uids, field_name="uid")
    told = 0
    for one in due:
        contact = contacts.get(one.subject)
        records = [grants[ending.record] for ending in one.endings]
        if contact is not None and _remind(company, one, records, contact, now=now):
            told += 1
    return told


def _remind(
    company: Company, one: Planned, grants: Sequence[ConsentRecord], contact: Contact, *, now: datetime
) -> Recorded | None:
    first = grants[0]
    ask = _ask(company, first)
    if ask is None:  # nobody asks for this any more
        return None
    ended = {(grant.channel, grant.purpose_id) for grant in grants}
    offers = tuple(offer for offer in ask.offers if (offer.channel, offer.purpose_id) in ended)
    language = ask.language(first.language)
    # Where the notice means something else by now it is asked in full, and not kept as it was.
    kind = Kind.RENEW if _means_the_same(first, ask) else Kind.AGAIN
    sender = reaching.sender_for(
        contact,
        [(grant.channel, grant.purpose.slug) for grant in grants if grant.purpose],
        company=company,
        senders=reaching.senders(company, first=ask.sender),
        can_say=lambda sender: dialogue.can_say(sender, contact, kind=kind, language=language, ask=ask),
        now=now,
    )
    if sender is None:
        return None
    ends_at = min(each.until for each in one.endings)
    again = Again(
        ask=Ask(ask.point, offers, ask.version), sender=sender, language=language, kind=kind,
        source=f"renew:{one.endings[0].record}", ends_at=ends_at,
    )  # fmt: skip
    evidence = {"reminds_of": [str(each.record) for each in one.endings], "ends_at": moment(ends_at)}
    return dialogue.renew(again, contact, evidence=evidence)


def _ask(company: Company, grant: ConsentRecord) -> Ask | None:
    """Where the same is asked now: at the capture point of the grant, else at any open one."""
    assert grant.purpose is not None, "found by it"
    ask = catalogue.ask(company.slug, grant.point.slug) if grant.point else None
    if ask is not None and ask.is_open and any(_is(offer, grant) for offer in ask.offers):
        return ask
    return catalogue.offering(company, grant.purpose.slug, grant.channel)


def _is(offer: Offer, grant: ConsentRecord) -> bool:
    return (offer.purpose_id, offer.channel) == (grant.purpose_id, grant.channel)


def _means_the_same(grant: ConsentRecord, ask: Ask) -> bool:
    assert ask.version is not None, "it is open"
    agreed = grant.notice
    return agreed is not None and (agreed.notice_id, agreed.major) == (
        ask.version.notice_id,
        ask.version.major,
    )
