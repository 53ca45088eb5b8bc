"""When something was said: by our own clock, or by another's as far as that can be believed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from consent.history import CLOCKS_DIFFER, INEXACT

OURS = ""
OLDEST = timedelta(days=8)  # Meta delivers for seven days; what claims to be older is no time


@dataclass(frozen=True, slots=True)
class SaidAt:
    """A moment and whose clock it is by. `claim` is what the other clock said, word for word, as evidence."""

    at: datetime
    clock: str = OURS
    claim: str = ""
    is_believed: bool = True

    def evidence(self) -> dict[str, Any]:
        """What an auditor must know of it; nothing where there is our clock alone."""
        if self.is_believed:
            return {"said_at": self.claim} if self.claim else {}
        return {"said_at": self.claim, "bad_time": True}


def now() -> SaidAt:
    """This moment, by our clock."""
    return SaidAt(timezone.now())


def said_at(timestamp: object, *, clock: str, received_at: datetime) -> SaidAt:
    """When a provider says that something was written (seconds since 1970, as number or text).

    Never after we received it: a clock that runs ahead is cut off there, and so is a claim that is no time at all or
    one that nobody would still deliver, which the evidence says. What was cut off is compared with nothing exactly:
    a yes that was long on its way would else come out later than the stop that followed it.
    """
    claim = str(timestamp)[:40]
    seconds = int(claim) if claim.isascii() and claim.isdigit() and len(claim) < 12 else -1
    received = int(received_at.timestamp())
    if not received - OLDEST.total_seconds() < seconds <= received + CLOCKS_DIFFER.total_seconds():
        return SaidAt(received_at, clock + INEXACT, claim, is_believed=False)
    at = datetime.fromtimestamp(seconds, UTC)
    if at >= received_at:
        return SaidAt(received_at, clock + INEXACT, claim)
    return SaidAt(at, clock, claim)
