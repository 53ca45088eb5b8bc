"""How a record stands in a file that people and other installations read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.contact import TEL, WHATSAPP_USER_ID, Contact
from consent.errors import BadInput
from consent.vocabulary import Channel, Language, Possession, State

# In the order in which they stand. `log_size` is the size of the log that the whole file is consistent with.
COLUMNS = (
    "record", "act", "subject", "contact", "purpose", "channel", "state", "possession", "valid_days", "point",
    "notice", "language", "method", "entity", "event_time", "clock", "recorded_at", "log_index", "log_size",
)  # fmt: skip
HEADER = "optin_export"  # what the first of our own JSON lines has, which is about the file
# Without these a file cannot give the same standings elsewhere.
NEEDED = frozenset(
    {"record", "contact", "purpose", "channel", "state", "possession", "valid_days", "event_time", "clock"}
)
# What makes a spreadsheet take a cell for a formula, perhaps after what is not seen (OWASP: CSV injection).
_FORMULA = re.compile("[ \u00a0\u3000\0]*[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]")
# The same where a spreadsheet of another language begins a cell: much of the world separates by semicolons.
_INSIDE = re.compile("(?<=[;|\t])([ \u00a0\u3000\0]*)(?=[=+@\uff1d\uff0b\uff0d\uff20-])")
LONGEST_VALIDITY = 2_147_483_647  # days; what a column takes


@dataclass(frozen=True, slots=True)
class Line:
    """What another installation needs of a record to come to the same standing."""

    record: UUID
    contact: Contact
    purpose: str
    channel: str
    state: str
    possession: str
    valid_days: int
    language: str
    event_time: datetime
    clock: str


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, nor for two cells of which the second is one."""
    found = _FORMULA.match(cell)
    if found:
        return f"'{found[0]}{_INSIDE.sub(r"\1'", cell[found.end() :])}"
    return _INSIDE.sub(r"\1'", cell)


def is_export(headings: list[str]) -> bool:
    """Whether these are the columns of one of our own exports."""
    return set(headings) >= NEEDED


def write_contact(contact: Contact) -> str:
    """A contact as files name it: a number as it is, anything else after its scheme."""
    return contact.value if contact.scheme == TEL else f"{contact.scheme}:{contact.value}"


def read_contact(text: str) -> Contact:
    """The contact that `write_contact` wrote. Raises BadInput."""
    scheme, colon, value = text.partition(":")
    if colon and scheme == WHATSAPP_USER_ID:
        return Contact.whatsapp_user(value)
    return Contact.reported(text)


def read(cells: Mapping[str, str]) -> Line:
    """One line of an export. Raises BadInput, with the code of what is wrong."""
    if not cells["contact"]:
        raise BadInput("contact.missing", "")
    if (
        cells["channel"] not in Channel.values
        or cells["state"] not in State.values
        or cells["possession"] not in Possession.values
        or cells.get("language", Language.ENGLISH) not in Language.values
        or not (cells["valid_days"].isascii() and cells["valid_days"].isdigit())
        or int(cells["valid_days"][:11]) > LONGEST_VALIDITY
        or len(cells["clock"]) > 16
    ):
        raise BadInput("row.malformed", "")
    try:
        record = UUID(cells["record"])
        event_time = datetime.fromisoformat(cells["event_time"])
    except ValueError as error:
        raise BadInput("row.malformed", "") from error
    if event_time.utcoffset() is None:
        raise BadInput("date.unreadable", "")
    return Line(
        record, read_contact(cells["contact"]), cells["purpose"].removeprefix("'"), cells["channel"], cells["state"],
        cells["possession"], int(cells["valid_days"]), cells.get("language", Language.ENGLISH), event_time,
        cells["clock"],
    )  # fmt: skip
