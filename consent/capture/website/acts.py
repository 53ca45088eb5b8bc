"""What became of an act that waits for its proof, as far as whoever sent the form may know."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from consent import receipts, vault
from consent.catalogue import Ask
from consent.models import ConsentRecord, OutboundMessage
from consent.vocabulary import State

WAITING = "waiting"
GIVEN = "given"
DECLINED = "declined"
OVER = "over"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where an act stands, and the act whose receipt may be shown here, if any."""

    state: str
    receipt: UUID | None = None


def look(act: UUID, *, ask: Ask, now: datetime) -> Outcome | None:
    """What became of an act of this capture point; None for an act of another one.

    Whoever sent the form may have typed somebody else's number. So nothing is said here about that person
    but what this very form asked: a receipt that says more stays with the person, who got it by message.
    """
    points = set(ConsentRecord.objects.filter(act=act).values_list("point", flat=True))
    if points - {ask.point.pk}:
        return None
    requested = _boxes(act)  # none where a program filled in the form: a wait that nothing ends
    if requested and all(state == State.GIVEN for state in requested.values()):
        return Outcome(GIVEN, receipt=act)
    answering = receipts.answering(act)
    if answering is not None:
        answered = _boxes(answering)
        if State.GIVEN not in answered.values():
            return Outcome(DECLINED)
        return Outcome(GIVEN, receipt=answering if answered.keys() <= requested.keys() else None)
    is_old = now - vault.made_at(act) > timedelta(hours=settings.OPTIN_ASK_TTL_HOURS)
    return Outcome(OVER if is_old else WAITING)


def number_key(act: UUID) -> bytes | None:
    """The keyed hash of the number that an act's question went to; None where there is none."""
    asked = OutboundMessage.objects.filter(act=act, kind=OutboundMessage.Kind.ASK)
    found = asked.values_list("number_key", flat=True).first()
    return bytes(found) if found else None


def _boxes(act: UUID) -> dict[tuple[str, int | None], str]:
    records = ConsentRecord.objects.filter(act=act).values_list("channel", "purpose", "state")
    return {(channel, purpose): state for channel, purpose, state in records}
