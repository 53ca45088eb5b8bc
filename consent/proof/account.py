"""What one act recorded, read once for every form of its receipt."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent import history, opening, receipts
from consent.models import Company, ConsentRecord, Purpose
from consent.vocabulary import State


@dataclass(frozen=True, slots=True)
class Account:
    """The records of an act. `number` is masked, and "" once the person is erased."""

    act: UUID
    records: tuple[ConsentRecord, ...]
    number: str

    @property
    def first(self) -> ConsentRecord:
        """The record that stands for the act where all of them say the same."""
        return self.records[0]

    @property
    def company(self) -> Company:
        return self.first.company

    @property
    def language(self) -> str:
        return self.first.language

    @property
    def state(self) -> str:
        """What the act was. Somebody who gives one thing and refuses another has given."""
        states = {record.state for record in self.records}
        return State.GIVEN.value if State.GIVEN in states else self.first.state

    @property
    def grants(self) -> tuple[tuple[ConsentRecord, Purpose], ...]:
        """What was given, and for what; a consent to nothing in particular is void (LGPD art. 8 par. 4)."""
        return tuple(
            (record, record.purpose)
            for record in self.records
            if record.state == State.GIVEN and record.purpose is not None
        )

    @property
    def address(self) -> str:
        """Where the receipt is, absolute; whoever knows it may read it."""
        return receipts.address(self.act)


def read(act: UUID) -> Account | None:
    """The account of an act; None when there is no such act."""
    return read_all([act]).get(act)


def read_all(acts: Collection[UUID]) -> dict[UUID, Account]:
    """The accounts of acts, without those that there are not. Each person is looked up once."""
    records: dict[UUID, list[ConsentRecord]] = {}
    rows = ConsentRecord.objects.filter(act__in=acts).select_related(
        "company", "purpose", "notice__notice", "point__sender"
    )
    for record in rows.order_by("arrival"):
        records.setdefault(record.act_id, []).append(record)
    masked = {subject: _masked(subject) for subject in {first.subject for first, *_rest in records.values()}}
    return {
        act: Account(act=act, records=tuple(said), number=masked[said[0].subject])
        for act, said in records.items()
    }


def until(record: ConsentRecord) -> datetime | None:
    """When a grant ends by itself; None for one that lasts until it is withdrawn."""
    return history.expiry(record.event_time, record.valid_days)


def _masked(subject: UUID) -> str:
    """The person's number as a receipt shows it: the file may be passed on, the number need not be."""
    try:
        contact = opening.contact_of(subject) or opening.contact_of(subject, scheme="whatsapp-user-id")
    except opening.Erased:
        return ""
    return contact.masked if contact else ""
