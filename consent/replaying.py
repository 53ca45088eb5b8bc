"""Taking in again what a provider delivered and nobody could answer, once the cause is mended."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import Enum

from django.db import DatabaseError, transaction
from django.utils import timezone

from consent import catalogue, delivery, dialogue, inbound, journal, vault
from consent.capture import sms
from consent.capture.ivr import statuses, webhook
from consent.capture.whatsapp import from_meta, from_twilio, updates
from consent.dialogue import SaidAt
from consent.hooks import Hook
from consent.inbound import Delivery, Outcome, State
from consent.models import InboundMessage, Sender
from consent.providers import accounts, meta_numbers

log = logging.getLogger(__name__)

HOOKS = (sms.HOOK, from_twilio.HOOK, webhook.HOOK, statuses.HOOK, delivery.HOOK)
AGAIN = frozenset({State.UNROUTED, State.UNREADABLE, State.CONFLICT})
LOOK_BACK = timedelta(days=90)
MOST_AT_ONCE = 1000


class Again(Enum):
    """What came of taking a delivery in again."""

    UNDERSTOOD = "understood"
    STOPPED = "stopped"  # it was a stop beside another message with the same id, and counts by itself
    AS_BEFORE = "as before"
    NOT_OPEN = "not open"  # it was answered, or no door takes its kind in again
    BROKEN = "broken"  # the seal does not open


def can_be(message: InboundMessage) -> bool:
    """Whether a door takes a delivery in again."""
    return message.state in AGAIN and (message.provider, message.door) in _understanding()


def take_in(message: InboundMessage, *, by: str) -> Again:
    """Understand a kept delivery as if it came now, except that a yes does not count any more.

    A stop counts from the moment at which it was received first. The provider's answer stays what it was.
    """
    if not can_be(message):
        return Again.NOT_OPEN
    catalogue.forget()
    accounts.forget()
    meta_numbers.forget()
    try:
        return _take_in(message, by=by)
    except vault.SealBroken:
        return Again.BROKEN
    except DatabaseError:
        raise
    except Exception:
        log.exception("A delivery still cannot be understood; staff see it.")
        return Again.AS_BEFORE


def reconcile(sender: Sender, *, by: str) -> int:
    """Take in what came for a sender before it was known here; how many were."""
    since = timezone.now() - LOOK_BACK
    found = InboundMessage.objects.filter(state=State.UNROUTED, received_at__gt=since)
    taken = [
        take_in(message, by=by)
        for message in found.order_by("received_at")[:MOST_AT_ONCE]
        if _names(message, sender)
    ]
    return sum(again is not Again.AS_BEFORE for again in taken)


def _take_in(message: InboundMessage, *, by: str) -> Again:
    with transaction.atomic():
        row = InboundMessage.objects.select_for_update().get(pk=message.pk)
        if row.state not in AGAIN:
            return Again.NOT_OPEN
        known = inbound.opened(row)
        if row.state == State.CONFLICT:
            return _beside_another(row, known, by=by)
        outcome = _understanding()[row.provider, row.door](known)
        if outcome.state == row.state and outcome.sender == row.sender:
            return Again.AS_BEFORE
        row.state, row.sender = outcome.state, outcome.sender
        row.save(update_fields=["state", "sender"])
        if row.sender is not None:
            _write_down(row, row.sender, by=by)
    return Again.UNDERSTOOD if row.state not in AGAIN else Again.AS_BEFORE


def _beside_another(row: InboundMessage, known: Delivery, *, by: str) -> Again:
    """A delivery that only shares its id with an earlier one is none of ours to answer; but a stop is a stop."""
    hook = next((hook for hook in HOOKS if (hook.provider, hook.door) == (row.provider, row.door)), None)
    sender = hook.sender(known.parameters) if hook else None
    if hook is None or sender is None or known.contact is None or not hook.is_stop(known.parameters):
        return Again.AS_BEFORE
    dialogue.withdraw_everything(
        sender=sender, contact=known.contact, method=sender.channel, reference=f"conflict:{row.pk}",
        evidence={"parameters": dict(known.parameters), "provider": known.provider, "taken_in_by": by},
        said_at=SaidAt(known.received_at),
    )  # fmt: skip
    _write_down(row, sender, by=by)
    return Again.STOPPED


def _write_down(row: InboundMessage, sender: Sender, *, by: str) -> None:
    journal.write(
        "taken_in_again", company=sender.company, at=timezone.now(), entity=by, delivery=str(row.pk),
        outcome=row.state,
    )  # fmt: skip


def _names(message: InboundMessage, sender: Sender) -> bool:
    """Whether a delivery speaks of a sender's number."""
    try:
        parameters = inbound.opened(message).parameters
    except vault.SealBroken:
        return False
    ours = {sender.address, f"whatsapp:{sender.address}"}
    return bool(ours.intersection(parameters.get(name, "") for name in ("To", "From"))) or (
        bool(sender.number_id) and parameters.get("number_id") == sender.number_id
    )


def _understanding() -> Mapping[tuple[str, str], Callable[[Delivery], Outcome]]:
    """How each door understands what comes late."""
    late = {(hook.provider, hook.door): _late(hook) for hook in HOOKS}
    return {**late, (updates.PROVIDER, updates.DOOR): _from_meta}


def _from_meta(known: Delivery) -> Outcome:
    """Understand an update of Meta's, also for a number that was entered here after it was signed."""
    number, signed_for = known.parameters["number_id"], known.parameters["signed_for"].split()
    if number not in signed_for and meta_numbers.share_an_app(number, signed_for):
        parameters = {**known.parameters, "signed_for": " ".join([*signed_for, number])}
        known = replace(known, parameters=parameters)
    return from_meta.understand(known)


def _late(hook: Hook) -> Callable[[Delivery], Outcome]:
    return lambda known: hook.understand(known, is_late=True)
