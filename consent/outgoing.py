"""What leaves for a person: words with buttons under them, an approved template, or a call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.contact import Contact


@dataclass(frozen=True, slots=True)
class Button:
    """A reply button: what it carries unseen (dialogue.payload; up to 128 characters), and its title (up to 20)."""

    payload: str
    title: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text that the provider approved, by its name there (Twilio: its ContentSid), filled with values in order."""

    name: str
    language: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message or call on its way out.

    Where there is a `template` that is what is sent, with the buttons' payloads behind its own; the text is what
    the person then reads, for the evidence. `flow` is the id of a WhatsApp Flow, which the one button opens. `call`
    is the path of ours that says what is spoken on a call; empty for a message.
    """

    to: Contact
    text: str
    buttons: tuple[Button, ...] = ()
    template: Template | None = None
    flow: str = ""
    call: str = ""

    def content(self) -> dict[str, Any]:
        """As it is sealed with its OutboundMessage; what there is none of is left out."""
        template = self.template
        said: dict[str, Any] = {
            "buttons": [[button.payload, button.title] for button in self.buttons],
            "template": [template.name, template.language, list(template.values)] if template else [],
            "flow": self.flow,
            "call": self.call,
        }
        there = {name: value for name, value in said.items() if value}
        return {"to": self.to.value, "scheme": self.to.scheme, "text": self.text, **there}


def read(content: Mapping[str, Any]) -> Outgoing:
    """What `content` wrote."""
    name, language, values = content.get("template") or ("", "", ())
    return Outgoing(
        to=Contact(content["scheme"], content["to"]),
        text=content["text"],
        buttons=tuple(Button(*button) for button in content.get("buttons", ())),
        template=Template(name, language, tuple(values)) if name else None,
        flow=content.get("flow", ""),
        call=content.get("call", ""),
    )
