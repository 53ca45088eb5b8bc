"""Telling Twilio's own list of consents, 25 of them in a request."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from consent import opening
from consent.models import Subscription
from consent.providers import accounts, twilio
from consent.providers.errors import SendError
from consent.relay.changes import Change
from consent.relay.doors import Trouble
from consent.vocabulary import State

_STATUS = {
    State.GIVEN: "opt-in",
    State.WITHDRAWN: "opt-out",
    State.REVOKED: "opt-out",
    State.INVALIDATED: "opt-out",
    State.LAPSED: "opt-out",
}
_SOURCES = {"website": "website", "paper": "offline", "ivr": "others", "app": "others"}


def tell(subscription: Subscription, changes: Sequence[Change], *, at: datetime) -> int:
    """Tell of every yes and every end on the sender's channel. Raises Trouble; the same again changes nothing."""
    sender = subscription.sender
    assert sender is not None, "the form asks for it"
    items = [item for change in changes if (item := _item(change, sender.channel, sender.address))]
    if not items:
        return 200
    try:
        answer = twilio.look(
            accounts.of(sender), lambda client: client.accounts.v1.bulk_consents.create(items=items)
        )
    except SendError as error:
        raise Trouble(str(error.code)[:80]) from None
    if any(one.get("error_code") for one in answer.items or []):
        raise Trouble("answer.refused", status=207)
    return 201


def _item(change: Change, channel: str, address: str) -> dict[str, Any] | None:
    """One contact's standing as Twilio writes it; None for what its list has no word for."""
    entry = change.entry
    status = _STATUS.get(entry.get("state", ""))
    if status is None or entry["channel"] != channel:
        return None
    try:
        contact = opening.contact_of(UUID(entry["subject"]))
    except opening.Erased:
        return None
    if contact is None:
        return None
    prefix = "whatsapp:" if channel == "whatsapp" else ""
    return {
        "contact_id": f"{prefix}{contact.value}",
        "correlation_id": UUID(entry["id"]).hex,
        "sender_id": f"{prefix}{address}",
        "status": status,
        "source": _SOURCES.get(entry["method"], f"{status}-message"),
        "date_of_consent": entry["event_time"],
    }
