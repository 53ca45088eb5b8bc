"""Whether a message may be sent, and why."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.utils import timezone

from consent import history, vault
from consent.contact import Contact
from consent.history import About, Known
from consent.models import Hold

log = logging.getLogger(__name__)

# An answer may be used this long and no longer: a withdrawal must reach every sender within it.
ANSWER_LIVES = timedelta(seconds=60)


class Reason(StrEnum):
    """The closed list of reasons; `given` allows, every other denies."""

    GIVEN = "given"
    NO_RECORD = "no_record"
    REQUESTED = "requested"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    INVALIDATED = "invalidated"
    EXPIRED = "expired"
    HELD = "held"  # something they wrote may be a stop; staff will judge it
    BLOCKED = "blocked"  # they stopped our offers at the platform itself
    MALFORMED = "malformed"  # of many: this one is no contact
    UNKNOWN_PURPOSE = "unknown_purpose"
    UNAVAILABLE = "unavailable"


HOLDS = {Hold.Kind.UNSURE.value: Reason.HELD, Hold.Kind.BLOCKED.value: Reason.BLOCKED}


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to "may I send this?": it rests on `record` and may be relied on until `valid_until`."""

    allow: bool
    reason: Reason
    at: datetime
    valid_until: datetime
    record: UUID | None = None


def may_send(
    contact: Contact,
    *,
    company: int,
    channel: str,
    purpose: str = "",
    category: str = "",
    at: datetime | None = None,
) -> Decision:
    """Whether `company` may write to `contact` on a channel about a purpose (its slug), or about any purpose of
    a category, at a moment (now).

    One query, on the primary database. Whatever goes wrong is a no with the reason `unavailable`.
    """
    about = About(company, channel, purpose, category, at)
    moment = at or timezone.now()
    try:
        return _decide(history.look(about, vault.lookup(company, contact)), about, moment)
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
    at: datetime | None = None,
) -> list[Decision]:
    """`may_send` for many contacts, in their order and of one snapshot. One query on PostgreSQL."""
    about = About(company, channel, purpose, category, at)
    moment = at or timezone.now()
    try:
        lookups = [vault.lookup(company, contact) for contact in contacts]
        known = history.look_at_many(about, lookups)
        if known is None:
            return [_deny(Reason.UNKNOWN_PURPOSE, moment)] * len(lookups)
        nothing = _deny(Reason.NO_RECORD, moment)
        return [_decide(known[one], about, moment) if one in known else nothing for one in lookups]
    except Exception:
        log.exception("Decisions could not be made; all were answered with a no.")
        return [Decision(False, Reason.UNAVAILABLE, moment, valid_until=moment)] * len(contacts)


def _decide(known: Mapping[int, Known], about: About, moment: datetime) -> Decision:
    """The best answer among the purposes asked about: any of them may carry the message."""
    if not known:
        return _deny(Reason.UNKNOWN_PURPOSE, moment)
    decided = [_decide_one(one, about, moment) for one in known.values()]
    if len(decided) == 1:
        return decided[0]
    return min(decided, key=lambda one: (not one.allow, one.reason == Reason.NO_RECORD))


def _decide_one(known: Known, about: About, moment: datetime) -> Decision:
    if about.at is None and known.events:
        # Another machine's clock may run ahead of ours: what it recorded is known all the same.
        moment = max(moment, *(event.recorded_at for event in known.events))
    standing = history.fold(known.events, moment)
    if standing.state == history.NOTHING:
        return _deny(Reason.NO_RECORD, moment)
    if standing.is_given and known.hold:
        return Decision(False, HOLDS[known.hold], moment, moment + ANSWER_LIVES, standing.record)
    valid_until = moment + ANSWER_LIVES
    if standing.is_given and standing.until is not None:
        valid_until = min(valid_until, standing.until)
    return Decision(standing.is_given, Reason(standing.state), moment, valid_until, standing.record)


def _deny(reason: Reason, moment: datetime) -> Decision:
    return Decision(False, reason, moment, moment + ANSWER_LIVES)
