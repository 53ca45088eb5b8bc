"""Reading a posted form strictly: every field once, a number we may write to, boxes that were offered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from consent import guardian
from consent.catalogue import Ask
from consent.contact import LONGEST_TEXT, Contact
from consent.errors import BadInput
from consent.guardian import Guardian
from consent.wording import Box, Statement

PHONE = "phone"
BOXES = "boxes"
BOX = "box."
TICKED = "yes"
TOKEN = "token"  # noqa: S105 - the name of a field
TRAP = "homepage"  # no person sees this field
PROOF = "altcha"

_BAD_CHARACTER = _("There is a character here that cannot be stored. Please type it again.")
_NOT_GIVEN = _("Tick at least one box to say what you want. If you want nothing, just leave this page.")
_PURPOSE_UNKNOWN = _("One of the boxes is not offered here. Please choose again.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said with a form: their number, the boxes they ticked, and for which child if for one."""

    contact: Contact
    ticked: tuple[Box, ...]
    guardian: Guardian | None = None


class Refused(Exception):
    """A form whose answer cannot be taken, with everything that is wrong with it."""

    def __init__(self, *problems: BadInput) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


def read_answer(fields: Mapping[str, str], *, ask: Ask, statement: Statement, now: datetime) -> Answer:
    """The answer in the fields; what else they hold is ignored. Raises Refused with every problem."""
    problems = [*_unstorable(fields), *_strange_boxes(fields, statement)]
    ticked = tuple(box for box in statement.boxes if fields.get(field_name(box)) == TICKED)
    if not ticked or any(fields.get(field_name(box), TICKED) != TICKED for box in statement.boxes):
        problems.append(BadInput("consent.not_given", message=_NOT_GIVEN, pointer=BOXES))
    speaks = None
    if ask.point.asks_guardian:
        born = fields.get(guardian.BORN, "")
        relation = fields.get(guardian.RELATION, "")
        speaks = guardian.read(relation, lambda: guardian.read_of_age(born, now=now), problems)
    try:
        company = ask.company
        contact = Contact.tel(fields.get(PHONE, ""), company.country, allowed=company.countries)
    except BadInput as problem:
        raise Refused(*problems, problem) from problem
    if problems:
        raise Refused(*problems)
    return Answer(contact, ticked, speaks)


def field_name(box: Box) -> str:
    """What the field of a box is called."""
    return f"{BOX}{box.key}"


def typed_number(fields: Mapping[str, str]) -> str:
    """What was typed as a number, as far as a form may show it again."""
    text = fields.get(PHONE, "")
    return text if len(text) <= LONGEST_TEXT and text.isprintable() else ""


def _unstorable(fields: Mapping[str, str]) -> list[BadInput]:
    return [
        BadInput("form.bad_character", message=_BAD_CHARACTER, pointer=name if name in (PHONE, BOXES) else "")
        for name, value in fields.items()
        if "\0" in name + value
        and name not in (PHONE, guardian.RELATION, guardian.BORN)  # their own rules name it better
    ]


def _strange_boxes(fields: Mapping[str, str], statement: Statement) -> list[BadInput]:
    offered = {field_name(box) for box in statement.boxes}
    if all(name in offered for name in fields if name.startswith(BOX)):
        return []
    return [BadInput("purpose.unknown", message=_PURPOSE_UNKNOWN, pointer=BOXES)]
