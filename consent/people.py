"""People as the companies of an installation know them, under whatever ids and contacts."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from consent import history, opening, vault
from consent.contact import TEL, WHATSAPP_USER_ID, Contact
from consent.models import Company, ConsentRecord, ContactPoint, Erased, SubjectKey


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


def with_number(contact: Contact) -> tuple[Person, ...]:
    """Whom the companies of this installation know by a number: those who heard of them last come first."""
    lookups = {vault.lookup(company.pk, contact): company for company in Company.objects.order_by("pk")}
    points = ContactPoint.objects.filter(lookup__in=list(lookups), is_former=False, ended_at=None)
    found = [Person(lookups[bytes(point.lookup)], point.subject) for point in points]
    return tuple(sorted(found, key=_last_heard, reverse=True))


def language_of(person: Person) -> str:
    """The language the person last used with the company."""
    last = ConsentRecord.objects.filter(subject__in=person.ids).order_by("-arrival").first()
    return last.language if last else person.company.language


def erased_entry(ids: Collection[UUID]) -> UUID | None:
    """The log entry of somebody's erasure."""
    return Erased.objects.filter(subject__in=ids).values_list("entry", flat=True).first()


def _last_heard(person: Person) -> int:
    records = ConsentRecord.objects.filter(subject=person.subject).order_by("-arrival")
    return records.values_list("arrival", flat=True).first() or 0
