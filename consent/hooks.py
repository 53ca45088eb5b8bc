"""A provider's webhook from signature to answer: the beats that all of them share."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from consent import errors, inbound, spool
from consent.http import RETRY_AFTER
from consent.inbound import Delivery, Outcome
from consent.models import Sender
from consent.providers import Refused

log = logging.getLogger(__name__)

DRAIN_EVERY = 1.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One door of a provider.

    `verify` gives the parameters or raises Refused. `deliver` names the delivery they are and must not touch
    the database. `sender` is whom it is for. `understand` acts on it; `is_late` means that nobody waits for an
    answer any more. `is_stop` tells what must be accepted even while the database is down, `is_kept` whether it
    is stored raw. `silence` is the answer that says nothing. `is_for` tells the doors of one address apart.
    """

    door: str
    provider: str
    verify: Callable[[HttpRequest], dict[str, str]]
    deliver: Callable[..., Delivery]
    sender: Callable[[Mapping[str, str]], Sender | None]
    understand: Callable[..., Outcome]
    is_stop: Callable[[Mapping[str, str]], bool]
    is_kept: Callable[[Mapping[str, str]], bool]
    silence: bytes
    media_type: str
    is_for: Callable[[Mapping[str, str]], bool] = lambda _parameters: True


def answer(request: HttpRequest, *doors: Hook) -> HttpResponse:
    """Verify, keep, understand, answer. Never a 500: what cannot be done now is on disk, for the worker.

    Answered by the first of the doors at this address that it is for; they verify alike.

    403 with an empty body for whoever is not our provider; 503 where nothing was recorded. Only a stop is
    accepted (200) before it is recorded, because nobody must have to say it twice.
    """
    now = timezone.now()
    try:
        parameters = doors[0].verify(request)
    except Refused as refusal:
        if refusal.trimmed is not None:
            hook = _door(doors, refusal.trimmed)
            _keep_trimmed(hook, hook.deliver(refusal.trimmed, received_at=now))
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    except DatabaseError:
        log.exception("A webhook could not be checked.")
        return not_now()
    hook = _door(doors, parameters)
    delivery = hook.deliver(parameters, received_at=now)
    try:
        body = _twice(lambda: _answer(hook, delivery, is_late=False))
    except Exception:
        log.exception("A delivery at %s could not be answered now; the worker takes it in.", hook.door)
        return _answer_later(hook, delivery)
    return HttpResponse(body or hook.silence, content_type=hook.media_type)


def _door(doors: Sequence[Hook], parameters: Mapping[str, str]) -> Hook:
    return next((door for door in doors if door.is_for(parameters)), doors[0])


def drain(hook: Hook) -> int:
    """Take in what could not be answered when it came: from the spool, and from processes that died."""
    if time.monotonic() - _last_drained.get(hook.door, 0.0) < DRAIN_EVERY:
        return 0
    _last_drained[hook.door] = time.monotonic()
    done = 0
    for delivery in inbound.left_behind(hook.door, hook.provider):
        _take_in(hook, delivery)
        done += 1
    # Last: a file that always fails raises, and must keep nothing else waiting.
    return done + spool.drain(hook.door, lambda content: _take_in(hook, Delivery.from_bytes(content)))


_last_drained: dict[str, float] = {}


def _take_in(hook: Hook, delivery: Delivery) -> None:
    try:
        errors.settled(lambda: _answer(hook, delivery, is_late=True))
    except Exception as error:
        if errors.passes(error):
            raise
        log.exception("A delivery at %s cannot be understood; staff see it.", hook.door)
        inbound.give_up(delivery, hook.silence)


def _answer(hook: Hook, delivery: Delivery, *, is_late: bool) -> bytes:
    if not hook.is_kept(delivery.parameters):
        return hook.understand(delivery, is_late=is_late).answer
    return inbound.answer_once(delivery, lambda known: hook.understand(known, is_late=is_late))


def _twice(work: Callable[[], bytes]) -> bytes:
    """Do it, and once more where only the kept connection was lost, as after a restart of the database."""
    try:
        return work()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close_if_unusable_or_obsolete()
        if connection.connection is not None:
            raise
    return work()


def _answer_later(hook: Hook, delivery: Delivery) -> HttpResponse:
    try:
        spool.write(hook.door, delivery.to_bytes())
    except OSError:
        log.exception("A delivery could not be spooled either.")
        return not_now()
    if hook.is_stop(delivery.parameters):
        return HttpResponse(hook.silence, content_type=hook.media_type)
    return not_now()


def not_now() -> HttpResponse:
    """Nothing was recorded, and the provider is to try again."""
    return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": RETRY_AFTER})


def _keep_trimmed(hook: Hook, delivery: Delivery) -> None:
    log.error(
        "A proxy in front changes the bodies of webhooks (it cuts off spaces), so their signatures fail. "
        "The message is kept and was not acted on: mend the proxy."
    )
    try:
        inbound.keep(delivery, inbound.State.UNREADABLE, sender=hook.sender(delivery.parameters))
    except DatabaseError:
        log.exception("A refused message could not be kept.")
