"""A stop that came on paper or was said at a counter: staff write it down, and it counts like any other."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from consent.canonical import moment
from consent.capture.paper import METHOD
from consent.contact import Contact
from consent.models import Company
from consent.withdrawing import Stop

LONGEST_PLACE = 200


def read(
    contact: Contact, company: Company, *, written_on: date, place: str, by: str, form: str, now: datetime
) -> Stop:
    """What a letter stops: everything, on every channel, whoever the company takes its number for.

    `written_on` is the day on it, from its beginning on where the company is; `place` says where it lies; `form`
    names the page it was typed on, so that sending that twice records once.
    """
    begins = datetime.combine(written_on, time.min, tzinfo=ZoneInfo(company.time_zone))
    evidence: dict[str, Any] = {
        "form": "letter or counter",
        "number": contact.value,
        "written_on": written_on.isoformat(),
        "place": place[:LONGEST_PLACE],
        "typed_by": by,
        "typed_at": moment(now),
    }
    return Stop(
        company=company, contact=contact, language=company.language, said_at=min(begins, now),
        method=METHOD.slug, evidence=evidence, reference=f"{METHOD.slug}:letter:{form}", entity=by,
    )  # fmt: skip
