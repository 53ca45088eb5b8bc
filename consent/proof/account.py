"""What one act recorded, read once for every form of its receipt."""

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
    records = tuple(
        ConsentRecord.objects.filter(act=act)
        .select_related("company", "purpose", "notice__notice", "point__sender")
        .order_by("arrival")
    )
    if not records:
        return None
    return Account(act=act, records=records, number=_masked(records[0].subject))


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
