"""What waits to be judged: messages that may be stops, what they keep back, and which answers are still open."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from consent import history
from consent.admin import scope
from consent.models import Hold, Purpose
from consent.vocabulary import Category, State

MAY_JUDGE = "consent.change_hold"
MOST_COUNTED = 1000


def waiting(request: HttpRequest) -> QuerySet[Hold]:
    """The messages nobody has judged yet, oldest first."""
    open_ones = Hold.objects.filter(kind=Hold.Kind.UNSURE, ended_at=None).order_by("said_at", "pk")
    return scope.within(open_ones, request)


def may_answer(held: Hold, answer: str) -> bool:
    """Whether an answer is still to be given: any while it waits, and that it was a stop after all."""
    return held.ended_at is None or (answer == "stop" and held.ending == Hold.Ending.GO_ON)


def kept_back(held: Hold) -> list[Purpose]:
    """What the person had agreed to and does not get because of it: marketing on that channel."""
    standings = history.standings(held.subject, at=timezone.now())
    given = [
        purpose
        for (channel, purpose), standing in standings.items()
        if channel == held.channel and purpose is not None and standing.state == State.GIVEN
    ]
    return list(Purpose.objects.filter(pk__in=given, category=Category.MARKETING))
