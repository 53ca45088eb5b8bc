"""A consent that an adult gives for a child: what is asked, who gives it, until when it counts (LGPD art. 14)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from consent.errors import BadInput
from consent.vocabulary import Relation, django_code

RELATION = "relation"
BORN = "born"
OF_AGE = "of_age"
EVIDENCE = "guardians"  # where the evidence of an act keeps them
TEXT = "guardian_text"  # and the words they were asked by

ASKED = _("You say yes for a child")
# What is collected, what for, and how to end it, in plain words (LGPD art. 14 par. 2 and 6).
PAPER_NOTE = _(
    "Only a parent or legal guardian can do this, with their own phone: our messages go to you, never to the child."
    " Say yes only if it is good for the child. The yes ends by the time the child is 18, and you can stop it before,"
    " at any time, like any other."
)
NOTE = format_lazy("{} {}", PAPER_NOTE, _("Of the day of birth we keep only the day the child comes of age."))
ASKS_RELATION = _("What you are to the child")
ASKS_BORN = _("The child's day of birth")
ASKS_OF_AGE = _("The day the child turns 18")  # of paper, which keeps what is written on it, birth dates too
ASKS_NUMBER = _("Your own phone number, not the child's")

# Codigo Civil (Brazil) art. 5, and the same in the Americas and Europe but for a few places.
MAJORITY = 18  # years
# A log entry says for how many days a consent counts. In whole weeks, nobody reads a birthday out of it.
WEEK = timedelta(days=7)
LEAST = 2 * WEEK  # the number is still to be proved, and then one week must be left
FIRST_IN_THE_WORLD = timedelta(hours=14)  # a day begins there so much before it does in UTC
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

# The words that were asked by, as the evidence names them: on a screen, and on a sheet.
SCREEN = {"asked": ASKED, "note": NOTE, "born": ASKS_BORN, "relation": ASKS_RELATION}
PAPER = {"asked": ASKED, "note": PAPER_NOTE, "of_age": ASKS_OF_AGE, "relation": ASKS_RELATION}

# What to do about an answer that cannot be taken, by its code.
MENDS = {
    "guardian.relation": _("Say who you are to the child."),
    "guardian.born": _("Give the day the child was born, with day, month and year."),
    "guardian.not_born": _("This day has not come yet. Give the day the child was born."),
    "guardian.of_age": _(
        "Whoever was born on this day is 18, or will be within two weeks, and says yes at their own number. Nothing was"
        " recorded."
    ),
    "guardian.day": _("Write the day the child turns 18 as year-month-day, such as 2031-01-31."),
    "guardian.over": _(
        "On this day the child is 18, or within two weeks will be: nobody speaks for it any more."
    ),
    "guardian.too_young": _("Who turns 18 on this day is not born yet. Check the year."),
}


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who answers for a child: what they are to it, and the day it comes of age. The birth date is NOT kept."""

    relation: str
    of_age: date

    def days(self, *, at: datetime, longest: int) -> int:
        """For how many days a yes given at a moment counts: `longest` of the purpose (0: for ever), or in whole weeks
        until the child comes of age, wherever it lives. 0 or less: it cannot count any more.
        """
        left = _comes_of_age(self.of_age) - at
        weeks = left // WEEK * WEEK.days
        return min(weeks, longest) if longest else weeks

    def is_over(self, *, at: datetime) -> bool:
        """Whether the child is of age at a moment, or so soon that it speaks for itself."""
        return _comes_of_age(self.of_age) - at < LEAST

    def evidence(self) -> dict[str, str]:
        """What is kept of it, sealed."""
        return {"relation": str(self.relation), "child_of_age": self.of_age.isoformat()}


def limit(guardian: Guardian | None, *, at: datetime, longest: int) -> int | None:
    """For how many days a yes given at a moment counts; None for one of their own: as the purpose says."""
    return None if guardian is None else guardian.days(at=at, longest=longest)


def read(relation: str, read_day: Callable[[], date], problems: list[BadInput]) -> Guardian | None:
    """Who speaks for a child, by the relation that was chosen and the day that `read_day` gives or refuses with
    BadInput; None, with all that is wrong added to the problems, where that is not said.
    """
    found: list[Any] = []
    for part in (lambda: read_relation(relation), read_day):
        try:
            found.append(part())
        except BadInput as problem:
            problems.append(problem)
    return Guardian(*found) if len(found) == 2 else None


def read_relation(text: str) -> str:
    """The relation that was chosen. Raises BadInput."""
    if text not in Relation.values:
        raise _wrong("guardian.relation", pointer=RELATION)
    return text


def read_of_age(born: str, *, now: datetime) -> date:
    """The day on which whoever was born on a day, in ISO 8601, comes of age. Raises BadInput where that is no day, is
    yet to come, or too long ago.
    """
    try:
        if not _DAY.fullmatch(born):
            raise ValueError
        day = date.fromisoformat(born)
        of_age = majority(day)
    except ValueError as error:
        raise _wrong("guardian.born", pointer=BORN) from error
    if day > (now + FIRST_IN_THE_WORLD).date():
        raise _wrong("guardian.not_born", pointer=BORN)
    if Guardian("", of_age).is_over(at=now):
        raise _wrong("guardian.of_age", pointer=BORN)
    return of_age


def check_of_age(day: date | None, *, now: datetime) -> date:
    """The day on which a child comes of age, as it stands on a sheet. Raises BadInput where it cannot be."""
    if day is None:
        raise _wrong("guardian.day", pointer=OF_AGE)
    if day <= now.date() or Guardian("", day).is_over(at=now):
        raise _wrong("guardian.over", pointer=OF_AGE)
    if day > majority((now + FIRST_IN_THE_WORLD).date()):
        raise _wrong("guardian.too_young", pointer=OF_AGE)
    return day


def majority(born: date) -> date:
    """The day somebody comes of age; 1 March for who was born on 29 February (Codigo Civil art. 132 par. 3)."""
    try:
        return born.replace(year=born.year + MAJORITY)
    except ValueError:
        if born.year + MAJORITY > date.max.year:
            raise
        return date(born.year + MAJORITY, 3, 1)


def evidence(
    guardian: Guardian | None, *, language: str, words: Mapping[str, Any] = SCREEN
) -> dict[str, Any]:
    """What an act's evidence keeps of who speaks for a child, and of the words shown; nothing where nobody does."""
    if guardian is None:
        return {}
    with override(django_code(language)):
        shown = {name: str(text) for name, text in words.items()}
    return {EVIDENCE: [guardian.evidence()]} | ({TEXT: shown} if shown else {})


def of_evidence(evidence: Mapping[str, Any]) -> tuple[Guardian, ...]:
    """Who spoke for which children in an act, by its evidence."""
    return tuple(
        Guardian(each["relation"], date.fromisoformat(each["child_of_age"]))
        for each in evidence.get(EVIDENCE, ())
    )


def named(evidence: Mapping[str, Any]) -> list[str]:
    """What those who spoke for children in an act are to them, in words; each once."""
    relations = dict.fromkeys(one.relation for one in of_evidence(evidence))
    return [str(Relation(one).label) for one in relations]


def _wrong(code: str, *, pointer: str) -> BadInput:
    return BadInput(code, MENDS[code], pointer=pointer)


def _comes_of_age(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC) - FIRST_IN_THE_WORLD
