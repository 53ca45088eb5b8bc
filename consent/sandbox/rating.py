"""How the pretend Meta rates a number, by what its people did in seven days; it tells of restrictions by webhook."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from consent.models import SandboxPress, Sender
from consent.providers import sandbox as provider
from consent.providers import sandbox_meta
from consent.quality import clocks
from consent.quality.reading import lower
from consent.vocabulary import RuleBook

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
BLOCK, LIKE = 1, -1
YELLOW, RED, TOO_MUCH = 1, 2, 3  # how often people blocked, net of how often they liked it
FIRST_LIMIT = {RuleBook.CLASSIC.value: 1_000, RuleBook.CURRENT.value: 2_000}
TIERS = {250: "TIER_250", 1_000: "TIER_1K", 2_000: "TIER_2K", 50: "TIER_50"}


@dataclass(frozen=True, slots=True)
class Look:
    """What the pretend Meta says of a number at a moment."""

    rating: str
    status: str
    limit: int
    restricted_until: datetime | None


def press(sender: Sender, weight: int, *, at: datetime) -> None:
    """Have people block a number, or like it; too many blocks restrict it for a day, which a webhook tells."""
    at = clocks.of(sender).shown(at)
    was = look(sender, at=at)
    SandboxPress.objects.create(sender=sender, at=at, weight=weight)
    now = look(sender, at=at)
    if now.restricted_until and now.restricted_until != was.restricted_until:
        provider.notify(sandbox_meta.restriction(until=now.restricted_until))


def answer(sender: Sender, *, at: datetime) -> dict[str, Any]:
    """What Meta's Graph API answers when asked how a number is."""
    said = look(sender, at=clocks.of(sender).shown(at))
    return {
        "id": sender.number_id,
        "display_phone_number": sender.address,
        "verified_name": "Sandbox",
        "quality_rating": said.rating,
        "status": said.status,
        "throughput": {"level": "STANDARD"},
        "whatsapp_business_manager_messaging_limit": TIERS[said.limit],
        "account_mode": "SANDBOX",
        "health_status": {"can_send_message": "LIMITED" if said.restricted_until else "AVAILABLE"},
    }


def look(sender: Sender, *, at: datetime) -> Look:
    """How a number is by the sandbox's clock, computed from all that its people did."""
    presses = list(
        SandboxPress.objects.filter(sender=sender, at__lte=at)
        .order_by("at", "pk")
        .values_list("at", "weight")
    )
    is_classic = sender.rule_book == RuleBook.CLASSIC
    limit, flagged, rating = FIRST_LIMIT[sender.rule_book], None, "GREEN"
    moments = sorted({moment for done, _weight in presses for moment in (done, done + WEEK)} | {at})
    for moment in (one for one in moments if one <= at):
        if flagged and moment >= flagged + WEEK:
            limit = lower(limit) if rating == "RED" else limit
            flagged = None
        before, rating = rating, _rating(_score(presses, moment))
        if is_classic and rating == "RED" and before != "RED" and flagged is None:
            flagged = moment
    ends = [done + DAY for done, weight in presses if weight > 0 and _score(presses, done) >= TOO_MUCH]
    until = max((end for end in ends if end > at), default=None)
    status = "RESTRICTED" if until else "FLAGGED" if flagged else "CONNECTED"
    return Look(rating, status, limit, until)


def _score(presses: Sequence[tuple[datetime, int]], at: datetime) -> int:
    score = 0
    for done, weight in presses:
        if at - WEEK < done <= at:
            score = max(score + weight, 0)
    return score


def _rating(score: int) -> str:
    return "RED" if score >= RED else "YELLOW" if score >= YELLOW else "GREEN"
