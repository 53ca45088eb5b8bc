"""The key by which a program says that a write is the same write again."""

import re

from consent.errors import BadInput

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def checked(key: str) -> str:
    """The key, if it is one. Raises BadInput."""
    if not _KEY.fullmatch(key):
        raise BadInput(
            "idempotency.malformed",
            "An Idempotency-Key has 1 to 200 visible ASCII characters: a UUID is a good one.",
            status=400,
        )
    return key
