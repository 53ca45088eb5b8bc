"""What programs tell that they have sent: nobody gets more offers than the company allows."""

from datetime import datetime, timedelta
from uuid import UUID

from consent import vault
from consent.canonical import moment
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import ContactPoint, Purpose, Sending

DAY, WEEK = timedelta(hours=24), timedelta(days=7)  # how far the limits look back


def tell(
    contact: Contact, *, purpose: Purpose, channel: str, sent_at: datetime | None, key: str, now: datetime
) -> bool:
    """Count a message to somebody, sent just now or at another moment; the same key again counts once.

    False where it counts for nobody: the company never heard of them, or it is older than any limit looks back.

    Raises BadInput where the key told something else before.
    """
    company = purpose.company_id
    asked = vault.digest(
        "sending", contact.canonical, channel, purpose.slug, moment(sent_at) if sent_at else ""
    )
    number = UUID(bytes=vault.reference_key(company, f"sending|{key}")[:16])
    sent_at = sent_at or now
    person = ContactPoint.objects.filter(lookup=vault.lookup(company, contact), is_former=False).first()
    if person is None or sent_at <= now - WEEK:
        return False
    row = Sending(
        id=number, company_id=company, subject=person.subject, channel=channel, purpose=purpose, digest=asked,
        sent_at=sent_at,
    )  # fmt: skip
    Sending.objects.bulk_create([row], ignore_conflicts=True)
    if bytes(Sending.objects.get(pk=number).digest) != asked:
        raise BadInput(
            "idempotency.mismatch",
            "This Idempotency-Key told of another message. Nothing was counted; use a new one.",
        )
    Sending.objects.filter(subject=person.subject, sent_at__lte=now - WEEK).delete()
    return True
