"""What providers deliver: kept sealed and raw before it is understood, and answered once.

Stored first, in a transaction of its own; understood, recorded and answered in a second one that holds the
row. So a delivery is never lost to a crash, and the same one again, even fifty times at once, finds the first
one's answer.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from consent import vault
from consent.canonical import canonical, moment
from consent.contact import Contact
from consent.models import InboundMessage, Sender

log = logging.getLogger(__name__)

State = InboundMessage.State

# A delivery that is still not answered then was left behind by a process that died.
LEFT_BEHIND = timedelta(seconds=60)
# Twilio adds these when it calls again at another address; they are no part of what the person wrote.
# What Meta says around a message changes with the batch it comes in, and whom its app speaks for with our keys.
# Which token signed is noted by us.
_ABOUT_THE_CALL = frozenset({"ErrorCode", "ErrorUrl", "beside", "signed_for", "signed_by"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One thing a provider delivered at a door: `event` is the provider's own id of it, in parts."""

    door: str
    provider: str
    event: tuple[str, ...]
    parameters: Mapping[str, str]
    received_at: datetime
    contact: Contact | None = None

    @property
    def key(self) -> bytes:
        """The keyed hash under which the same event is found again; such ids may hold a number."""
        return vault.digest("inbound", self.provider, *self.event)

    @property
    def digest(self) -> bytes:
        """A keyed hash of the content, to tell a repetition from a conflict."""
        content = {name: value for name, value in self.parameters.items() if name not in _ABOUT_THE_CALL}
        return vault.digest("inbound content", canonical(content).decode())

    def to_bytes(self) -> bytes:
        """Everything needed to take it in again later."""
        return canonical(
            {
                "door": self.door,
                "provider": self.provider,
                "event": list(self.event),
                "parameters": dict(self.parameters),
                "received_at": moment(self.received_at),
                "contact": [self.contact.scheme, self.contact.value] if self.contact else [],
            }
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> "Delivery":
        """What `to_bytes` wrote."""
        fields: dict[str, Any] = json.loads(content)
        return cls(
            door=fields["door"],
            provider=fields["provider"],
            event=tuple(fields["event"]),
            parameters=fields["parameters"],
            received_at=datetime.fromisoformat(fields["received_at"]),
            contact=Contact(*fields["contact"]) if fields["contact"] else None,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery: its state for staff, the answer its provider gets, and whom it was for."""

    state: str
    answer: bytes
    sender: Sender | None = None


def answer_once(delivery: Delivery, understand: Callable[[Delivery], Outcome]) -> bytes:
    """The answer to a delivery: worked out by `understand` the first time, the same bytes ever after.

    Three queries besides those of `understand`: insert, read under lock, write the answer. A delivery that
    only shares its id with an earlier one gets the earlier one's answer and is kept beside it. Raises what
    `understand` raises; the delivery is kept then, and `left_behind` finds it.
    """
    keep(delivery)
    return answer_kept(delivery, understand)


def answer_kept(delivery: Delivery, understand: Callable[[Delivery], Outcome]) -> bytes:
    """The same for a delivery that was kept before."""
    with transaction.atomic():
        messages = InboundMessage.objects.select_for_update().exclude(state=State.CONFLICT)
        first = messages.get(event=delivery.key)
        is_same = bytes(first.digest) == delivery.digest
        if is_same and first.state == State.RECEIVED:
            outcome = understand(delivery)
            first.state, first.answer, first.sender = outcome.state, outcome.answer, outcome.sender
            first.save(update_fields=["state", "answer", "sender"])
    if not is_same:
        _keep_conflict(delivery, first)
    return bytes(first.answer)


def keep(delivery: Delivery, state: str = State.RECEIVED, *, sender: Sender | None = None) -> None:
    """Store a delivery, sealed; one whose event is there already changes nothing."""
    InboundMessage.objects.bulk_create([_row(delivery, state, sender)], ignore_conflicts=True)


def give_up(delivery: Delivery, answer: bytes) -> None:
    """Leave a delivery that cannot be understood to staff."""
    InboundMessage.objects.filter(event=delivery.key, state=State.RECEIVED).update(
        state=State.UNREADABLE, answer=answer
    )


def keep_all(deliveries: Sequence[Delivery]) -> None:
    """Store many deliveries, worked on later in the order given. What only shares an id is kept beside it."""
    ids = sorted(vault.new_id() for _delivery in deliveries)
    rows = [
        _row(delivery, State.RECEIVED, None, number=number)
        for number, delivery in zip(ids, deliveries, strict=True)
    ]
    InboundMessage.objects.bulk_create(rows, ignore_conflicts=True)
    firsts = InboundMessage.objects.filter(event__in=[row.event for row in rows])
    first_of = {bytes(first.event): first for first in firsts.exclude(state=State.CONFLICT)}
    for row, delivery in zip(rows, deliveries, strict=True):
        first = first_of[bytes(row.event)]
        if bytes(first.digest) != bytes(row.digest):
            _keep_conflict(delivery, first)


def drop(delivery: Delivery) -> None:
    """Let go of a delivery whose every part is kept by itself."""
    InboundMessage.objects.filter(event=delivery.key).delete()


def waiting(door: str, provider: str, *, limit: int) -> Sequence[Delivery]:
    """Deliveries of a door that nobody has worked on yet, the oldest first."""
    rows = InboundMessage.objects.filter(door=door, provider=provider, state=State.RECEIVED)
    return _readable(rows.order_by("received_at", "id")[:limit])


def wrote_since(sender: Sender, number_key: bytes, since: datetime) -> bool:
    """Whether whoever has this number wrote to a sender after a moment."""
    return InboundMessage.objects.filter(sender=sender, number_key=number_key, received_at__gt=since).exists()


def left_behind(door: str, provider: str) -> Iterable[Delivery]:
    """Deliveries of a door whose process died before it answered."""
    rows = InboundMessage.objects.filter(
        provider=provider, state=State.RECEIVED, received_at__lt=timezone.now() - LEFT_BEHIND
    )
    return [one for one in _readable(rows.order_by("received_at")[:100]) if one.door == door]


def opened(message: InboundMessage) -> Delivery:
    """A kept delivery, readable. Raises vault.SealBroken."""
    return Delivery.from_bytes(vault.open_system(item=_item(message), sealed=bytes(message.sealed)))


def _readable(rows: Iterable[InboundMessage]) -> list[Delivery]:
    """Deliveries as they came; one that does not open is left to staff, and keeps no other waiting."""
    found = []
    for row in rows:
        try:
            found.append(opened(row))
        except vault.SealBroken:
            log.error("A kept delivery does not open; staff see it.")
            InboundMessage.objects.filter(pk=row.pk, state=State.RECEIVED).update(state=State.UNREADABLE)
    return found


def _row(
    delivery: Delivery, state: str, sender: Sender | None, *, number: UUID | None = None
) -> InboundMessage:
    row = InboundMessage(
        id=number or vault.new_id(),
        event=delivery.key,
        provider=delivery.provider,
        door=delivery.door,
        sender=sender,
        state=state,
        digest=delivery.digest,
        number_key=vault.number_key(delivery.contact) if delivery.contact else b"",
        received_at=delivery.received_at,
    )
    row.sealed = vault.seal_system(item=_item(row), plaintext=delivery.to_bytes())
    return row


def _item(message: InboundMessage) -> bytes:
    return b"inbound" + message.pk.bytes


def _keep_conflict(delivery: Delivery, first: InboundMessage) -> None:
    conflicts = InboundMessage.objects.filter(event=delivery.key, state=State.CONFLICT)
    if not any(bytes(digest) == delivery.digest for digest in conflicts.values_list("digest", flat=True)):
        keep(delivery, State.CONFLICT, sender=first.sender)
        log.error("%s delivered one id with two contents; the first one counts.", delivery.provider)
