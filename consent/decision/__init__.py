"""Whether a message may be sent, and why."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from consent import catalogue, vault
from consent.contact import Contact
from consent.decision.judging import ANSWER_LIVES, Decision, decide
from consent.decision.known import About, Known, look, look_at_many
from consent.decision.reasons import WORDS, Reason
from consent.vocabulary import Channel

__all__ = ["ANSWER_LIVES", "WORDS", "About", "Decision", "Reason", "may_send", "may_send_to_each"]

log = logging.getLogger(__name__)


def may_send(
    contact: Contact,
    *,
    company: int,
    channel: str,
    purpose: str = "",
    category: str = "",
    sender: str = "",
    is_reply: bool = False,
    at: datetime | None = None,
) -> Decision:
    """Whether `company` may write to `contact` on a channel about a purpose (its slug), or about any purpose of
    a category, from a sender (its number; any) at a moment (now). `is_reply` says that it answers what they wrote.

    One query, on the primary database. Whatever goes wrong is a no with the reason `unavailable`.
    """
    about = About(company, channel, purpose, category, at, sender, is_reply)
    now = timezone.now()
    moment = at or now
    try:
        known = look(about, vault.lookup(company, contact), _writes_from(contact, about), now=now)
        rules = catalogue.rules(company)
        return decide(known, about, rules, moment=moment, contact=contact)
    except Exception:
        log.exception("A decision could not be made; it was answered with a no.")
        return Decision(False, Reason.UNAVAILABLE, moment, valid_until=moment)  # ask again at once


def may_send_to_each(
    contacts: Sequence[Contact],
    *,
    company: int,
    channel: str,
    purpose: str = "",
    category: str = "",
    sender: str = "",
    is_reply: bool = False,
    at: datetime | None = None,
) -> list[Decision]:
    """`may_send` for many contacts, in their order and of one snapshot. One query on PostgreSQL."""
    about = About(company, channel, purpose, category, at, sender, is_reply)
    now = timezone.now()
    moment = at or now
    try:
        people = [(vault.lookup(company, contact), _writes_from(contact, about)) for contact in contacts]
        common, known = look_at_many(about, people, now=now)
        rules = catalogue.rules(company)
        decided, stranger = [], None
        for contact, (lookup, _number) in zip(contacts, people, strict=True):
            found = known.get(lookup)
            if found is not None:
                decided.append(decide(found, about, rules, moment=moment, contact=contact))
            else:  # nobody knows a stranger from another
                stranger = stranger or decide(Known(common), about, rules, moment=moment, contact=contact)
                decided.append(stranger)
    except Exception:
        log.exception("Decisions could not be made; all were answered with a no.")
        return [Decision(False, Reason.UNAVAILABLE, moment, valid_until=moment)] * len(contacts)
    return decided


def _writes_from(contact: Contact, about: About) -> bytes:
    """By what we know what they wrote: it matters where a service window is open."""
    return vault.number_key(contact) if about.channel == Channel.WHATSAPP else b""
