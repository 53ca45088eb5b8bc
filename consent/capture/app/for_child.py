"""What an app hands in of who says yes for a child."""

from datetime import datetime
from typing import Any

from consent import guardian
from consent.capture.app import said
from consent.catalogue import Ask
from consent.errors import BadInput
from consent.guardian import Guardian


def read(part: said.Guardian | None, ask: Ask, *, is_yes: bool, now: datetime) -> Guardian | None:
    """Who speaks for a child with a yes; None where nobody must. Raises BadInput.

    A no counts whoever says it: what came with it is neither read nor kept.
    """
    if not ask.point.asks_guardian:
        if part is not None:
            raise BadInput(
                "guardian.not_asked",
                "This capture point does not ask for a guardian. Leave the guardian out.",
                pointer="guardian",
            )
        return None
    if not is_yes:
        return None
    if part is None:
        raise BadInput(
            "guardian.required",
            "An adult answers here for a child. Say who they are to it, and the day it was born.",
            pointer="guardian",
        )
    try:
        return Guardian(guardian.read_relation(part.relation), guardian.read_of_age(part.born, now=now))
    except BadInput as error:
        error.pointer = f"guardian/{error.pointer}"
        raise


def body(consent: said.Consent, speaks: Guardian | None) -> dict[str, Any]:
    """What was handed in, to tell a repetition from another request; without the day of birth."""
    kept = speaks.evidence() if speaks else None
    whole = consent.model_dump(exclude={"guardian"})
    return whole if kept is None else whole | {"guardian": kept}
