"""Whether people can be reached: what providers say about messages that did not get through.

It is kept apart from consent: nobody has said no (facts of Twilio and Meta on 30003, 131026, 131049 and others).
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from consent.models import ContactTrouble, InboundMessage, OutboundMessage

Kind = ContactTrouble.Kind

# Not on WhatsApp, phone off, unknown, a landline, no number at all. Meta and Twilio do not always say which.
_UNREACHABLE = ("131026", "30003", "30005", "30006", "21211", "21612", "21614", "63003", "63024")
# The platform does not deliver more offers to this person for now, or is in doubt about them.
_FOR_A_DAY = ("131049", "130472", "63032", "63049")
# Something between us and the person blocks; nobody says until when.
_BLOCKED = ("30004", "63033")
CAUSES = {
    **dict.fromkeys(_UNREACHABLE, Kind.UNREACHABLE),
    **dict.fromkeys(_FOR_A_DAY + _BLOCKED, Kind.LIMITED),
}
DAY = timedelta(hours=24)
LONGEST = timedelta(days=30)


def note(message: OutboundMessage, code: str, *, at: datetime) -> bool:
    """Keep that a message did not get through, where the code says so of its person; whether it does.

    Where the platform asks to wait a day, each time that it has to say it again doubles the wait.
    """
    kind = CAUSES.get(code)
    if kind is None or not message.number_key:
        return False
    with transaction.atomic():
        trouble, is_new = ContactTrouble.objects.select_for_update().get_or_create(
            company=message.company,
            number_key=bytes(message.number_key),
            channel=message.sender.channel,
            kind=kind,
            defaults={"subject": message.subject, "cause": code, "since": at, "seen_at": at},
        )
        lasts = not is_new and lasting([trouble.subject]).filter(pk=trouble.pk).exists()
        trouble.times = trouble.times + 1 if lasts else 1
        trouble.since = trouble.since if lasts else at
        trouble.subject, trouble.cause, trouble.seen_at = message.subject, code, at
        if code in _FOR_A_DAY:
            trouble.until = at + min(DAY * 2 ** min(trouble.times - 1, 5), LONGEST)
        trouble.save()
    return True


def lasting(subjects: Collection[UUID]) -> QuerySet[ContactTrouble]:
    """What still keeps these people from being reached: a message that got through since, or one from the person,
    ends it by itself.
    """
    about = {"number_key": OuterRef("number_key"), "sender__channel": OuterRef("channel")}
    got_through = OutboundMessage.objects.filter(
        **about, company=OuterRef("company"), state=OutboundMessage.State.DELIVERED,
        sent_at__gt=OuterRef("seen_at"),
    )  # fmt: skip
    wrote = InboundMessage.objects.filter(**about, received_at__gt=OuterRef("seen_at"))
    troubles = ContactTrouble.objects.filter(subject__in=subjects).exclude(Exists(got_through))
    return troubles.exclude(Exists(wrote)).order_by("-seen_at")


def now(subjects: Collection[UUID], *, at: datetime) -> QuerySet[ContactTrouble]:
    """What lasts and has not come to the end that the provider named."""
    return lasting(subjects).filter(Q(until=None) | Q(until__gt=at))
