"""The same write again: the record is the memory, so nothing can be recorded and then forgotten."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from consent import opening, vault
from consent.api.idempotency import checked
from consent.canonical import canonical
from consent.capture.app import METHOD
from consent.errors import BadInput
from consent.recording import Recorded

REQUEST = "request"  # where the evidence keeps a keyed hash of what was asked


def reference(key: str) -> str:
    """The act's reference for an Idempotency-Key. Raises BadInput for what is no key."""
    return f"{METHOD.slug}:{checked(key)}"


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
