"""Telling what changed, once for each change: staff by notice and e-mail, other systems by the log."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from consent import colleagues, journal
from consent.models import QualityChange, QualityTold
from consent.quality import words
from consent.vocabulary import NumberStatus, Rating, django_code

log = logging.getLogger(__name__)

Facet = QualityChange.Facet

LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 20
AT_ONCE = 20
ENTRY = "quality"  # what an entry of the log is called that relays tell of

# What a number becomes for the first time needs no words, unless it is bad.
_GOOD = frozenset({Rating.GREEN.value, NumberStatus.CONNECTED.value})


def queue(change: QualityChange) -> None:
    """Have everybody told who may see to it, and subscribers, in the caller's transaction."""
    if change.was == "" and (change.facet == Facet.LIMIT or change.now in _GOOD):
        return
    now = timezone.now()  # and not by the number's own clock, which the sandbox turns ahead
    QualityTold.objects.bulk_create(
        QualityTold(
            change=change,
            user=user,
            name=user.get_username(),
            mail_due_at=now if user.email and settings.OPTIN_MAIL_BACKEND else None,
        )
        for user in colleagues.able(change.sender.company, to="consent.change_sender", at=now)
    )
    sender = change.sender
    journal.write(
        ENTRY, company=sender.company, at=now, sender=str(sender.pk), channel=sender.channel, facet=change.facet,
        was=change.was, now=change.now,
    )  # fmt: skip


def drain() -> int:
    """Send the e-mails that are due. Returns how many were tried."""
    tried = 0
    while tried < AT_ONCE and (told := _claim()) is not None:
        tried += 1
        _send(told)
    return tried


def _claim() -> QualityTold | None:
    now = timezone.now()
    due = QualityTold.objects.filter(mail_due_at__lte=now).order_by("mail_due_at")
    with transaction.atomic():
        first = (
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related("change__sender__company", "user")
            .first()
        )
        if first is not None:
            first.attempts += 1
            first.mail_due_at = now + LEASE
            first.save(update_fields=["attempts", "mail_due_at"])
    return first


def _send(told: QualityTold) -> None:
    change, user = told.change, told.user
    if user is None or not user.email:
        QualityTold.objects.filter(pk=told.pk).update(mail_due_at=None)
        return
    sender = change.sender
    try:
        with translation.override(django_code(sender.company.language)):
            page = settings.OPTIN_PUBLIC_URL + reverse("admin:consent_sender_health", args=[sender.pk])
            subject = f"{sender.company.name}: {words.change(change)}"
            body = f"{words.change(change)}\n\n{words.advice(change)}\n\n{page}\n"
        send_mail(subject, body, None, [user.email])
    except Exception:
        # Whatever it breaks with: it is tried again, and the notice on the first page stands meanwhile.
        log.exception("An e-mail about a sender could not be sent.")
        wait = min(LEASE * 2**told.attempts, LONGEST_WAIT)
        due = timezone.now() + wait if told.attempts < MOST_ATTEMPTS else None
        QualityTold.objects.filter(pk=told.pk).update(mail_due_at=due)
    else:
        QualityTold.objects.filter(pk=told.pk).update(mail_due_at=None, mailed_at=timezone.now())
