"""What a company may spend on messages in 24 hours, in number and in money."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Count, Sum
from django.utils import timezone

from consent.models import OutboundMessage, Sender

DAY = timedelta(hours=24)

State = OutboundMessage.State


def lock() -> None:
    """Let nobody else claim until the transaction ends. On SQLite a transaction that writes is alone anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('optin outbox'))")


def full(sender: Sender, now: datetime) -> str:
    """Which budget of its company has no room for one more message of a sender; "" for none.

    Whoever asks holds the lock. Every message is asked about when it leaves, with the 24 hours before it: so no 24
    hours hold more than the budget.
    """
    company = sender.company
    left = OutboundMessage.objects.filter(company=company, sent_at__gt=now - DAY)
    used = left.aggregate(messages=Count("pk"), money=Sum("cost"))
    if used["messages"] >= company.messages_per_day:
        return "budget.messages"
    if company.money_per_day and round(used["money"] or Decimal(0), 4) + sender.price > company.money_per_day:
        return "budget.money"
    return ""


def charge(act: UUID, sender: Sender) -> None:
    """Count what an act had leave with the answer to a webhook, in the transaction of that answer."""
    if not is_free(sender):
        OutboundMessage.objects.filter(act=act, sender=sender, state=State.SENT).update(cost=sender.price)


def is_free(sender: Sender) -> bool:
    """Whether what is answered on the spot need not be counted: sending is not stopped, and money not limited."""
    return not (sender.company.is_paused or sender.is_paused or sender.company.money_per_day)


def has_room(sender: Sender) -> bool:
    """Whether one more message may leave now: sending is not stopped, and the money of the day is not spent.

    Where money is limited the transaction this is asked in holds the lock of the outbox from here on.
    """
    if is_free(sender):
        return True
    if sender.company.is_paused or sender.is_paused:
        return False
    lock()
    return not full(sender, timezone.now())
