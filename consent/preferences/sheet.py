"""What the preference centre shows of one company: what was agreed, where it stands now, and everything said."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from consent import catalogue, history, opening, receipts, rights, wording
from consent.catalogue import Ask
from consent.history import Standing
from consent.models import Company, ConsentRecord, Offer, Purpose
from consent.people import Person
from consent.proof import words
from consent.vocabulary import Channel, State

MOST_ACTS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One purpose on one channel: where the person stands, and what they can do about it."""

    purpose: Purpose
    channel: str
    label: str
    hint: str
    standing: Standing
    can_come_back: bool

    @property
    def key(self) -> str:
        return f"{self.purpose.slug}.{self.channel}"

    @property
    def is_on(self) -> bool:
        return self.standing.is_given


@dataclass(frozen=True, slots=True)
class Said:
    """One act as the person reads it: what, when, how, in which words, and its receipt."""

    act: UUID
    title: str
    labels: tuple[str, ...]
    at: datetime
    how: str
    words: tuple[str, ...]
    reason: str
    receipt: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything of one company. `said` is newest first; `name` is the person's as last corrected, for them alone."""

    company: Company
    person: Person
    lines: tuple[Line, ...]
    said: tuple[Said, ...]
    has_more: bool
    name: str

    @property
    def zone(self) -> ZoneInfo:
        """By whose clock its days and hours are."""
        return words.zone(self.company)

    @property
    def is_anything_on(self) -> bool:
        return any(line.is_on for line in self.lines)


def read(person: Person, *, language: str, at: datetime, only: UUID | None = None) -> Sheet:
    """What one company's part of the page says, in `language`; `only` what the receipt of one act covers."""
    ids = person.ids
    records = ConsentRecord.objects.filter(subject__in=ids).select_related("company", "purpose")
    keys = {(record.channel, record.purpose_id) for record in records.filter(act=only)} if only else None
    shown = records.filter(act=only) if only else records
    newest = list(dict.fromkeys(shown.order_by("-arrival").values_list("act_id", flat=True)[: MOST_ACTS * 4]))
    acts = newest[:MOST_ACTS]
    return Sheet(
        company=person.company,
        person=person,
        lines=tuple(_lines(person, keys, language=language, at=at)),
        said=tuple(_said(acts, () if only else ids, language=language)),
        has_more=len(newest) > MOST_ACTS,
        name="" if only else rights.name_of(person.subject),
    )


def way_back(company: Company, key: str) -> Ask | None:
    """The ask that brings one purpose on one channel back: an open capture point, cut to this one box."""
    slug, _dot, channel = key.rpartition(".")
    return catalogue.offering(company, slug, channel)


def _lines(
    person: Person, keys: Collection[tuple[str, int | None]] | None, *, language: str, at: datetime
) -> list[Line]:
    standings = history.standings(person.subject, at=at)
    wanted = {
        (channel, purpose): standing
        for (channel, purpose), standing in standings.items()
        if purpose is not None and (keys is None or (channel, purpose) in keys)
    }
    purposes = Purpose.objects.in_bulk([purpose for _channel, purpose in wanted])
    offered = set(
        Offer.objects.filter(point__company=person.company, point__is_open=True).values_list(
            "channel", "purpose"
        )
    )
    lines = [
        Line(
            purpose=purposes[purpose],
            channel=channel,
            label=wording.label(purposes[purpose], channel, language),
            hint=purposes[purpose].description.in_language(language),
            standing=standing,
            can_come_back=(channel, purpose) in offered,
        )
        for (channel, purpose), standing in wanted.items()
    ]
    return sorted(lines, key=lambda line: (not line.is_on, line.label))


def _said(acts: Collection[UUID], ids: Collection[UUID], *, language: str) -> list[Said]:
    """Acts as the person reads them; words and links to whoever proved the number, of the people `ids`."""
    by_act: dict[UUID, list[ConsentRecord]] = {act: [] for act in acts}
    records = ConsentRecord.objects.filter(act__in=acts).select_related("company", "purpose")
    for record in records.order_by("arrival"):
        by_act[record.act_id].append(record)
    evidence = _evidence(ids)
    give = receipts.own_address if ids else receipts.address
    return [_tell(act, said, evidence, language, address=give(act)) for act, said in by_act.items()]


def _tell(
    act: UUID, records: list[ConsentRecord], evidence: Mapping[UUID, Any], language: str, *, address: str
) -> Said:
    first = records[0]
    known = evidence.get(act, {})
    return Said(
        act=act,
        title=_sentence(first),
        labels=_labels(records, language),
        at=first.event_time,
        how=words.method(first.method) if first.entity != "platform:meta" else _("at the platform"),
        words=tuple(_words_of(known, evidence)),
        reason=str(known.get("reason", "")),
        receipt=address,
    )


def _sentence(record: ConsentRecord) -> str:
    """What an act was, as the person would say it."""
    return {
        State.REQUESTED: _("You were asked, and had not answered yet"),
        State.GIVEN: _("You said yes"),
        State.REFUSED: _("You said no"),
        State.WITHDRAWN: _("You stopped it"),
        State.REVOKED: _("The company ended it"),
        State.INVALIDATED: _("It was found invalid"),
        State.LAPSED: _("It lapsed, because you were not in touch for long"),
    }[State(record.state)]


def _labels(records: list[ConsentRecord], language: str) -> tuple[str, ...]:
    """What the act is about. A stop of a whole channel says so once, and not every purpose beside it."""
    whole = {record.channel for record in records if record.purpose is None}
    if whole == set(Channel.values):
        return (_("Everything, on every channel"),)
    labels = [_("Everything by %(channel)s") % {"channel": Channel(one).label} for one in sorted(whole)]
    rest = [record for record in records if record.purpose and record.channel not in whole]
    labels += [wording.label(record.purpose, record.channel, language) for record in rest if record.purpose]
    return tuple(dict.fromkeys(labels))


def _words_of(known: Mapping[str, Any], evidence: Mapping[UUID, Any]) -> list[str]:
    """The words the person was shown, or wrote: of this act, and of the question it answers."""
    shown = [str(known.get("text") or "")]
    for answer in known.get("answers") or []:
        asked = evidence.get(UUID(str(answer.get("act"))), {})
        shown.append(str(asked.get("text") or answer.get("question") or ""))
    shown.append(str(known.get("message") or ""))
    return [part for text in dict.fromkeys(shown) for part in text.split("\n\n") if part.strip()]


def _evidence(ids: Collection[UUID]) -> dict[UUID, Any]:
    opened: dict[UUID, Any] = {}
    for one in ids:
        try:
            opened |= opening.evidence_values_of(one)
        except opening.Erased:
            continue
    return opened
