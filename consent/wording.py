"""What a person is shown or told, word for word: a notice version with its placeholders filled in."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import keywords
from consent.canonical import canonical
from consent.catalogue import Ask
from consent.models import NoticeVersion, Offer, Purpose
from consent.vocabulary import Channel, django_code

PLACEHOLDERS = (
    "company",
    "legal_name",
    "channels",
    "purposes",
    "privacy_url",
    "dpo_name",
    "dpo_contact",
    "sender",
    "how_to_stop",
)
WORDINGS = ("screen", "message", "spoken", "paper")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Box:
    """One unticked box: a purpose on a channel, in the person's words."""

    key: str
    offer: Offer
    label: str
    hint: str


def _nothing(_box: Box) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Statement:
    """Exactly what is shown: the text, the boxes, and a digest of both."""

    text: str
    boxes: tuple[Box, ...]
    language: str

    @property
    def paragraphs(self) -> list[str]:
        return [paragraph.strip() for paragraph in self.text.split("\n\n") if paragraph.strip()]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything shown, in hex."""
        shown = {"text": self.text, "boxes": [[box.key, box.label, box.hint] for box in self.boxes]}
        return hashlib.sha256(canonical(shown)).hexdigest()

    def evidence(
        self, version: NoticeVersion, *, said: Callable[[Box], Mapping[str, Any]] = _nothing
    ) -> dict[str, Any]:
        """What was shown, and what was `said` to each box, as evidence keeps it; it was made of `version`."""
        return {
            "text": self.text,
            "boxes": [
                {"key": box.key, "label": box.label, "hint": box.hint, **said(box)} for box in self.boxes
            ],
            "digest": self.digest,
            "notice": f"{version.notice.slug} {version.number}",
            "language": self.language,
        }


def statement(ask: Ask, version: NoticeVersion, language: str, *, wording: str = "screen") -> Statement:
    """What a capture point says in one language and wording ("screen", "message", "spoken", "paper")."""
    wordings: dict[str, str] = version.wordings.get(language) or next(iter(version.wordings.values()), {})
    template = wordings.get(wording) or wordings.get("screen", "")
    with override(django_code(language)):
        boxes = tuple(_box(offer, language) for offer in ask.offers)
        text = fill(template, _values(ask, language, wording))
    return Statement(text=text, boxes=boxes, language=language)


def label(purpose: Purpose, channel: str, language: str) -> str:
    """A purpose on a channel in the person's words: "News and offers by SMS"."""
    with override(django_code(language)):
        name = purpose.name.in_language(language)
        return _("%(purpose)s by %(channel)s") % {"purpose": name, "channel": _channel(channel)}


def fill(template: str, values: dict[str, str]) -> str:
    """The template with each known `{name}` replaced; an unknown one stays, and nothing is evaluated."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template)


def placeholders(template: str) -> set[str]:
    """The names a template uses."""
    return set(_PLACEHOLDER.findall(template))


def placeholders_in_order(template: str) -> list[str]:
    """The names a template uses, in the order in which each first stands in it."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(template)))


def _box(offer: Offer, language: str) -> Box:
    return Box(
        key=f"{offer.purpose.slug}.{offer.channel}",
        offer=offer,
        label=label(offer.purpose, offer.channel, language),
        hint=offer.purpose.description.in_language(language),
    )


def _channel(channel: str) -> str:
    return str(Channel(channel).label)


def _values(ask: Ask, language: str, wording: str) -> dict[str, str]:
    company = ask.company
    purposes = dict.fromkeys(offer.purpose.name.in_language(language) for offer in ask.offers)
    channels = dict.fromkeys(offer.channel for offer in ask.offers)
    said = _speakable if wording == "spoken" else str
    return {
        "company": company.name,
        "legal_name": company.legal_name,
        "channels": listed([_channel(channel) for channel in channels]),
        "purposes": ", ".join(purposes),  # their names hold an "and" of their own
        "privacy_url": said(company.privacy_url),
        "dpo_name": company.dpo_name,
        "dpo_contact": said(company.dpo_contact),
        "sender": said(ask.sender.address),
        "how_to_stop": _how_to_stop(ask, set(channels), language, wording),
    }


def how_to_stop(ask: Ask, language: str) -> str:
    """What a person does to stop, on each channel of the capture point, as a part of a sentence."""
    with override(django_code(language)):
        return _how_to_stop(ask, {offer.channel for offer in ask.offers}, language, "paper")


def _how_to_stop(ask: Ask, channels: set[str], language: str, wording: str) -> str:
    """What a person does to stop, on each of the channels, as `keywords` understands it."""
    values = {"word": keywords.STOP_WORD[language]}
    if wording == "message":
        return _("reply %(word)s") % values
    ways = []
    if channels != {Channel.VOICE}:
        ways.append(_("reply %(word)s to any message") % values)
    elif ask.sender.channel == Channel.SMS:
        number = _speakable(ask.sender.address) if wording == "spoken" else ask.sender.address
        ways.append(_("send %(word)s by SMS to %(number)s") % (values | {"number": number}))
    if Channel.VOICE in channels:
        ways.append(_("press 0 during any call"))
    return ways[0] if len(ways) == 1 else _("%(first)s or %(last)s") % {"first": ways[0], "last": ways[1]}


def _speakable(text: str) -> str:
    """An address or a number as a voice reads it aloud."""
    if text.startswith("+"):
        return " ".join(text[1:])
    bare = re.sub(r"^(https?://)?(www\.)?|/$", "", text) if "@" not in text else text
    words = {"@": _("at"), ".": _("dot"), "/": _("slash"), "-": _("dash")}
    return re.sub(r"[@./-]", lambda match: f" {words[match[0]]} ", bare)


def listed(names: list[str]) -> str:
    """Names as a sentence lists them: "SMS and WhatsApp"."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}
