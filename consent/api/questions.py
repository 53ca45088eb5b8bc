"""What is asked of the decision, read strictly: about whom, on which channel, for what, as of when."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from consent.api import answers, moments, strict_json
from consent.contact import Contact
from consent.errors import BadInput
from consent.vocabulary import Category, Channel

MOST = 10_000  # contacts of one list; a stream has no limit

CHANNELS = frozenset(Channel.values)
CATEGORIES = frozenset(Category.values)
FIELDS = frozenset({"channel", "purpose", "category", "sender", "reply", "at", "permit"})
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,40}")
_SENDER = re.compile(r"\+[0-9]{7,15}")


@dataclass(frozen=True, slots=True)
class Topic:
    """What is asked about, whoever is asked about: the keywords of `decision.may_send`."""

    channel: str
    purpose: str
    category: str
    at: datetime | None
    sender: str = ""
    is_reply: bool = False
    wants_permit: bool = False

    @property
    def keywords(self) -> dict[str, Any]:
        return {
            "channel": self.channel, "purpose": self.purpose, "category": self.category, "at": self.at,
            "sender": self.sender, "is_reply": self.is_reply,
        }  # fmt: skip


def read(body: bytes, *, now: datetime) -> tuple[Topic, Contact | list[Any]]:
    """The question in a body: a topic, with one contact or a list of them as they were written."""
    question = strict_json.read_object(body)
    is_list = "contacts" in question
    if ("contact" in question) == is_list:
        raise BadInput("contact.required", "Say one contact, or a list of contacts.", pointer="contact")
    asked = question.pop("contacts" if is_list else "contact")
    topic = read_topic(question, now=now)
    if not is_list:
        return topic, read_contact(asked)
    if not isinstance(asked, list):
        raise BadInput("contacts.type", "Send a list of strings.", pointer="contacts")
    if len(asked) > MOST:
        raise BadInput(
            "contacts.too_many", f"Send at most {MOST} at once, or a stream.", status=413, pointer="contacts"
        )
    return topic, asked


def read_address(query: str, contact: str, *, now: datetime) -> tuple[Topic, Contact]:
    """The question of a GET: its topic from the address, its contact from the header, where no log looks."""
    pairs = parse_qsl(query, keep_blank_values=True)
    said = dict(pairs)
    if len(said) < len(pairs):
        raise BadInput("parameter.twice", "Send each parameter once.", status=400)
    if not said.keys() <= FIELDS:
        raise BadInput("parameter.unknown", "Send the contact in the header Optin-Contact.", status=400)
    return read_topic(said, now=now), read_contact(contact)


def read_topic(said: Mapping[str, Any], *, now: datetime) -> Topic:
    """Channel, purpose or category, sender, and the moment. Raises BadInput."""
    for name, value in said.items():
        if name not in FIELDS:
            raise BadInput(
                "field.unknown",
                f"Only {', '.join(sorted(FIELDS))} are asked for.",
                pointer=answers.escaped(name),
            )
        if not isinstance(value, str):
            raise BadInput(f"{name}.type", "Send a string.", pointer=name)
    return _topic(said, now=now) if "at" in said else _topic_of_now(tuple(said.items()))


@lru_cache(maxsize=1024)
def _topic_of_now(said: tuple[tuple[str, str], ...]) -> Topic:
    """Programs ask about the same again and again."""
    return _topic(dict(said), now=None)


def _topic(said: Mapping[str, str], *, now: datetime | None) -> Topic:
    channel, purpose, category = (said.get(name, "") for name in ("channel", "purpose", "category"))
    if channel not in CHANNELS:
        code = "channel.unknown" if "channel" in said else "channel.required"
        raise BadInput(code, f"Choose one of {', '.join(Channel.values)}.", pointer="channel")
    if ("purpose" in said) == ("category" in said):
        raise BadInput("purpose.required", "Say the purpose, or else the category.", pointer="purpose")
    if "purpose" in said and not _SLUG.fullmatch(purpose):
        raise BadInput("purpose.bad_character", "Send the purpose's short name.", pointer="purpose")
    if "category" in said and category not in CATEGORIES:
        raise BadInput("category.unknown", f"Choose one of {', '.join(Category.values)}.", pointer="category")
    at = moments.read(said["at"], pointer="at", now=now) if now is not None else None
    if at == now:  # by a clock that is ahead of ours
        at = None
    sender = said.get("sender", "")
    if "sender" in said and not _SENDER.fullmatch(sender):
        raise BadInput(
            "sender.malformed", "Send the sender's number, with + and no spaces.", pointer="sender"
        )
    is_reply = _flag(said, "reply")
    wants_permit = _flag(said, "permit")
    if wants_permit and at is not None:
        raise BadInput("permit.past", "A permit is for now: leave out the moment.", pointer="permit")
    return Topic(channel, purpose, category, at, sender, is_reply, wants_permit)


def _flag(said: Mapping[str, Any], name: str) -> bool:
    text = said.get(name, "no")
    if text not in ("yes", "no"):
        raise BadInput(f"{name}.unknown", "Say yes or no.", pointer=name)
    return bool(text == "yes")


def read_contact(text: object) -> Contact:
    """A contact as programs write it. Raises BadInput."""
    if not isinstance(text, str):
        raise BadInput("phone.type", "Send a string.", pointer="contact")
    try:
        return Contact.tel(text)
    except BadInput as error:
        error.pointer = "contact"  # a form calls this field phone
        raise
