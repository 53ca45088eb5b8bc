"""A reading as a value, and what providers' words mean: their own are kept beside ours."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.models import QualityReading
from consent.vocabulary import NumberStatus, Rating

Kind = QualityReading.Kind
Source = QualityReading.Source

DAY, WEEK = timedelta(hours=24), timedelta(days=7)

UNLIMITED = 1_000_000_000  # people a day; more than there are
CLASSIC_TIERS = (50, 250, 1_000, 10_000, 100_000, UNLIMITED)

# What a restriction, a health or an error leaves open: everything, answers alone, or nothing.
FREE, OFFERLESS, ANSWERS, BLOCKED = "none", "quality", "answers", "blocked"

RATINGS = {
    "GREEN": Rating.GREEN, "HIGH": Rating.GREEN, "YELLOW": Rating.YELLOW, "MEDIUM": Rating.YELLOW, "RED": Rating.RED,
    "LOW": Rating.RED,
}  # fmt: skip

# Three lists of Meta's own, a reseller's, and Twilio's; whatever else comes is not known.
STATUSES = {
    **dict.fromkeys(("CONNECTED", "LINKED", "VERIFIED", "ONLINE", "UNFLAGGED"), NumberStatus.CONNECTED),
    "FLAGGED": NumberStatus.FLAGGED,
    **dict.fromkeys(("RESTRICTED", "RATE_LIMITED", "RATE LIMITED"), NumberStatus.RESTRICTED),
    **dict.fromkeys(
        (
            "PENDING",
            "UNVERIFIED",
            "CREATING",
            "PENDING_VERIFICATION",
            "VERIFYING",
            "ONLINE:UPDATING",
            "DRAFT",
        ),
        NumberStatus.PENDING,
    ),
    **dict.fromkeys(
        ("DISCONNECTED", "UNLINKED", "DELETED", "MIGRATED", "BANNED", "OFFLINE", "TWILIO_REVIEW", "STUBBED"),
        NumberStatus.OFFLINE,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One thing that is so from `said_at` on, until another of its kind says otherwise, or until `until`.

    `number` is the key of the sender, 0 for the whole account.
    """

    kind: str
    value: str
    said_at: datetime
    raw: str = ""
    about: str = ""
    until: datetime | None = None
    number: int = 0

    @property
    def key(self) -> tuple[str, str, int]:
        """What a later reading with the same takes the place of."""
        return (self.kind, self.about, self.number)


def rating(word: object) -> str:
    """A platform's word for a quality; NA and whatever nobody has seen before are not known."""
    return RATINGS.get(str(word).strip().upper(), Rating.UNKNOWN).value


def status(word: object) -> str:
    """A platform's word for what a number may do."""
    return STATUSES.get(str(word).strip().upper(), NumberStatus.UNKNOWN).value


def limit(word: object) -> int | None:
    """A limit in people a day, from "TIER_2K", "TIER_UNLIMITED", 2000, "2000", -1, "10K Customers/24hr"; None for what
    is none.
    """
    text = next(iter(str(word).strip().upper().removeprefix("TIER_").split()), "")
    if text in {"UNLIMITED", "-1"}:
        return UNLIMITED
    times = 1_000 if text.endswith("K") else 1
    digits = text.removesuffix("K")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        return None
    return min(int(digits) * times, UNLIMITED) or None


def lower(tier: int, tiers: Iterable[int] = CLASSIC_TIERS) -> int:
    """The next lower limit; the lowest there is stays."""
    return max((one for one in tiers if one < tier), default=tier)


def condensed(readings: Iterable[Reading]) -> list[Reading]:
    """In the order of time, without those that say again what was so already."""
    last: dict[tuple[str, str, int], Reading] = {}
    kept = []
    for one in sorted(readings, key=lambda reading: reading.said_at):
        before = last.get(one.key)
        if (
            before is None
            or (before.value, before.until) != (one.value, one.until)
            or one.kind in _EACH_COUNTS
        ):
            kept.append(one)
        last[one.key] = one
    return kept


_EACH_COUNTS = frozenset({Kind.ERROR, Kind.FULL, Kind.USED})
