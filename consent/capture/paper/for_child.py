"""What a sheet says of who says yes for a child, as a member of staff typed it."""

from collections.abc import Mapping
from datetime import date, datetime

from consent import guardian
from consent.errors import BadInput
from consent.guardian import Guardian


def read(
    fields: Mapping[str, str], day: date | None, problems: list[BadInput], *, now: datetime
) -> Guardian | None:
    """Who speaks for a child that comes of age on a day; None, with what is wrong added, where that is not said."""
    relation, of_age = None, None
    try:
        relation = guardian.read_relation(fields.get(guardian.RELATION, ""))
    except BadInput as problem:
        problems.append(problem)
    try:
        of_age = guardian.check_of_age(day, now=now)
    except BadInput as problem:
        problems.append(problem)
    return Guardian(relation, of_age) if relation and of_age else None
