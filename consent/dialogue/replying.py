"""Answering on the spot: what leaves with the answer to a webhook counts like any other message."""

from consent import outbox
from consent.contact import Contact
from consent.dialogue import heard as hearing
from consent.models import Sender


def reply_now(text: str, *, sender: Sender, contact: Contact, reference: str, is_late: bool = False) -> str:
    """What may be said to somebody right now: `text`, or "" where it was queued because it may only leave later.

    Nobody listens any more to the answer of a webhook that `is_late`.
    """
    if not text or (outbox.is_free(sender) and not is_late):
        return text
    subject = hearing.subject_of(sender, contact)
    if is_late:
        outbox.reply(sender=sender, contact=contact, subject=subject, text=text, reference=reference)
        return ""
    return outbox.reply_now(sender=sender, contact=contact, subject=subject, text=text, reference=reference)
