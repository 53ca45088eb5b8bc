"""Messages as Twilio delivers them, SMS and WhatsApp alike: whether one is whole, its name, and what was replied."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree

from consent.canonical import canonical

_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
# Twilio always sends these, empty or not.
_CORE = frozenset({"AccountSid", "Body", "From", "To"})


def is_whole(parameters: Mapping[str, str]) -> bool:
    """Whether a message has all that Twilio always sends, and an id of Twilio's form."""
    return parameters.keys() >= _CORE and bool(_SID.fullmatch(parameters.get("MessageSid", "")))


def event(parameters: Mapping[str, str]) -> tuple[str, str]:
    """The name of a delivery: Twilio's own id of the message; its content where it is no whole message.

    `Bod=ySTOP` signs like `Body=STOP`: it must not take the place of the message with the same id.
    """
    name = parameters["MessageSid"] if is_whole(parameters) else canonical(dict(parameters)).decode()
    return parameters.get("AccountSid", ""), name


def replies(twiml: str | bytes) -> list[str]:
    """The texts that an answer has Twilio send back; none where it is no TwiML."""
    try:
        root = ElementTree.fromstring(twiml)  # noqa: S314  our own server wrote it
    except ElementTree.ParseError:
        return []
    return ["".join(message.itertext()) for message in root.iter("Message")]
