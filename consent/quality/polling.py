"""Asking providers how our numbers are: at intervals, sooner after news, later after trouble, never twice at once."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from consent import errors
from consent.models import QualityChange, QualityPoll, Sender
from consent.providers import SendError, health, is_at_meta
from consent.quality import clocks, from_meta, keeping
from consent.quality.reading import Reading, Source
from consent.vocabulary import Channel

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=10)
SOON = timedelta(seconds=5)
LEASE = timedelta(minutes=2)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
LONGEST_ASKED = timedelta(days=1)  # what a provider may ask us to wait
TOLD_AFTER = 3  # failures in a row before anybody is told
FIELDS_AGAIN = timedelta(days=1)  # after which the whole list of fields is tried again
ASKED = Q(channel=Channel.WHATSAPP, provider__in=("meta", "twilio"))  # nobody rates the sandbox's numbers

KEPT = ("asked_at", "answered_at", "failures", "problem", "fields", "fields_at")

type Ask = Callable[[Sender, QualityPoll], list[Reading]]


def drain() -> int:
    """Ask about one sender that is due. Returns how many were asked."""
    now = timezone.now()
    _begin(now)
    poll = (
        QualityPoll.objects.filter(due_at__lte=now)
        .select_related("sender__company")
        .order_by("due_at")
        .first()
    )
    if poll is None or not _claim(poll, now):
        return 0
    ask(poll, at=now)
    return 1


def soon(sender: Sender, *, at: datetime) -> None:
    """Ask about a sender anew in a moment: something was told about it."""
    QualityPoll.objects.filter(sender=sender, due_at__gt=at + SOON).update(due_at=at + SOON)


def at_once(sender: Sender, *, at: datetime) -> None:
    """Ask about a sender now, also one of the sandbox, about which nobody is asked by itself."""
    QualityPoll.objects.update_or_create(sender=sender, defaults={"due_at": at})


def ask(poll: QualityPoll, *, at: datetime) -> None:
    """Ask about one sender now, keep what is answered, and say when next."""
    sender, held = poll.sender, poll.due_at
    seen_at = clocks.of(sender).shown(at)
    if poll.fields and poll.fields_at and poll.fields_at < at - FIELDS_AGAIN:
        poll.fields = 0
    try:
        answer = _asked(sender, poll, at)
        found = from_meta.asked(answer, at=seen_at, number=sender.pk)
        if not found:
            raise SendError("answer.unreadable")
        keeping.keep(sender, found, source=Source.POLL, read_at=seen_at)
    except SendError as error:
        _failed(poll, error, at)
    except Exception as error:
        if errors.passes(error):
            raise
        log.exception("Asking about sender %s broke; the others are asked.", sender.pk)
        _failed(poll, SendError("unexpected"), at)
    else:
        poll.answered_at, poll.failures, poll.problem, poll.due_at = at, 0, "", at + EVERY
        keeping.note_change(sender, QualityChange.Facet.READING, "", at=seen_at)
    poll.asked_at = at
    poll.save(update_fields=KEPT)
    # Whoever set another time meanwhile knows something newer than the answer: that time holds.
    QualityPoll.objects.filter(pk=poll.pk, due_at=held).update(due_at=poll.due_at)


def _asked(sender: Sender, poll: QualityPoll, at: datetime) -> Mapping[str, Any]:
    if not is_at_meta(sender):
        said = health.ask_twilio(sender)
        return {**said, "messaging_limit_tier": said.get("messaging_limit")}
    answer, known = health.ask_meta(sender, fields=poll.fields)
    if known != poll.fields or poll.fields_at is None:
        poll.fields, poll.fields_at = known, at
    return answer


def _failed(poll: QualityPoll, error: SendError, at: datetime) -> None:
    """What was read last goes on to count; it is asked again, with growing waits, and staff who must act are told."""
    poll.failures = min(poll.failures + 1, 1_000)
    poll.problem = str(error.code)[:80]
    wait = min(FIRST_WAIT * 2 ** min(poll.failures - 1, 10), LONGEST_WAIT)
    wait = max(wait, min(timedelta(seconds=error.wait), LONGEST_ASKED))
    poll.due_at = at + (LONGEST_WAIT if error.needs_staff else wait)
    if error.needs_staff or poll.failures >= TOLD_AFTER:
        seen_at = clocks.of(poll.sender).shown(at)
        keeping.note_change(poll.sender, QualityChange.Facet.READING, poll.problem[:24], at=seen_at)
    log.warning("Sender %s could not be asked about (%s).", poll.sender_id, poll.problem)


def _begin(now: datetime) -> None:
    """Give every sender that can be asked about its row."""
    new = Sender.objects.filter(ASKED, poll=None)
    QualityPoll.objects.bulk_create(
        [QualityPoll(sender=sender, due_at=now) for sender in new[:100]], ignore_conflicts=True
    )


def _claim(poll: QualityPoll, now: datetime) -> bool:
    """Whether no other worker has it."""
    mine = QualityPoll.objects.filter(pk=poll.pk, due_at=poll.due_at)
    poll.due_at = now + LEASE
    return bool(mine.update(due_at=poll.due_at, asked_at=F("asked_at")))
