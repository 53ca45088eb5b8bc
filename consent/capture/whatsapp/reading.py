"""The words and taps in a message, from the many shapes that Meta gives them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from consent import dialogue
from consent.dialogue import Payload

# Kinds of messages that are no answer to anything; their captions can still be a stop.
WITHOUT_WORDS = frozenset(
    ["image", "video", "document", "audio", "sticker", "reaction", "location", "contacts", "order"]
)
# Fields of Meta's webhooks that speak of groups, accounts and templates, never of a person's consent.
SAYS_NOTHING = frozenset(
    ["group_lifecycle_update", "group_participants_update", "group_settings_update", "group_status_update"]
)


@dataclass(frozen=True, slots=True)
class Read:
    """What a message says: its words, whether somebody typed them, and the button of ours that was pressed.

    One that `is_wordless` is sent to us and is no answer to anything.
    """

    texts: tuple[str, ...] = ()
    is_typed: bool = False
    is_wordless: bool = False
    payload: str = ""
    pressed: Payload | None = None


def message(content: Mapping[str, Any]) -> Read | None:
    """What a message of Meta's says; None for a kind that we do not know."""
    kind = clean(content.get("type"))
    part = content.get(kind)
    if kind in WITHOUT_WORDS:
        return _without_words(
            kind, part if isinstance(part, Mapping) else {}, is_to_us="group_id" not in content
        )
    if not isinstance(part, Mapping):
        return None
    if kind == "text":
        # Nobody answers us in front of a group.
        return Read(_texts(part.get("body")), is_typed="group_id" not in content)
    if kind == "button":
        return _pressed(part.get("payload"), part.get("text"))
    if kind == "interactive":
        return _interactive(part)
    return None


def _without_words(kind: str, part: Mapping[str, Any], *, is_to_us: bool) -> Read:
    is_undone = kind == "reaction" and not clean(part.get("emoji"))
    return Read(_texts(part.get("caption")), is_wordless=is_to_us and not is_undone)


def _interactive(part: Mapping[str, Any]) -> Read | None:
    kind = clean(part.get("type"))
    answer = part.get(kind)
    if not isinstance(answer, Mapping):
        return None
    if kind in {"button_reply", "list_reply"}:
        return _pressed(answer.get("id"), answer.get("title"))
    if kind == "nfm_reply":
        return _flow(answer)
    return None


def _pressed(payload: Any, text: Any) -> Read:
    payload = clean(payload)
    return Read(_texts(text, payload), payload=payload, pressed=dialogue.read_payload(payload))


def _flow(answer: Mapping[str, Any]) -> Read:
    """The end of a WhatsApp Flow: its token names the question, its `answer` is "yes", "no" or "stop"."""
    try:
        given = json.loads(clean(answer.get("response_json")))
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        return Read()
    token, said = clean(given.get("flow_token")), clean(given.get("answer"))
    asked = dialogue.read_payload(token)
    if said == "stop":
        return Read(("STOP",), payload=token, pressed=asked and replace(asked, answer="stop"))
    if asked is None or said not in {"yes", "no"}:
        return Read(payload=token)
    return Read((said,), payload=token, pressed=replace(asked, answer=said))


def _texts(*values: Any) -> tuple[str, ...]:
    return tuple(text for value in values if (text := clean(value)))


def clean(value: Any) -> str:
    """A text without half characters, which JSON can hold and no database; "" for what is no text."""
    return (
        value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else ""
    )
