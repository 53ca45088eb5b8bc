"""What a sheet says, as a member of staff typed it: a number, a date, a yes or a no; or why it says nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from consent import guardian
from consent.capture.paper.asked import Asked
from consent.contact import Contact
from consent.errors import BadInput
from consent.guardian import EVIDENCE, OF_AGE, Guardian, of_evidence
from consent.models import Company
from consent.vocabulary import Language

YES, NO, EMPTY = "yes", "no", "empty"
BOX = "box."
LONGEST_NAME = 120  # characters
OLDEST = timedelta(days=20 * 365)  # what is older was mistyped


class Verdict(TextChoices):
    """What a page is."""

    FILLED = "filled", _("signed and filled in")
    NOT_SIGNED = "not_signed", _("not signed")
    UNREADABLE = "unreadable", _("unreadable")
    DUPLICATE = "duplicate", _("a duplicate")
    NO_SHEET = "no_sheet", _("no sheet of ours")
    NO_GUARDIAN = "no_guardian", _("without a guardian who can speak for the child")


class Problems(Exception):
    """An answer that cannot be taken, with everything that is wrong with it."""

    def __init__(self, *problems: BadInput) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Answer:
    """One reading of a sheet by a person. Without a `verdict` of FILLED the rest is empty."""

    verdict: str
    number: str = ""
    typed: str = ""
    name: str = ""
    signed_on: str = ""  # ISO 8601
    language: str = ""
    boxes: tuple[tuple[str, str], ...] = ()
    guardian: Guardian | None = None

    @property
    def is_filled(self) -> bool:
        return self.verdict == Verdict.FILLED

    def values(self) -> dict[str, Any]:
        """The same as it is sealed."""
        return {
            "verdict": self.verdict, "number": self.number, "typed": self.typed, "name": self.name,
            "signed_on": self.signed_on, "language": self.language, "boxes": dict(self.boxes),
        } | ({EVIDENCE: [self.guardian.evidence()]} if self.guardian else {})  # fmt: skip

    def agrees_with(self, other: "Answer") -> bool:
        """Whether both mean the same. Names are spelled in many ways, and decide nothing."""
        if self.verdict != other.verdict:
            return False
        return self._meant() == other._meant()

    def _meant(self) -> tuple[object, ...]:
        return (self.number, self.signed_on, self.language, sorted(self.boxes), self.guardian)


def restored(values: Mapping[str, Any]) -> Answer:
    """What `values` gave."""
    plain = {name: value for name, value in values.items() if name != EVIDENCE}
    speaks = next(iter(of_evidence(values)), None)
    return Answer(**(plain | {"boxes": tuple(values["boxes"].items()), "guardian": speaks}))


def read(fields: Mapping[str, str], asked: Asked, *, now: datetime) -> Answer:
    """The answer in the fields of a form. Raises Problems."""
    verdict = fields.get("verdict", "")
    if verdict not in verdicts(asked):
        raise Problems(BadInput("verdict.required", _("Say what this page is."), pointer="verdict"))
    if verdict != Verdict.FILLED:
        return Answer(verdict)
    problems: list[BadInput] = []
    number, day = "", None
    try:
        number = read_number(fields.get("number", ""), asked.ask.company).value
    except BadInput as problem:
        problem.pointer = "number"
        problems.append(problem)
    try:
        day = read_day(fields.get("signed_on", ""), asked.ask.company, now=now)
    except BadInput as problem:
        problems.append(problem)
    name = fields.get("name", "").strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        problems.append(
            BadInput("name.bad", _("Write the name in one line of plain letters."), pointer="name")
        )
    language = fields.get("language", "") or asked.statement.language
    if language not in Language.values or language not in asked.version.wordings:
        message = _("The notice does not speak this language.")
        problems.append(BadInput("language.unknown", message, pointer="language"))
    boxes = tuple((box.key, fields.get(f"{BOX}{box.key}", EMPTY)) for box in asked.statement.boxes)
    if any(value not in (YES, NO, EMPTY) for _key, value in boxes):
        problems.append(BadInput("box.unknown", _("For each box: yes, no or empty."), pointer="boxes"))
    speaks = None
    if asked.ask.point.asks_guardian and any(value == YES for _key, value in boxes):  # a no needs nobody
        of_age = _day(fields.get(OF_AGE, "").strip())
        relation = fields.get(guardian.RELATION, "")
        speaks = guardian.read(relation, lambda: guardian.check_of_age(of_age, now=now), problems)
    if problems or day is None:
        raise Problems(*problems)
    typed = fields.get("number", "").strip()
    return Answer(verdict, number, typed, name, day.isoformat(), language, boxes, speaks)


def verdicts(asked: Asked) -> list[str]:
    """What a page can be, by what its sheet asks."""
    return [one for one in Verdict.values if one != Verdict.NO_GUARDIAN or asked.ask.point.asks_guardian]


def read_number(text: str, company: Company) -> Contact:
    """A number as it stands on a sheet of the company. Raises BadInput."""
    return Contact.tel(text, company.country, allowed=company.countries)


def read_day(text: str, company: Company, *, now: datetime) -> date:
    """The day a sheet was signed, by the company's calendar. Raises BadInput."""
    day = _day(text.strip())
    today = now.astimezone(ZoneInfo(company.time_zone)).date()
    if day is None:
        as_digits = _("Write the day it was signed as year-month-day, such as 2026-01-31.")
        # The calendar of a browser writes days in its own way, and asks for no year first.
        message = as_digits if text.strip() else _("Write the day it was signed.")
        raise BadInput("date.format", message, pointer="signed_on")
    if day > today:
        raise BadInput(
            "date.future", _("Nobody has signed in the future. Check the date."), pointer="signed_on"
        )
    if today - day > OLDEST:
        message = _("This is more than 20 years ago. Check the year.")
        raise BadInput("date.too_old", message, pointer="signed_on")
    return day


def _day(text: str) -> date | None:
    """A day in ISO 8601, as a browser's field sends it, or as people of this language write one."""
    for pattern in ("%Y-%m-%d", *formats.get_format("DATE_INPUT_FORMATS")):
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None
