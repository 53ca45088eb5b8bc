"""What Meta says of a number's or an account's health: kept as readings of ours that the signing app speaks for."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from consent.inbound import Delivery, Outcome, State
from consent.models import Sender
from consent.quality import clocks, from_meta, keeping, polling
from consent.quality.reading import Source

log = logging.getLogger(__name__)

NOTHING = b""


def is_one(parameters: Mapping[str, str]) -> bool:
    """Whether an update is about the health of a number or an account; by its shape, where Meta names it wrongly."""
    return parameters["kind"] == "other" and (
        parameters["field"] in from_meta.FIELDS or "new_quality_score" in parameters["content"]
    )


def understand(delivery: Delivery) -> Outcome:
    """Keep what an update says for every number of ours that it is about, and ask those anew soon.

    What says nothing that we know is left to staff, as it came.
    """
    parameters = delivery.parameters
    content = json.loads(parameters["content"])
    found = (
        from_meta.told(parameters["field"], content, received_at=delivery.received_at)
        if isinstance(content, dict)
        else []
    )
    if not found:
        return Outcome(State.UNREADABLE, NOTHING)
    senders = _about(parameters, from_meta.display_number(content))
    if not senders:
        log.error("An update came about an account or number that is not ours; it is kept as unrouted.")
        return Outcome(State.UNROUTED, NOTHING)
    one_number = bool(from_meta.display_number(content))
    # All numbers of an account share what is about it: written down once for each company.
    told = senders if one_number else list({sender.company_id: sender for sender in senders}.values())
    for sender in told:
        read_at = clocks.of(sender).shown(delivery.received_at)
        said = from_meta.told(parameters["field"], content, received_at=read_at)
        mine = [replace(one, number=sender.pk) for one in said] if one_number else said
        keeping.keep(sender, mine, source=Source.WEBHOOK, read_at=read_at)
    for sender in senders:
        polling.soon(sender, at=delivery.received_at)
    return Outcome(State.ANSWERED, NOTHING, senders[0])


def _about(parameters: Mapping[str, str], digits: str) -> Sequence[Sender]:
    """Our numbers of an account for which the app may speak; the one with these digits where there are any."""
    senders = Sender.objects.select_related("company").filter(
        account=parameters["account"], number_id__in=parameters["signed_for"].split()
    )
    return [one for one in senders.order_by("pk") if not digits or one.address.removeprefix("+") == digits]
