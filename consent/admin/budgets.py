"""How much of its messages and money each company has used in the last 24 hours, and what is stopped."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.utils import timezone

from consent.admin import scope
from consent.models import Company, OutboundMessage, Sender

DAY = timedelta(hours=24)
MOST_COMPANIES = 20


@dataclass(frozen=True, slots=True)
class SenderUse:
    """How many messages left from one sender, and what they cost."""

    sender: Sender
    sent: int
    spent: Decimal


@dataclass(frozen=True, slots=True)
class Use:
    """What one company has used; `spent` by the prices at which it left."""

    company: Company
    sent: int
    spent: Decimal
    senders: tuple[SenderUse, ...]

    @property
    def is_full(self) -> bool:
        """Whether nothing more leaves now because a limit is reached."""
        money = self.company.money_per_day
        return self.sent >= self.company.messages_per_day or (0 < money <= self.spent)


def uses(request: HttpRequest) -> list[Use]:
    """The use of each company a request may see, the first MOST_COMPANIES by name. Three queries."""
    companies = list(scope.companies(request).prefetch_related("senders")[:MOST_COMPANIES])
    left = OutboundMessage.objects.filter(company__in=companies, sent_at__gt=timezone.now() - DAY).order_by()
    sent = {
        sender: (times, round(cost, 4))  # SQLite adds them up in floating point
        for sender, times, cost in left.values_list("sender").annotate(times=Count("pk"), spent=Sum("cost"))
    }
    return [_use(company, sent) for company in companies]


def _use(company: Company, sent: dict[int, tuple[int, Decimal]]) -> Use:
    senders = tuple(
        SenderUse(sender, *sent.get(sender.pk, (0, Decimal(0))))
        for sender in sorted(company.senders.all(), key=lambda sender: (sender.channel, sender.address))
    )
    return Use(
        company=company,
        sent=sum(one.sent for one in senders),
        spent=sum((one.spent for one in senders), Decimal(0)),
        senders=senders,
    )
