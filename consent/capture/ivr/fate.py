"""How far our own call got: what Twilio says of it, in any order, and who took it."""

import re
from collections.abc import Mapping
from datetime import datetime

from django.db.models import Value
from django.db.models.functions import Coalesce

from consent.models import OutboundMessage

State = OutboundMessage.State

# Twilio's words for where a call is, as ours; the others come before anybody answered and change nothing.
STATES = {
    "in-progress": State.SENT,
    "completed": State.DELIVERED,
    "busy": State.FAILED,
    "no-answer": State.FAILED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}
# A call only moves to the right, so callbacks may overtake one another and our own worker.
ORDER = (State.QUEUED, State.UNCERTAIN, State.SENT, State.FAILED, State.DELIVERED)
MACHINE = "call.machine"

_MACHINE = re.compile(r"machine_|fax")


def is_machine(parameters: Mapping[str, str]) -> bool:
    """Whether a machine took our call: it never consents, and hears nothing of anybody."""
    return bool(_MACHINE.match(parameters.get("AnsweredBy", "")))


def advance(message: OutboundMessage, parameters: Mapping[str, str], *, at: datetime) -> None:
    """Move a call of ours forward. One that nobody took is not made again: asks never remind. One query."""
    status = parameters.get("CallStatus", "")
    if is_machine(parameters):
        state, error = State.FAILED, MACHINE
    elif status in STATES:
        state, error = STATES[status], f"call.{status}" if STATES[status] == State.FAILED else ""
    else:
        return
    row = OutboundMessage.objects.filter(pk=message.pk, state__in=ORDER[: ORDER.index(state)])
    row.exclude(error=MACHINE).update(
        state=state,
        error=error,
        provider_id=parameters.get("CallSid", "")[:80],
        sent_at=Coalesce("sent_at", Value(at)),
        lease_until=None,
    )
