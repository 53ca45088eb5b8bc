"""Once a year, where the company wants it: what each person agreed to, at a time of the year that is theirs."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import dialogue, history, outbox, receipts, vault, wording
from consent.aging import reaching
from consent.contact import Contact
from consent.history import Standing
from consent.models import Company, ConsentRecord, OutboundMessage, Purpose, Sender
from consent.outgoing import Outgoing
from consent.vocabulary import django_code

SUMMARY = OutboundMessage.Kind.SUMMARY
DAYS = 365
WITHIN = timedelta(days=7)  # after their time in which somebody may be told; later it is next year's
APART = timedelta(days=300)  # two summaries at least, whatever ids a person is known by
FRESH = timedelta(days=30)  # whoever agreed so lately has a receipt that says it


@dataclass(frozen=True, slots=True)
class Due:
    """One person who is told from `due_at` on what they agreed to, the first first."""

    subject: UUID
    ids: frozenset[UUID]
    due_at: datetime
    given: tuple[tuple[str, int, Standing], ...]  # channel, purpose


def turn(subject: UUID, *, now: datetime) -> datetime:
    """The time of the year at which a person is told, this year's or next: until it is WITHIN past.

    By a hash of the id, so that not everybody is told on one day; not by the id, whose beginning is a time.
    """
    seconds = int.from_bytes(hashlib.sha256(subject.bytes).digest()[:8]) % (DAYS * 86_400)
    times = (
        datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds) for year in (now.year - 1, now.year)
    )
    return next(
        (one for one in times if one + WITHIN > now),
        datetime(now.year + 1, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds),
    )


def find(subjects: Collection[UUID], *, until: datetime, now: datetime) -> list[Due]:
    """Who among some people of a company is told no later than `until`; each once, under one id.

    No query where it is nobody's turn, else five.
    """
    turns = {one: turn(one, now=now) for one in subjects}
    chosen = [one for one, due_at in turns.items() if due_at <= until]
    if not chosen:
        return []
    ids = history.ids_of(chosen)
    chosen = [one for one in chosen if one == min(ids[one])]
    told = _told(set().union(*(ids[one] for one in chosen)), since=now - APART)
    standings = history.standings_of([one for one in chosen if not told & ids[one]], at=now)
    found = [
        Due(subject, frozenset(ids[subject]), turns[subject], given)
        for subject, about in standings.items()
        if (given := _given(about)) and _since(given[-1]) < turns[subject] - FRESH
    ]
    return sorted(found, key=lambda one: one.due_at)


def _told(ids: Collection[UUID], *, since: datetime) -> set[UUID]:
    messages = OutboundMessage.objects.filter(subject__in=ids, kind=SUMMARY, created_at__gt=since)
    return set(messages.values_list("subject", flat=True))


def _given(standings: dict[tuple[str, int | None], Standing]) -> tuple[tuple[str, int, Standing], ...]:
    given = [(channel, purpose, one) for (channel, purpose), one in history.given(standings).items()]
    return tuple(sorted(given, key=lambda one: (_since(one), one[:2])))


def _since(given: tuple[str, int, Standing]) -> datetime:
    since = given[2].since
    assert since is not None, "a consent that stands began"
    return since


def tell(company: Company, people: Sequence[Due], *, now: datetime) -> int:
    """Tell some people whose time it is; returns how many. Whom nothing may be said to now is left for the next time.

    It is kept as the message, sealed, and is no record: nothing was asked, and nothing changes.
    """
    contacts = reaching.contacts_of([one.subject for one in people])
    purposes = Purpose.objects.in_bulk({purpose for one in people for _channel, purpose, _at in one.given})
    records = ConsentRecord.objects.in_bulk([one.given[-1][2].record for one in people], field_name="uid")
    told = 0
    for one in people:
        contact, last = contacts.get(one.subject), records.get(one.given[-1][2].record)
        if contact is not None and last is not None:
            told += _tell(company, one, contact, last, purposes, now=now)
    return told


def _tell(
    company: Company, one: Due, contact: Contact, last: ConsentRecord, purposes: dict[int, Purpose], *,
    now: datetime,
) -> bool:  # fmt: skip
    language = last.language
    agreed = [(channel, purposes[purpose].slug) for channel, purpose, _standing in one.given]

    def can_say(sender: Sender) -> bool:
        return dialogue.can_say(sender, contact, kind=SUMMARY, language=language)

    senders = list(company.senders.order_by("pk"))
    sender = reaching.sender_for(contact, agreed, company=company, senders=senders, can_say=can_say, now=now)
    if sender is None:
        return False
    values = {
        "company": company.name,
        "boxes": "; ".join(wording.label(purposes[purpose], channel, language) for channel, purpose, _at in one.given),
        "link": _link(last.act_id),
    }  # fmt: skip
    with override(django_code(language)):
        text = _(
            "%(company)s: once a year we say what you agreed to. It is: %(boxes)s. See or change it: %(link)s To stop,"
            " reply STOP."
        )
    said = dialogue.in_filled_words(text % values, sender, values, kind=SUMMARY, language=language)
    content = Outgoing(to=contact, text=said[0], template=said[1])
    outbox.tell(
        content, sender=sender, subject=one.subject, kind=SUMMARY, reference=f"{one.subject}:{one.due_at}"
    )
    return True


def _link(act: UUID) -> str:
    """The preference centre, by the address that only whoever holds the number is given."""
    token = vault.act_token(act, use=receipts.OWN)
    return f"{settings.OPTIN_PUBLIC_URL}{reverse('preferences', args=[token])}"
