"""Whether a message may be sent, and why."""

import contextlib
import gc
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone

from consent import catalogue, vault
from consent.catalogue import Rules
from consent.contact import Contact
from consent.decision import counting
from consent.decision.judging import ANSWER_LIVES, Decision, Judge
from consent.decision.known import Known, look, look_at_group, look_at_many
from consent.decision.reasons import WORDS, Reason
from consent.decision.statement import About
from consent.decision.together import Together
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
    try:
        if _may_wait():
            return _together.ask(about, contact)
        [decided] = _decide(about, [contact])
    except Exception:
        log.exception("A decision could not be made; it was answered with a no.")
        moment = at or timezone.now()
        decided = Decision(False, Reason.UNAVAILABLE, moment, valid_until=moment)  # ask again at once
        counting.count([decided], about)
    return decided


def may_send_to_each(
    contacts: Sequence[Contact | None],
    *,
    company: int,
    channel: str,
    purpose: str = "",
    category: str = "",
    sender: str = "",
    is_reply: bool = False,
    at: datetime | None = None,
) -> list[Decision]:
    """`may_send` for many contacts, in their order and of one snapshot; None for one that is no contact, which is a
    no. One query on PostgreSQL. A moment that is ahead is judged by what is known now.
    """
    about = About(company, channel, purpose, category, at, sender, is_reply)
    now = timezone.now()
    moment = at or now
    try:
        with _collecting_no_garbage():
            decided = _decide_each(contacts, about, moment=moment, now=now)
    except Exception:
        log.exception("Decisions could not be made; all were answered with a no.")
        decided = [Decision(False, Reason.UNAVAILABLE, moment, valid_until=moment)] * len(contacts)
    counting.count(decided, about)
    return decided


def _decide_each(
    contacts: Sequence[Contact | None], about: About, *, moment: datetime, now: datetime
) -> list[Decision]:
    lookups = [None if contact is None else vault.lookup(about.company, contact) for contact in contacts]
    asked = [
        (lookup, _writes_from(contact, about))
        for contact, lookup in zip(contacts, lookups, strict=True)
        if contact is not None and lookup is not None
    ]
    people = list(dict.fromkeys(asked))  # somebody may stand there twice
    before: dict[Contact, Decision] | None = {} if len(people) < len(asked) else None
    rules = catalogue.rules(about.company)
    common, known = look_at_many(about, people, is_limited=_is_limited(rules), now=now)
    judge = Judge(about, rules, moment, is_ahead=moment > now)
    malformed = Decision(False, Reason.MALFORMED, moment, moment)
    decided, stranger = [], None
    for contact, lookup in zip(contacts, lookups, strict=True):
        found = None if lookup is None else known.get(lookup)
        if contact is None:
            decided.append(malformed)
        elif before is not None and contact in before:
            decided.append(before[contact])
        elif found is not None:
            decided.append(judge.decide(Known.of(common, found), contact))
            if before is not None:
                before[contact] = decided[-1]
        else:  # nobody knows a stranger from another
            stranger = stranger or judge.decide(Known(common), contact)
            decided.append(stranger)
    return decided


@contextlib.contextmanager
def _collecting_no_garbage() -> Iterator[None]:
    """A hundred thousand decisions make no cycles, and looking for some takes a fifth of the whole. Where two threads
    decide at once, the first to end begins to collect again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _may_wait() -> bool:
    """Whether it may be decided together with whoever else waits for the same: in the web server."""
    if not settings.OPTIN_GROUP_COMMIT:
        return False
    database = connections[DEFAULT_DB_ALIAS]  # `connection` looks this up again at every dot
    return database.vendor == "postgresql" and not database.in_atomic_block


def _decide(about: About, contacts: Sequence[Contact]) -> list[Decision]:
    """Decide about a few at once, and count that: what is the same for all of them is done once."""
    now = timezone.now()
    moment = about.at or now
    rules = catalogue.rules(about.company)
    is_limited = _is_limited(rules)
    people = [(vault.lookup(about.company, contact), _writes_from(contact, about)) for contact in contacts]
    if len(people) == 1:
        [(lookup, number_key)] = people
        found = [look(about, lookup, number_key, is_limited=is_limited, now=now)]
    else:
        found = look_at_group(about, people, is_limited=is_limited, now=now)
    judge = Judge(about, rules, moment, is_ahead=moment > now)
    decided = [judge.decide(known, contact) for known, contact in zip(found, contacts, strict=True)]
    counting.count(decided, about)
    return decided


_together = Together(_decide)


def _is_limited(rules: Rules | None) -> bool:
    """Whether it matters which offers somebody got."""
    return rules is not None and bool(rules.company.offers_per_day or rules.company.offers_per_week)


def _writes_from(contact: Contact, about: About) -> bytes:
    """By what we know what they wrote: it matters where a service window is open."""
    return vault.number_key(contact) if about.channel == Channel.WHATSAPP else b""
