"""Consents that lapse: with whom nobody was in touch for as long as the company's rule says (ADR-0011)."""

import calendar
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from consent import history, outbox, recording, vault
from consent.aging import reaching
from consent.canonical import moment
from consent.contact import Contact
from consent.history import Standing
from consent.models import Company, ConsentRecord, InboundMessage, OutboundMessage, Purpose, SubjectKey
from consent.recording import TIME, ConsentEvent
from consent.vocabulary import Possession, State

AT_ONCE = 200  # people looked at together

type Given = dict[tuple[str, int], Standing]


def everybody(company: Company) -> Iterator[list[UUID]]:
    """The people of a company that are not erased, in the order of their ids. One query for each list of them."""
    last = UUID(int=0)
    while True:
        rows = SubjectKey.objects.filter(company=company.pk, subject__gt=last).order_by("subject")
        found = list(rows.values_list("subject", flat=True)[:AT_ONCE])
        if not found:
            return
        yield found
        last = found[-1]


def lapse(company: Company, people: Sequence[UUID], *, now: datetime) -> int:
    """Record that the consents of those among some people lapsed with whom nobody was in touch; returns for how many.

    It counts from when it is recorded, and nobody is told: no channel is left to tell it on.
    """
    before = months_before(now, company.lapse_months)
    given = {
        subject: _old(standings, before)
        for subject, standings in history.standings_of(people, at=now).items()
    }
    quiet = {subject: found for subject, found in given.items() if found}
    ids = history.ids_of(quiet)
    contacts = reaching.contacts_of(list(quiet))
    purposes = Purpose.objects.in_bulk({purpose for found in quiet.values() for _channel, purpose in found})
    lapsed = 0
    for subject, found in quiet.items():
        contact = contacts.get(subject)
        if contact is None:
            continue
        last = last_contact(company, ids[subject], contact)
        if last is not None and last > before:
            continue
        _record(company, contact, found, purposes, last=last, now=now)
        outbox.expire(OutboundMessage.objects.filter(subject__in=ids[subject]))
        lapsed += 1
    return lapsed


def _old(standings: dict[tuple[str, int | None], Standing], before: datetime) -> Given:
    """What somebody agreed to so long ago; nothing where they agreed to anything since."""
    given = history.given(standings)
    is_recent = any(one.since is not None and one.since > before for one in given.values())
    return {} if is_recent else given


def last_contact(company: Company, ids: Collection[UUID], contact: Contact) -> datetime | None:
    """When somebody last said, wrote or read anything, as far as we know. Three queries.

    What the company does alone (asking, sending) is no contact: it says nothing of whether anybody is there.
    """
    said = ConsentRecord.objects.filter(subject__in=ids).exclude(entity="company")
    wrote = InboundMessage.objects.filter(number_key=vault.number_key(contact), sender__company=company)
    read = OutboundMessage.objects.filter(subject__in=ids, company=company)
    moments = (
        said.aggregate(last=Max("event_time"))["last"],
        wrote.aggregate(last=Max("received_at"))["last"],
        read.aggregate(last=Max("read_at"))["last"],
    )
    return max((one for one in moments if one is not None), default=None)


def months_before(now: datetime, months: int) -> datetime:
    """The same day and hour so many months before; the last of a month that is shorter."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)


def _record(
    company: Company, contact: Contact, found: Given, purposes: dict[int, Purpose], *,
    last: datetime | None, now: datetime,
) -> None:  # fmt: skip
    evidence = {
        "reason": "no contact",
        "months": company.lapse_months,
        "last_contact": moment(last) if last else "",
    }
    records = sorted(str(standing.record) for standing in found.values())
    recording.record(
        *(
            ConsentEvent(
                company=company, contact=contact, purpose=purposes[purpose], channel=channel,
                state=State.LAPSED, notice=None, language=company.language, event_time=now, method=TIME,
                evidence=evidence, reference=f"lapse:{records[0]}", entity="company", possession=Possession.NONE,
            )
            for channel, purpose in found
        )
    )  # fmt: skip
