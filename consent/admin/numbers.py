"""How our numbers are doing, in short, for the first page: their colours, and what one was told and has not read."""

from typing import Any

from django.http import HttpRequest

from consent.admin import scope
from consent.models import QualityChange, QualityTold, Sender
from consent.quality import words
from consent.vocabulary import NumberStatus, Rating

Facet = QualityChange.Facet
MOST = 8
MOST_UNREAD = 100


def first_page(request: HttpRequest) -> list[dict[str, Any]]:
    """The numbers on WhatsApp with what each was when it was judged last. Two queries."""
    senders = list(scope.within(Sender.objects.filter(channel="whatsapp").order_by("pk"), request)[:MOST])
    changes = QualityChange.objects.filter(sender__in=senders, facet__in=(Facet.RATING, Facet.STATUS))
    now = {(one.sender_id, one.facet): one.now for one in changes.order_by("pk")}
    shown = []
    for sender in senders:
        rating = now.get((sender.pk, Facet.RATING), Rating.UNKNOWN.value)
        status = now.get((sender.pk, Facet.STATUS), NumberStatus.UNKNOWN.value)
        shown.append({
            "sender": sender, "rating": rating, "colour": words.colour(rating),
            "status": "" if status == NumberStatus.UNKNOWN else words.status(status),
            "held": words.held(sender.restriction) if sender.restriction else "",
        })  # fmt: skip
    return shown


def notices(request: HttpRequest) -> list[tuple[list[QualityChange], int]]:
    """What somebody was told and has not read yet: of each number what was told last, and how much before it."""
    found = QualityTold.objects.filter(user=request.user.pk, seen_at=None).select_related("change__sender")
    told: dict[int, list[QualityChange]] = {}
    for one in found.order_by("-pk")[:MOST_UNREAD]:
        told.setdefault(one.change.sender_id, []).append(one.change)
    shown = []
    for changes in list(told.values())[:5]:
        last = [change for change in changes if change.at == changes[0].at]
        shown.append((last[::-1], len(changes) - len(last)))
    return shown
