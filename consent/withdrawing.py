"""A stop that a third party brings, as a value: recorded at once, or kept on disk while the database refuses."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError

from consent import recording, spool, telling
from consent.canonical import canonical, moment
from consent.contact import Contact
from consent.models import Company, Purpose
from consent.recording import ConsentEvent, Recorded
from consent.vocabulary import Channel, Possession, State

log = logging.getLogger(__name__)

DOOR = "withdrawals"
EVERY = 1.0  # seconds

_last = 0.0


class Kept(Exception):
    """The database refused; the stop is on disk, and the worker records it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Somebody wants no more messages: of one purpose, or of any; on these channels.

    `reference` is the source's own id: the same stop brought twice is one act.
    """

    company: Company
    contact: Contact
    language: str
    said_at: datetime
    method: str
    evidence: Mapping[str, Any]
    reference: str
    entity: str
    purpose: Purpose | None = None
    channels: tuple[str, ...] = field(default_factory=lambda: tuple(Channel.values))
    clock: str = ""

    def events(self) -> list[ConsentEvent]:
        """One for each channel."""
        return [
            ConsentEvent(
                company=self.company, contact=self.contact, purpose=self.purpose, channel=channel,
                state=State.WITHDRAWN, notice=None, language=self.language, event_time=self.said_at,
                method=self.method, evidence=self.evidence, reference=self.reference, entity=self.entity,
                possession=Possession.NONE, clock=self.clock,
            )
            for channel in self.channels
        ]  # fmt: skip


def record(stop: Stop) -> Recorded:
    """Record a stop, in force when this returns, and tell its person once. Raises Kept, and OSError where not even the
    disk takes it.
    """
    try:
        return _record(stop)
    except (DatabaseError, InterfaceError) as error:
        log.exception("A stop could not be recorded now; the worker takes it in.")
        spool.write(DOOR, _bytes(stop))
        raise Kept from error


def drain() -> int:
    """Record the stops that waited on disk, as of when they were said. Returns how many those were."""
    global _last
    if time.monotonic() - _last < EVERY:
        return 0
    _last = time.monotonic()
    return spool.drain(DOOR, _take_in)


def _record(stop: Stop) -> Recorded:
    told = telling.of_stop_for(stop.contact, stop.company, channels=stop.channels, purpose=stop.purpose)
    return recording.record(*stop.events(), tell=told)


def _take_in(content: bytes) -> None:
    _record(_stop(content))


def _bytes(stop: Stop) -> bytes:
    return canonical(
        {
            "company": stop.company.pk,
            "scheme": stop.contact.scheme,
            "value": stop.contact.value,
            "language": str(stop.language),
            "said_at": moment(stop.said_at),
            "method": stop.method,
            "evidence": dict(stop.evidence),
            "reference": stop.reference,
            "entity": stop.entity,
            "purpose": stop.purpose.pk if stop.purpose else 0,
            "channels": [str(channel) for channel in stop.channels],
            "clock": stop.clock,
        }
    )


def _stop(content: bytes) -> Stop:
    kept: dict[str, Any] = json.loads(content)
    return Stop(
        company=Company.objects.get(pk=kept["company"]),
        contact=Contact(kept["scheme"], kept["value"]),
        language=kept["language"],
        said_at=datetime.fromisoformat(kept["said_at"]),
        method=kept["method"],
        evidence=kept["evidence"] | {"kept_on_disk": True},
        reference=kept["reference"],
        entity=kept["entity"],
        purpose=Purpose.objects.get(pk=kept["purpose"]) if kept["purpose"] else None,
        channels=tuple(kept["channels"]),
        clock=kept["clock"],
    )
