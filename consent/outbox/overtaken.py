"""Whether a waiting message was overtaken: what it asks or confirms was stopped since, whichever way that came."""

from django.db.models import Exists, OuterRef, Q

from consent import history
from consent.models import ConsentRecord, OutboundMessage
from consent.vocabulary import State

Kind = OutboundMessage.Kind

OF_AN_ACT = (Kind.ASK, Kind.INVITE, Kind.RENEW, Kind.AGAIN, Kind.RECEIPT)


def is_overtaken(message: OutboundMessage) -> bool:
    """Whether its person has stopped all that a message is about, under any of their ids. Three queries at most.

    Looked at when it would leave, not when the stop comes: a stop has many doors, and a message that a provider was
    too busy for waits once more.
    """
    if message.kind not in (*OF_AN_ACT, Kind.SUMMARY):
        return False  # an answer to what they wrote, such as to the stop itself
    ids = history.ids_of([message.subject])[message.subject]
    ends = ConsentRecord.objects.filter(subject__in=ids, state__in=history.ENDS)
    if message.kind == Kind.SUMMARY:  # it names everything: whatever ended since, it is not true any more
        return ends.filter(recorded_at__gte=message.created_at).exists()
    said = ConsentRecord.objects.filter(act=message.act, state__in=(State.REQUESTED, State.GIVEN))
    ended = ends.filter(
        Q(purpose=OuterRef("purpose")) | Q(purpose=None),
        channel=OuterRef("channel"), arrival__gt=OuterRef("arrival"),
    )  # fmt: skip
    whether = list(said.annotate(is_ended=Exists(ended)).values_list("is_ended", flat=True))
    return bool(whether) and all(whether)
