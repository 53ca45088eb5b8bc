"""Answering on the spot: what leaves with the answer to a webhook counts like any other message."""

from consent import outbox
from consent.contact import Contact
from consent.dialogue import heard as hearing
from consent.models import Sender


def reply_now(text: str, *, sender: Sender, contact: Contact, reference: str) -> str:
    """What may be said to somebody right now: `text`, or "" where it was queued because it may only leave later."""
    if not text or outbox.is_free(sender):
        return text
    subject = hearing.subject_of(sender, contact)
    return outbox.reply_now(sender=sender, contact=contact, subject=subject, text=text, reference=reference)
