"""What a subscriber is told: the entries of the log that are about its company, as thin events without a number."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consent.models import LogEntry, LogHead, Subscription

READ = 1_000  # entries looked at together
# Changes told together: a webhook takes many, Twilio 25 in a request, and a workspace some calls for each.
AT_ONCE = {Subscription.Kind.WEBHOOK: 100, Subscription.Kind.RAPIDPRO: 20, Subscription.Kind.TWILIO: 25}

# What is no consent has a name of its own.
_TYPES = {"erased": "person.erased", "quality": "quality.changed"}
_KEPT = (
    "sender",
    "facet",
    "was",
    "now",
    "subject",
    "act",
    "purpose",
    "channel",
    "state",
    "event_time",
    "recorded_at",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the log, as subscribers are told of it. `kind` is a Subscription.Event."""

    index: int
    kind: str
    entry: dict[str, Any]

    @property
    def event(self) -> dict[str, Any]:
        """What stands in a webhook: ids, words and times."""
        kept = {name: self.entry[name] for name in _KEPT if name in self.entry}
        kind = _TYPES.get(self.kind, f"consent.{self.kind}")
        return {"id": self.entry["id"], "type": kind, "log_index": self.index, **kept}


@dataclass(frozen=True, slots=True)
class Portion:
    """Changes to tell together, and the entry after the last one looked at."""

    changes: Sequence[Change]
    next: int


def size() -> int:
    """How many entries have a place."""
    return LogHead.objects.values_list("size", flat=True).first() or 0


def after(subscription: Subscription) -> Portion:
    """The next changes that a subscriber is to be told of; those it does not ask for are passed over."""
    is_webhook = subscription.kind == Subscription.Kind.WEBHOOK
    types = ("consent", "erased", "quality") if is_webhook else ("consent", "erased")
    wanted = frozenset(subscription.events)
    whose = f'"company":"{subscription.company.slug}"'.encode()
    position, most = subscription.position, AT_ONCE[Subscription.Kind(subscription.kind)]
    rows = LogEntry.objects.filter(index__gte=position).order_by("index").values_list("index", "data")[:READ]
    found: list[Change] = []
    for index, data in rows:
        if whose in bytes(data):  # canonical bytes: a name stands in them in one way only
            entry = json.loads(bytes(data))
            kind = entry["state"] if entry["type"] == "consent" else entry["type"]
            is_theirs = entry.get("company") == subscription.company.slug
            if is_theirs and kind in wanted and entry["type"] in types:
                found.append(Change(index, kind, entry))
        position = index + 1
        if len(found) == most:
            break
    return Portion(found, position)
