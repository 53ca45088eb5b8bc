"""Who is at the preference centre, and how far it was shown that the number is theirs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings

from consent import history, opening, receipts, vault
from consent.contact import TEL, WHATSAPP_USER_ID, Contact
from consent.models import Company, ConsentRecord, Erased, SubjectKey
from consent.vocabulary import Possession

OWN = receipts.OWN
RECEIPT = "receipt"
STOP = "stop"
# How long an address that went to a number shows that whoever opens it holds the number. Later it may have been
# given to somebody else; what was said stays to be seen by whoever has the address, as the receipt itself does.
LINK_LIVES = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as one company knows them."""

    company: Company
    subject: UUID

    @property
    def ids(self) -> set[UUID]:
        """Every id of theirs (ADR-0008). Two queries."""
        return history.ids_of([self.subject])[self.subject]

    @property
    def contact(self) -> Contact | None:
        """How they are reached; None for somebody who was erased, or whose number is theirs no longer."""
        try:
            return opening.contact_of(self.subject) or opening.contact_of(
                self.subject, scheme=WHATSAPP_USER_ID
            )
        except opening.Erased:
            return None

    @property
    def number(self) -> Contact | None:
        """The number a code can be sent to."""
        contact = self.contact
        return contact if contact and contact.scheme == TEL else None

    @property
    def is_erased(self) -> bool:
        return not SubjectKey.objects.filter(subject__in=self.ids).exists()


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

    @property
    def is_proved(self) -> bool:
        return self.possession != Possession.NONE


def find(token: str, *, now: datetime) -> Entry | None:
    """Who opened an address of the preference centre; None where there is none."""
    is_own = True
    act = vault.read_act_token(token, use=OWN)
    if act is None:
        is_own, act = False, vault.read_act_token(token, use=RECEIPT)
    record = _first(act) if act else None
    if act is None or record is None:
        return None
    is_fresh = now - made_at(act) < LINK_LIVES
    possession = Possession.LINK if is_own and is_fresh else Possession.NONE
    person = Person(record.company, record.subject)
    return Entry(token, (person,), possession, record.language, act=act)


def is_ours(token: str) -> bool:
    """Whether an address is one of ours, as far as can be told without the database."""
    return any(vault.read_act_token(token, use=use) for use in (OWN, RECEIPT, STOP))


def stop_address(subject: UUID) -> str:
    """The address that stops everything of a person's company in one click, absolute; it never expires."""
    return f"{settings.OPTIN_PUBLIC_URL}/stop/{vault.act_token(subject, use=STOP)}/"


def by_stop_link(token: str) -> Person | None:
    """Whose stop link this is. Erased people's links work as well; None for an address that is none."""
    subject = vault.read_act_token(token, use=STOP)
    if subject is None:
        return None
    record = ConsentRecord.objects.filter(subject=subject).select_related("company").first()
    return Person(record.company, subject) if record else None


def language_of(person: Person) -> str:
    """The language the person last used with the company."""
    last = ConsentRecord.objects.filter(subject__in=person.ids).order_by("-arrival").first()
    return last.language if last else person.company.language


def erased_entry(ids: Collection[UUID]) -> UUID | None:
    """The log entry of somebody's erasure."""
    return Erased.objects.filter(subject__in=ids).values_list("entry", flat=True).first()


def made_at(act: UUID) -> datetime:
    """When an act was made, by its id (UUID version 7)."""
    return datetime.fromtimestamp((act.int >> 80) / 1000, tz=UTC)


def _first(act: UUID) -> ConsentRecord | None:
    return ConsentRecord.objects.filter(act=act).select_related("company").order_by("arrival").first()
