"""What the server's log may hold: routes, not paths; nothing that looks like a person or a secret."""

import logging
import re
from datetime import UTC, datetime

# A telephone number or an address: seven digits or more, in people's groups. Ids in hexadecimal stay.
DIGITS = re.compile(r"(?<![0-9A-Fa-f-])\+?\d(?:[\s().:-]{0,2}\d){6,}(?![0-9A-Fa-f-])")
EMAIL = re.compile(r"[^\s@<>'\"]+@[^\s@<>'\"]+\.[^\s@<>'\"]+")
# What a database adds to an error: "DETAIL:  Key (value)=(...) already exists."
# The values may have lines of their own: all goes up to what Python says next of a chain of errors.
DETAIL = re.compile(
    r"^(DETAIL|CONTEXT|HINT|QUERY):.*?(?=\n\n(?:The above exception|During handling)|\Z)",
    re.MULTILINE | re.DOTALL,
)


class RouteNotPath(logging.Filter):
    """Writes a request as its route: the path itself may hold a receipt's token."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if record.name.startswith("django.") and request is not None:
            match = getattr(request, "resolver_match", None)
            route = match.route if match else "(no route)"
            status = getattr(record, "status_code", "")
            record.msg, record.args = "%s %s /%s", (status, getattr(request, "method", "?"), route)
        elif record.name == "django.server" or record.name.startswith("django.security"):
            # The development server writes the request line, and a refused host is whatever somebody sent.
            record.msg, record.args = "%s", (record.name,)
        return True


class Sober(logging.Formatter):
    """One line for each event, with times in UTC and without what looks personal."""

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        # A traceback that another handler rendered, and kept on the record, would come past formatException.
        record.exc_text = None
        return f"{self.formatTime(record)} {record.levelname} {record.name}: {scrub(super().format(record))}"


def scrub(text: str) -> str:
    """`text` without numbers, addresses and values that a database quoted."""
    return DIGITS.sub("[number]", EMAIL.sub("[address]", DETAIL.sub(r"\1: [left out]", text)))
