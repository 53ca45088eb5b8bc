"""What a person changes at the preference centre, as records like any other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import history, outbox, recording, telling
from consent.canonical import moment
from consent.catalogue import Ask
from consent.contact import Contact
from consent.history import Standing
from consent.models import Company, ConsentRecord, OutboundMessage, Purpose
from consent.people import Person
from consent.pinned import Pinned
from consent.recording import ConsentEvent, Tell
from consent.vocabulary import Channel, Possession, State, django_code
from consent.wording import Statement, label

METHOD = "website"  # it is said on a web page

type Ended = dict[tuple[str, int | None], Purpose | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How something was said: in which language, when, and with what proof. `once` names what waited on disk."""

    evidence: Mapping[str, Any]
    language: str
    at: datetime
    possession: str = Possession.NONE
    once: str = ""


def stop(person: Person, key: str, *, how: How) -> UUID | None:
    """Withdraw one purpose on one channel ("purpose.channel"); returns the act, also where it was over already.

    None where the company knows no such purpose, or where nothing is held of the person.
    """
    slug, _dot, channel = key.rpartition(".")
    # Compared here: a database may take ill what somebody made up, and that must not look like its own trouble.
    purpose = next((one for one in Purpose.objects.filter(company=person.company) if one.slug == slug), None)
    if purpose is None or channel not in Channel.values:
        return None
    standings = history.standings(person.subject, at=how.at)
    before = _act_of(standings.get((channel, purpose.pk)) or standings.get((channel, None)))
    if before is not None:
        return before
    is_on = (channel, purpose.pk) in standings and standings[channel, purpose.pk].is_given
    what = label(purpose, channel, how.language)
    told = telling.of_stop(person, what, [channel] if is_on else [], language=how.language)
    return _withdraw(person, {(channel, purpose.pk): purpose}, name=key, how=how, tell=told)


def stop_everything(person: Person, *, how: How) -> UUID | None:
    """Withdraw everything on every channel; the same act again where everything had been stopped before."""
    standings = history.standings(person.subject, at=how.at)
    whole = [_act_of(standings.get((channel, None))) for channel in Channel.values]
    if whole[0] is not None and all(whole) and all(one.state in history.ENDS for one in standings.values()):
        return whole[0]
    records = ConsentRecord.objects.filter(subject__in=person.ids, purpose__isnull=False)
    ended: Ended = {(channel, None): None for channel in Channel.values}
    ended |= {(one.channel, one.purpose_id): one.purpose for one in records.select_related("purpose")}
    on = [channel for (channel, _purpose), standing in standings.items() if standing.is_given]
    with override(django_code(how.language)):
        what = _("everything")
    told = telling.of_stop(person, what, on, language=how.language)
    act = _withdraw(person, ended, name="all", how=how, tell=told)
    outbox.expire(OutboundMessage.objects.filter(subject__in=person.ids))
    return act


def stop_number(contact: Contact, company: Company, *, how: How) -> UUID:
    """Withdraw everything for a number somebody typed, known or not: a stop is taken on weak proof."""
    return recording.record(
        *(
            ConsentEvent(
                company=company, contact=contact, purpose=None, channel=channel, state=State.WITHDRAWN,
                notice=None, language=how.language, event_time=how.at, method=METHOD, evidence=how.evidence,
                reference=f"{METHOD}:stop-number:{how.once}", possession=Possession.NONE,
            )
            for channel in Channel.values
        )
    ).act  # fmt: skip


def come_back(person: Person, ask: Ask, shown: Statement, seen: Pinned, *, how: How) -> UUID | None:
    """Record a yes to what was on the screen; the same showing sent twice is one yes. None for whom nobody reaches."""
    contact = person.contact
    if contact is None:
        return None
    assert ask.version is not None, "nothing is shown before the notice is published"
    box = shown.boxes[0]
    whole = {
        **shown.evidence(ask.version, said=lambda _box: {"ticked": True}),
        "language": seen.language,
        "shown_at": moment(seen.shown_at),
        "number": contact.value,
        **how.evidence,
    }
    told = telling.of_yes(person, box.label, [str(box.offer.channel)], language=seen.language)
    recorded = recording.record(
        ConsentEvent(
            company=person.company, contact=contact, purpose=box.offer.purpose, channel=box.offer.channel,
            state=State.GIVEN, notice=ask.version, language=seen.language, event_time=how.at, method=METHOD,
            evidence=whole, reference=f"{METHOD}:back:{seen.nonce}", possession=how.possession, point=ask.point,
        ),
        tell=told,
    )  # fmt: skip
    return recorded.act


def _withdraw(person: Person, ended: Ended, *, name: str, how: How, tell: Tell) -> UUID | None:
    contact = person.contact
    if contact is None:
        return None
    # What was said since is another thing to stop: two clicks at once are one stop.
    once = how.once or f"{person.subject}:{name}:{_last_arrival(person)}"
    return recording.record(
        *(
            ConsentEvent(
                company=person.company, contact=contact, purpose=purpose, channel=channel,
                state=State.WITHDRAWN, notice=None, language=how.language, event_time=how.at, method=METHOD,
                evidence=how.evidence, possession=how.possession, reference=f"{METHOD}:stop:{once}",
            )
            for (channel, _purpose), purpose in ended.items()
        ),
        tell=tell,
    ).act  # fmt: skip


def _last_arrival(person: Person) -> int:
    records = ConsentRecord.objects.filter(subject__in=person.ids).order_by("-arrival")
    return records.values_list("arrival", flat=True).first() or 0


def _act_of(standing: Standing | None) -> UUID | None:
    """The act that had stopped something before; None where it is to be stopped."""
    if standing is None or standing.record is None or standing.state != State.WITHDRAWN:
        return None
    return ConsentRecord.objects.filter(uid=standing.record).values_list("act", flat=True).first()
