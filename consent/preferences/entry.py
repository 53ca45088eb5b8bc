"""Who is at the preference centre, and how far it was shown that the number is theirs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from consent import people, receipts, vault
from consent.contact import Contact
from consent.models import ConsentRecord, Visit
from consent.people import Person
from consent.preferences import visits
from consent.vocabulary import Possession

OWN = receipts.OWN
RECEIPT = "receipt"
CODE = "visit code"  # the page where a code is typed
VISIT = "visit"  # what is behind it
# How long an address that went to a number shows that whoever opens it holds the number. Later it may have been
# given to somebody else; what was said stays to be seen by whoever has the address, as the receipt itself does.
LINK_LIVES = timedelta(days=30)
VISIT_LIVES = timedelta(hours=1)  # from when the code was typed


class Over(Exception):
    """The address of a visit by number and code that was long ago."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Whoever opened an address: the people they may be, and what was shown of the number.

    Without possession they see what the receipt of `act` says and no more, and may stop anything: it is weak proof,
    and enough for a withdrawal (LGPD art. 8 par. 5).
    """

    token: str
    people: tuple[Person, ...]
    possession: str
    language: str
    act: UUID | None = None
    number: Contact | None = None  # that was typed, whoever's it is

    @property
    def is_proved(self) -> bool:
        return self.possession != Possession.NONE

    @property
    def is_over(self) -> bool:
        """Whether it was a visit by number and code, long ago: good for a stop and for nothing else."""
        return self.number is not None and not self.is_proved


def find(token: str, *, now: datetime) -> Entry | None:
    """Who opened an address of the preference centre; None where there is none. Raises Over."""
    visit = vault.read_act_token(token, use=VISIT)
    if visit is not None:
        return _by_visit(token, visit, now=now)
    is_own = True
    act = vault.read_act_token(token, use=OWN)
    if act is None:
        is_own, act = False, vault.read_act_token(token, use=RECEIPT)
    record = _first(act) if act else None
    if act is None or record is None:
        return None
    is_fresh = now - vault.made_at(act) < LINK_LIVES
    possession = Possession.LINK if is_own and is_fresh else Possession.NONE
    person = Person(record.company, record.subject)
    return Entry(token, (person,), possession, record.language, act=act)


def _by_visit(token: str, key: UUID, *, now: datetime) -> Entry | None:
    visit = Visit.objects.filter(pk=key).first()
    if visit is None or visit.proved_at is None:
        raise Over
    contact = visits.contact_of(visit)
    is_fresh = now - visit.proved_at < VISIT_LIVES
    possession = Possession.CODE if is_fresh else Possession.NONE
    return Entry(token, people.with_number(contact), possession, visit.language, number=contact)


def is_ours(token: str) -> bool:
    """Whether an address is one of ours, as far as can be told without the database."""
    return any(vault.read_act_token(token, use=use) for use in (OWN, RECEIPT, VISIT))


def by_stop_link(token: str) -> Person | None:
    """Whose stop link this is. Erased people's links work as well; None for an address that is none."""
    subject = vault.read_act_token(token, use=receipts.STOP)
    if subject is None:
        return None
    record = ConsentRecord.objects.filter(subject=subject).select_related("company").first()
    return Person(record.company, subject) if record else None


def _first(act: UUID) -> ConsentRecord | None:
    return ConsentRecord.objects.filter(act=act).select_related("company").order_by("arrival").first()
