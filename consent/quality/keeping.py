"""Keeping what was read, and what follows from it: the sender's restriction, and a change that is told once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from consent import catalogue
from consent.models import QualityChange, QualityReading, Sender, SenderUse
from consent.quality import braking, classic, clocks, current, errors, signals, telling
from consent.quality.braking import Use
from consent.quality.reading import Kind, Reading, Source
from consent.quality.states import Book, Restraint, State
from consent.vocabulary import RuleBook

BOOKS: Mapping[str, Book] = {RuleBook.CLASSIC.value: classic.state, RuleBook.CURRENT.value: current.state}
MOST = 2_000  # readings that are looked at, the newest: months of them
AGAIN = timedelta(hours=24)  # after which the same is written down again, so that it is seen to hold
ERROR_AGAIN = timedelta(hours=1)

Facet = QualityChange.Facet


def keep(
    sender: Sender, found: Iterable[Reading], *, source: str, read_at: datetime, entity: str = ""
) -> int:
    """Write down what is new in some readings of a sender, or of its account (`number` 0), and judge the sender.

    What a poll says again is written down once a day, an error once an hour. Returns how many were written.
    """
    with transaction.atomic():
        # One after the other: two workers must not both find that nothing is known yet.
        Sender.objects.select_for_update().get(pk=sender.pk)
        known = {one.key: one for one in readings(sender)}
        rows = [
            _row(sender, one, source=source, read_at=read_at, entity=entity)
            for one in found
            if source in _ALWAYS or _is_new(one, known.get(one.key))
        ]
        QualityReading.objects.bulk_create(rows)
    if rows:
        for other in siblings(sender):
            judge(other, at=read_at)
    return len(rows)


_ALWAYS = frozenset({Source.WEBHOOK.value, Source.STAFF.value, Source.FILE.value})


def note_error(sender: Sender, code: str, *, at: datetime) -> None:
    """Write down that a message of a sender was refused (by real time), where its code says something of the number."""
    if (value := errors.CODES.get(code)) is not None and value != errors.LIMITED:
        at = clocks.of(sender).shown(at)
        one = Reading(kind=Kind.ERROR, value=value, said_at=at, raw=code, about=code, number=sender.pk)
        keep(sender, [one], source=Source.ERROR, read_at=at)


def readings(sender: Sender, *, until: datetime | None = None) -> list[Reading]:
    """What is known of a sender and its account, in the order of time. One query."""
    heard = Q(sender=sender)
    if sender.account:
        heard |= Q(company=sender.company_id, account=sender.account)
    rows = QualityReading.objects.filter(heard)
    if until is not None:
        rows = rows.filter(said_at__lte=until)
    newest = rows.order_by("-said_at", "-pk").values_list(
        "kind", "value", "said_at", "raw", "about", "until", "sender"
    )[:MOST]
    return [
        Reading(kind=kind, value=value, said_at=said, raw=raw, about=about, until=until, number=number or 0)
        for kind, value, said, raw, about, until, number in reversed(newest)
    ]


def siblings(sender: Sender) -> list[Sender]:
    """The numbers that share an account with a sender, itself first."""
    if not sender.account:
        return [sender]
    others = Sender.objects.filter(company=sender.company_id, channel=sender.channel, account=sender.account)
    return [sender, *others.exclude(pk=sender.pk).select_related("company")]


def state_of(sender: Sender, *, at: datetime, known: Sequence[Reading] | None = None) -> State:
    """What a sender is at a moment, after its rule book."""
    heard = readings(sender) if known is None else known
    return BOOKS[sender.rule_book](heard, at, sender.pk)


def use_of(sender: Sender) -> Use:
    """How many people it writes to, as counted last."""
    counted = SenderUse.objects.filter(sender=sender).first()
    return Use(counted.people, counted.most_in_a_day) if counted else Use()


def judge(sender: Sender, *, at: datetime) -> Restraint | None:
    """Work out what keeps a sender's messages back now by its own clock, and write it where the decision looks.

    What became another thing since the last time is written down and told. Returns the restraint.
    """
    with transaction.atomic():
        row = Sender.objects.select_for_update(of=("self",)).select_related("company").get(pk=sender.pk)
        state = state_of(row, at=at)
        warned = signals.warned_since(row, at=at)
        found = braking.against(state, row.company, use_of(row), warned_since=warned)
        held = braking.effect(found)
        now = _in_real_time(row, held)
        if now != (row.restriction, row.restricted_since, row.restricted_until):
            row.restriction, row.restricted_since, row.restricted_until = now
            row.save(update_fields=["restriction", "restricted_since", "restricted_until"])
        _compare(row, state, held, warned=warned is not None, at=at)
    catalogue.forget()
    return held


def _in_real_time(sender: Sender, held: Restraint | None) -> tuple[str, datetime | None, datetime | None]:
    if held is None:
        return "", None, None
    clock = clocks.of(sender)
    return held.level, clock.real(held.since), clock.real(held.until) if held.until else None


def _compare(sender: Sender, state: State, held: Restraint | None, *, warned: bool, at: datetime) -> None:
    """Write down what changed, and have it told."""
    now = {
        Facet.RATING: state.rating,
        Facet.STATUS: state.status,
        Facet.LIMIT: str(state.limit or ""),
        Facet.BRAKE: f"{held.level}:{held.cause}"[:24] if held else "",
        Facet.WARNING: "warned" if warned else "",
    }
    for facet, value in now.items():
        note_change(sender, facet, value, at=at)


def note_change(sender: Sender, facet: str, value: str, *, at: datetime) -> None:
    """Write down that a facet of a sender is another one now; nothing where it was this already."""
    before = QualityChange.objects.filter(sender=sender, facet=facet).order_by("-pk").first()
    was = before.now if before else ""
    if was != value and not (before is None and value in _NOTHING):
        change = QualityChange.objects.create(sender=sender, facet=facet, was=was, now=value, at=at)
        telling.queue(change)


_NOTHING = frozenset({"", "unknown"})


def _is_new(one: Reading, known: Reading | None) -> bool:
    if known is None or one.said_at < known.said_at:
        return True
    again = ERROR_AGAIN if one.kind == Kind.ERROR else AGAIN
    is_same = (known.value, known.until) == (one.value, one.until)
    return not is_same or one.said_at >= known.said_at + again


def _row(sender: Sender, one: Reading, *, source: str, read_at: datetime, entity: str) -> QualityReading:
    return QualityReading(
        company_id=sender.company_id, sender=sender if one.number else None, account=sender.account,
        kind=one.kind, about=one.about, value=one.value, raw=one.raw, until=one.until, said_at=one.said_at,
        read_at=read_at, source=source, entity=entity,
    )  # fmt: skip
