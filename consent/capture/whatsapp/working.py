"""What is made of Meta's batches, in the background: taken apart first, then each update by itself."""

import logging
from typing import Any

from django.db import transaction

from consent import errors, hooks, inbound, spool
from consent.capture.whatsapp import from_meta, from_twilio, statuses, updates
from consent.capture.whatsapp.webhook import DOOR
from consent.inbound import Delivery
from consent.models import InboundMessage

log = logging.getLogger(__name__)

MOST_BATCHES = 10
MOST_UPDATES = 200


def drain() -> int:
    """Take in what waits: what could not be answered, whole batches, then single updates."""
    done = 0
    for batch in inbound.waiting(DOOR, updates.PROVIDER, limit=MOST_BATCHES):
        take_apart(batch)
        done += 1
    for update in inbound.waiting(updates.DOOR, updates.PROVIDER, limit=MOST_UPDATES):
        take_in(update)
        done += 1
    # Last: a file that always fails raises, and must keep nothing else waiting.
    done += spool.drain(DOOR, lambda content: inbound.keep(Delivery.from_bytes(content)))
    return done + hooks.drain(from_twilio.HOOK)


def take_apart(batch: Delivery) -> None:
    """Keep every update of a batch by itself, and let go of the whole.

    A status that only says how far a message of ours got is acted on at once, and not kept: its message is.
    """
    try:
        errors.settled(lambda: _take_apart(batch))
    except Exception as error:
        if errors.passes(error):
            raise
        log.error("A batch of Meta's cannot be read; it is kept for staff.")
        inbound.give_up(batch, b"")


def _take_apart(batch: Delivery) -> None:
    found = updates.read(batch.parameters["body"])
    signed_for = batch.parameters["signed_for"]
    deliveries = [update.delivery(signed_for=signed_for, received_at=batch.received_at) for update in found]
    to_keep = [each for each in deliveries if not (statuses.is_plain(each) and _is_acted_on(each))]
    with transaction.atomic():
        if _is_there(batch):
            inbound.keep_all(to_keep)
            inbound.drop(batch)


def take_in(update: Delivery) -> None:
    """Understand one update, once; one that cannot be understood is left to staff and harms no other."""
    try:
        errors.settled(lambda: inbound.answer_kept(update, from_meta.understand))
    except Exception as error:
        if errors.passes(error):
            raise
        log.exception("An update of Meta's cannot be understood; staff see it.")
        inbound.give_up(update, b"")


def _is_acted_on(status: Delivery) -> bool:
    """Act on a status; False where it says what cannot be acted on: then staff see it."""
    try:
        statuses.act_on(status)
    except Exception as error:
        if errors.passes(error):
            raise
        return False
    return True


def _is_there(batch: Delivery) -> Any:
    """Whether no other worker has taken a batch apart; it waits for us from now on."""
    return InboundMessage.objects.select_for_update().filter(event=batch.key).first()
