"""What follows from a number's state: what the platform forbids, and what the company holds back by itself."""

from dataclasses import dataclass
from datetime import datetime

from consent.models import Company
from consent.quality.reading import ANSWERS, OFFERLESS, UNLIMITED
from consent.quality.states import ORDER, Restraint, State
from consent.vocabulary import Brake, Rating

LEVELS = {Brake.OFFERS.value: OFFERLESS, Brake.ALL.value: ANSWERS, Brake.SLOW.value: OFFERLESS}


@dataclass(frozen=True, slots=True)
class Use:
    """People begun to be written to in 24 hours, and the most of any day of the last week."""

    people: int = 0
    most_in_a_day: int = 0


def against(state: State, company: Company, use: Use, *, warned_since: datetime | None) -> list[Restraint]:
    """Everything that keeps messages back now, the gravest first. Nothing of the company's own touches answers."""
    found = list(state.restraints)
    since = state.rating_since or state.at
    if state.rating == Rating.RED:
        found += _own(company.when_red, "red", since, state, use)
    elif state.rating == Rating.YELLOW:
        found += _own(company.when_yellow, "yellow", since, state, use)
    if warned_since is not None:
        found += _own(company.when_warned, "warned", warned_since, state, use)
    return sorted(found, key=lambda one: -ORDER.index(one.level))


def half(state: State, use: Use) -> int:
    """How many people a day a number that is slowed down still begins to write to: half of its limit, or of the most it
    wrote to on a day of the last week where there is no limit.
    """
    is_limited = state.limit is not None and state.limit != UNLIMITED
    return max((state.limit or 0) // 2 if is_limited else use.most_in_a_day // 2, 1)


def effect(found: list[Restraint]) -> Restraint | None:
    """What the decision must know of all this: the gravest, for as long as anything lasts.

    Its end is only told where nothing goes on after it: until somebody judges anew, more is held back, not less.
    """
    if not found:
        return None
    level = found[0].level
    same = [one for one in found if one.level == level]
    ends = [one.until for one in found]
    until = max(end for end in ends if end is not None) if None not in ends else None
    return Restraint(level, same[0].cause, min(one.since for one in same), until)


def _own(brake: str, cause: str, since: datetime, state: State, use: Use) -> list[Restraint]:
    if brake == Brake.NOTHING or (brake == Brake.SLOW and use.people < half(state, use)):
        return []
    return [Restraint(LEVELS[brake], f"{cause}:slow" if brake == Brake.SLOW else cause, since)]
