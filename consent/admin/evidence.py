"""Opened evidence laid out for reading: the text shown, the boxes, the answers, and every detail by name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

# What the capture methods write into evidence, in the words of the page.
NAMES: Mapping[str, Any] = {
    "address": _("IP address"),
    "peer": _("connected from"),
    "forwarded_for": _("forwarded for"),
    "user_agent": _("browser"),
    "accept_language": _("languages of the browser"),
    "embedded_in": _("embedded in"),
    "confirmation": _("policy for proving the number"),
    "digest": _("digest of what was shown"),
    "notice": _("notice version"),
    "language": _("language"),
    "shown_at": _("shown at"),
    "sent_at": _("sent at"),
    "typed": _("typed"),
    "number": _("number"),
    "body": _("message"),
    "from": _("from"),
    "to": _("to"),
    "message": _("message"),
    "digits": _("keys pressed"),
    "name": _("name"),
    "signed_on": _("signed on"),
    "sheet": _("sheet"),
    "form": _("form"),
    "batch": _("batch of paper"),
    "place": _("where it was signed"),
    "box": _("box in the archive"),
    "shelf": _("shelf"),
    "file": _("file"),
    "page": _("page"),
    "handed_in_by": _("handed in by"),
    "checks": _("checked by"),
    "committed_by": _("committed by"),
    "kiosk": _("kiosk"),
    "signed": _("signed with a finger"),
    "received_at": _("received"),
    "tablet_said_at": _("answered, by the tablet's clock"),
    "tablet_sent_at": _("sent, by the tablet's clock"),
}
IN_PARTS = frozenset({"text", "boxes", "answers"})


@dataclass(frozen=True, slots=True)
class Parts:
    """One act's evidence in the parts a page shows."""

    paragraphs: tuple[str, ...]
    boxes: tuple[Mapping[str, Any], ...]
    answers: tuple[Mapping[str, Any], ...]
    details: tuple[tuple[str, str], ...]


def parts(evidence: Mapping[str, Any]) -> Parts:
    """The parts of a piece of evidence, whichever method wrote it; nothing of it is left out."""
    return Parts(
        paragraphs=tuple(
            part.strip() for part in str(evidence.get("text", "")).split("\n\n") if part.strip()
        ),
        boxes=_mappings(evidence.get("boxes")),
        answers=_mappings(evidence.get("answers")),
        details=tuple((_name(key), _value(value)) for key, value in evidence.items() if key not in IN_PARTS),
    )


def _mappings(value: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def _name(key: str) -> str:
    return str(NAMES.get(key) or key.replace("_", " "))


def _value(value: Any) -> str:
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    )
