"""Whether a message may be sent, and why."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.utils import timezone

from consent import history, vault
from consent.contact import Contact
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
    contact: Contact, *, company: int, channel: str, purpose: str, at: datetime | None = None
) -> Decision:
    """Whether `company` may write to `contact` about a purpose (its slug) on a channel, at a moment (now).

    One query, on the primary database. Whatever goes wrong is a no with the reason `unavailable`.
    """
    moment = at or timezone.now()
    try:
        known = history.look(
            company=company, lookup=vault.lookup(company, contact), channel=channel, purpose=purpose, at=at
        )
        if (
            at is None
        ):  # another machine's clock may run ahead of ours: what it recorded is known all the same
            moment = max([moment, *(event.recorded_at for event in (known.events if known else ()))])
        return _decide(known, moment)
    except Exception:
        log.exception("A decision could not be made; it was answered with a no.")
        return Decision(False, Reason.UNAVAILABLE, moment, valid_until=moment)  # ask again at once


def _decide(known: history.Known | None, moment: datetime) -> Decision:
    if known is None:
        return _deny(Reason.UNKNOWN_PURPOSE, moment)
    standing = history.fold(known.events, moment)
    if standing.state == history.NOTHING:
        return _deny(Reason.NO_RECORD, moment)
    valid_until = min(filter(None, [moment + ANSWER_LIVES, standing.until if standing.is_given else None]))
    if standing.is_given and known.hold:
        return Decision(False, HOLDS[known.hold], moment, moment + ANSWER_LIVES, standing.record)
    return Decision(standing.is_given, Reason(standing.state), moment, valid_until, standing.record)


def _deny(reason: Reason, moment: datetime) -> Decision:
    return Decision(False, reason, moment, moment + ANSWER_LIVES)
