"""Telling every subscriber that is due, each in a thread of its own: one that hangs keeps nobody waiting."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from consent import errors
from consent.models import Attempt, Subscription
from consent.relay import changes, hearing, twilio_list, webhooks, workspaces
from consent.relay.changes import Change
from consent.relay.doors import Trouble
from consent.vault import SealBroken

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # longer than any one attempt by far
AT_ONCE = 10.0  # seconds for one subscriber before it is looked at anew
MOST_THREADS = 64
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
GIVES_UP = timedelta(days=3)
ATTEMPTS_KEPT = 1_000  # of each subscriber

State = Subscription.State
type Tell = Callable[..., int]

TELL: Mapping[str, Tell] = {
    Subscription.Kind.WEBHOOK: webhooks.tell,
    Subscription.Kind.RAPIDPRO: workspaces.tell,
    Subscription.Kind.TWILIO: twilio_list.tell,
}

_running: dict[int, threading.Thread] = {}


def drain() -> int:
    """Begin to tell each subscriber that is due and is not being told by this process. Returns how many."""
    for pk in [pk for pk, thread in _running.items() if not thread.is_alive()]:
        del _running[pk]
    begun = 0
    for pk in due(timezone.now()):
        if pk not in _running and len(_running) < MOST_THREADS:
            _running[pk] = threading.Thread(
                target=_in_a_thread, args=(pk,), name=f"subscriber {pk}", daemon=True
            )
            _running[pk].start()
            begun += 1
    return begun


def wait() -> None:
    """Wait for whoever is being told now."""
    for thread in list(_running.values()):
        thread.join()


def due(now: datetime) -> list[int]:
    """The subscribers that something is to be told to."""
    return list(_due(now).order_by("due_at").values_list("pk", flat=True))


def _due(now: datetime) -> QuerySet[Subscription]:
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    pulls = Q(pulled_until=None) | Q(pulled_until__lte=now - hearing.PULL_EVERY)
    is_behind = Q(position__lt=changes.size()) | Q(pulls, kind=Subscription.Kind.RAPIDPRO)
    return Subscription.objects.filter(free, is_behind, state=State.ON, due_at__lte=now)


def _in_a_thread(pk: int) -> None:
    close_old_connections()
    try:
        run(pk)
    except Exception:
        log.exception("Telling subscriber %s failed; the others go on.", pk)
    finally:
        connection.close()


def run(pk: int) -> None:
    """Tell one subscriber of what it has not heard of, for a while; nothing where another worker does."""
    now = timezone.now()
    if not _due(now).filter(pk=pk).update(lease_until=now + LEASE):
        return
    subscription = Subscription.objects.select_related("company", "sender__company").get(pk=pk)
    until = time.monotonic() + AT_ONCE
    try:
        while time.monotonic() < until and _step(subscription):
            pass
        if hearing.is_due(subscription, now):
            _pull(subscription, now)
    except Exception as error:
        if errors.passes(error):
            raise
        log.exception("Telling subscriber %s broke; it is put off.", pk)
        code = "seal.broken" if isinstance(error, SealBroken) else "unexpected"
        _fail(subscription, Trouble(code), now)
    finally:
        Subscription.objects.filter(pk=pk).update(lease_until=None)


def _step(subscription: Subscription) -> bool:
    """Tell the next portion. False where there is none, or it was not taken."""
    portion = changes.after(subscription)
    if portion.next == subscription.position:
        return False
    if portion.changes and not attempt(subscription, portion.changes):
        return False
    # Only from where we were: staff may have had it told again from elsewhere meanwhile.
    mine = Subscription.objects.filter(pk=subscription.pk, position=subscription.position, state=State.ON)
    moved = mine.update(position=portion.next, lease_until=timezone.now() + LEASE)
    subscription.position = portion.next
    return bool(moved)


def _pull(subscription: Subscription, now: datetime) -> None:
    """Hear from a workspace who stopped there."""
    try:
        hearing.pull(subscription, at=now)
    except Trouble as trouble:
        _fail(subscription, trouble, now)


def attempt(subscription: Subscription, told: Sequence[Change]) -> bool:
    """Try once to tell of some changes, and write down how it went."""
    now, begun = timezone.now(), time.monotonic()
    row = Subscription.objects.filter(pk=subscription.pk)
    trouble: Trouble | None = None
    status = 0
    try:
        status = TELL[subscription.kind](subscription, told, at=now)
    except Trouble as error:
        trouble, status = error, error.status
    except SealBroken:
        trouble = Trouble("seal.broken")
    made = Attempt.objects.create(
        subscription=subscription, first=told[0].index, last=told[-1].index, events=len(told), at=now,
        milliseconds=round((time.monotonic() - begun) * 1000), status=status, trouble=trouble.code if trouble else "",
    )  # fmt: skip
    if made.pk % 100 == 0:
        _prune(subscription)
    if trouble is None:
        row.update(failures=0, failing_since=None, trouble="", told_at=now)
        return True
    _fail(subscription, trouble, now)
    return False


def _fail(subscription: Subscription, trouble: Trouble, now: datetime) -> None:
    """Put a subscriber off, for as long as it asks or ever longer, and give up after three days."""
    known = Subscription.objects.values_list("failures", "failing_since").get(pk=subscription.pk)
    failures, since = known[0] + 1, known[1] or now
    wait = min(FIRST_WAIT * 2 ** min(failures - 1, 20), LONGEST_WAIT)
    if trouble.wait is not None:
        wait = max(timedelta(seconds=trouble.wait), FIRST_WAIT)
    is_over = trouble.is_gone or now - since >= GIVES_UP
    Subscription.objects.filter(pk=subscription.pk, state=State.ON).update(
        failures=failures, failing_since=since, trouble=trouble.code, due_at=now + wait,
        state=State.FAILED if is_over else State.ON,
        mail_due_at=now if is_over and settings.OPTIN_MAIL_BACKEND else None,
    )  # fmt: skip
    log.warning("Subscriber %s was not told (%s).", subscription.pk, trouble.code)


def _prune(subscription: Subscription) -> None:
    kept = Attempt.objects.filter(subscription=subscription).order_by("-id")
    last = kept.values_list("id", flat=True)[ATTEMPTS_KEPT : ATTEMPTS_KEPT + 1].first()
    if last is not None:
        kept.filter(id__lte=last).delete()
