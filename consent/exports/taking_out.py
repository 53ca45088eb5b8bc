"""Beginning an export: what it is called, what it says of itself, and the entry in the log that tells of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent import journal
from consent.canonical import moment
from consent.exports import formats, lines
from consent.exports.lines import Wanted


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is made while it is read."""

    name: str
    media_type: str
    log_size: int
    parts: Iterator[bytes]


def begin(wanted: Wanted, *, kind: str, entity: str, at: datetime) -> Export:
    """An export as of the log's size now. Who takes out what is in the log before a line leaves.

    Whoever calls has made sure that `entity` may open personal data, where contacts are wanted.
    """
    size = lines.log_size()
    asked = {column.split(".")[1].split(" ")[0]: str(value) for column, value in wanted.conditions.items()}
    journal.write(
        "exported", company=wanted.company, at=at, entity=entity, format=kind, log_size=str(size),
        contacts="yes" if wanted.with_contacts else "no", **{f"only_{name}": value for name, value in asked.items()},
    )  # fmt: skip
    about: dict[str, Any] = {"company": wanted.company.slug, "log_size": size, "exported_at": moment(at)}
    parts = formats.write(lines.lines(wanted, size=size), kind=kind, about=about)
    return Export(f"optin-{wanted.company.slug}-log-{size}.{kind}", formats.MEDIA_TYPES[kind], size, parts)
