"""The same write again: the record is the memory, so nothing can be recorded and then forgotten."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from consent import opening, vault
from consent.canonical import canonical
from consent.capture.app import METHOD
from consent.errors import BadInput
from consent.recording import Recorded

REQUEST = "request"  # where the evidence keeps a keyed hash of what was asked

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def reference(key: str) -> str:
    """The act's reference for an Idempotency-Key. Raises BadInput for what is no key."""
    if not _KEY.fullmatch(key):
        raise BadInput(
            "idempotency.malformed",
            "An Idempotency-Key has 1 to 200 visible ASCII characters: a UUID is a good one.",
            status=400,
        )
    return f"{METHOD.slug}:{key}"


def fingerprint(kind: str, body: Mapping[str, Any]) -> str:
    """A keyed hash of a request, to tell a repetition from another one; its number cannot be guessed from it."""
    return vault.digest("app request", kind, canonical(body).decode()).hex()


def check(recorded: Recorded, asked: str) -> None:
    """Raise BadInput where an act was recorded before for another request with the same key."""
    if not recorded.is_new and _first(recorded.act) != asked:
        raise BadInput(
            "idempotency.mismatch",
            "This Idempotency-Key was used for another request. Nothing was recorded; use a new one.",
        )


def _first(act: UUID) -> str:
    try:
        return str(opening.evidence_of(act).get(REQUEST, ""))
    except opening.Erased:
        raise BadInput("erased", "The person behind this request was erased.", status=410) from None
