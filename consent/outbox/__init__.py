"""Sending what was queued: claimed with a lease, within budgets, and never twice for one message."""

from consent.outbox.answering import reply, reply_now, tell
from consent.outbox.budgets import DAY, charge, has_room, is_free
from consent.outbox.claiming import CODE_LIVES, LEASE, claim
from consent.outbox.fate import advance, expire, release, saw
from consent.outbox.sending import MOST_ATTEMPTS, WINDOW, drain, send

__all__ = [
    "CODE_LIVES",
    "DAY",
    "LEASE",
    "MOST_ATTEMPTS",
    "WINDOW",
    "advance",
    "charge",
    "claim",
    "drain",
    "expire",
    "has_room",
    "is_free",
    "release",
    "reply",
    "reply_now",
    "saw",
    "send",
    "tell",
]
