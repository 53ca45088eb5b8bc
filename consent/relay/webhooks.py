"""Telling a webhook: signed, thin, in order, and what its answers mean."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from django.conf import settings

from consent import vault
from consent.canonical import moment
from consent.http import HOP
from consent.models import Subscription
from consent.providers import outside
from consent.providers.egress import Answer, Failure
from consent.relay import doors, signing
from consent.relay.changes import Change
from consent.relay.doors import Trouble

LONGEST_WAIT = 24 * 60 * 60.0  # seconds that a receiver may ask for


def tell(subscription: Subscription, changes: Sequence[Change], *, at: datetime) -> int:
    """Tell of changes, all in one message; returns the status. Raises Trouble.

    The same changes again have the same id; each change has its own, by which a receiver knows what it has seen.
    """
    events = [change.event for change in changes]
    message = f"msg_{changes[0].entry['id']}_{changes[-1].index}"
    return _post(
        subscription, message, {"type": "consent.changes", "timestamp": moment(at), "data": events}, at=at
    )


def try_out(subscription: Subscription, *, at: datetime) -> int:
    """Send a message that says nothing has changed; returns the status. Raises Trouble."""
    return _post(
        subscription, f"msg_{vault.new_id()}", {"type": "test", "timestamp": moment(at), "data": []}, at=at
    )


def _post(subscription: Subscription, message: str, content: Mapping[str, Any], *, at: datetime) -> int:
    door = doors.open_(subscription)
    body = json.dumps(content, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Optin",
        HOP: settings.OPTIN_LOG_ORIGIN,
        **signing.headers(message, body, keys=door.keys(at), at=at),
    }
    try:
        # Whoever says yes has it, however long they go on talking.
        answer = outside.ask("POST", door.url, body=body, headers=headers, is_status_enough=True)
    except Failure as failure:
        raise Trouble(failure.code) from None
    return accepted(answer, at=at)


def accepted(answer: Answer, *, at: datetime) -> int:
    """The status of an answer that says yes. Raises Trouble for every other one, a redirect among them."""
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return status
    if status == HTTPStatus.GONE:
        raise Trouble("answer.gone", status=status, is_gone=True)
    if status == HTTPStatus.LOOP_DETECTED:
        raise Trouble("answer.loop", status=status, is_gone=True)
    raise Trouble("answer.refused", status=status, wait=_wait(answer.headers.get("Retry-After", ""), at))


def _wait(text: str, at: datetime) -> float | None:
    """How long a receiver asks us to wait, in seconds: a number or a date (RFC 9110 10.2.3)."""
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - at).total_seconds(), 0.0), LONGEST_WAIT)
