"""Over which of its numbers a company may tell somebody something of its own accord, now."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from consent import decision, opening, quiet
from consent.contact import WHATSAPP_USER_ID, Contact
from consent.models import Company, Sender

# What somebody agreed to: (channel, purpose's short name), the first first.
type Agreed = Sequence[tuple[str, str]]


def contacts_of(subjects: Sequence[UUID]) -> dict[UUID, Contact]:
    """How people are reached: by number, else by their user id on WhatsApp. Four queries."""
    return opening.contacts_of(subjects, scheme=WHATSAPP_USER_ID) | opening.contacts_of(subjects)


def sender_for(
    contact: Contact, agreed: Agreed, *, company: Company, senders: Sequence[Sender],
    can_say: Callable[[Sender], bool], now: datetime,
) -> Sender | None:  # fmt: skip
    """The sender, of those in their order, from which this person may be told something; None for none now.

    Only on a channel where the decision allows a message of something they agreed to: so whatever speaks against one
    (a hold, a trouble, a pause, a limit on offers) speaks against this too. Never in quiet hours, whatever it is.
    """
    begins = quiet.begins(contact, company, now)
    if begins is not None and begins <= now:
        return None
    for channel, purpose in agreed:
        for sender in senders:
            if sender.channel == channel and can_say(sender) and _may(contact, channel, purpose, sender):
                return sender
    return None


def _may(contact: Contact, channel: str, purpose: str, sender: Sender) -> bool:
    return decision.may_send(
        contact, company=sender.company_id, channel=channel, purpose=purpose, sender=sender.address
    ).allow


def senders(company: Company, *, first: Sender) -> list[Sender]:
    """The company's numbers, the one that asks before the others. One query."""
    return sorted(company.senders.order_by("pk"), key=lambda sender: sender.pk != first.pk)
