"""What a person is shown or told, word for word: a notice version with its placeholders filled in."""

import hashlib
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import override

from consent.canonical import canonical
from consent.catalogue import Ask
from consent.models import NoticeVersion, Offer
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
)
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Box:
    """One unticked box: a purpose on a channel, in the person's words."""

    key: str
    offer: Offer
    label: str
    hint: str


@dataclass(frozen=True, slots=True)
class Statement:
    """Exactly what is shown: the text, the boxes, and a digest of both."""

    text: str
    boxes: tuple[Box, ...]
    language: str

    @property
    def paragraphs(self) -> list[str]:
        return [paragraph.strip() for paragraph in self.text.split("\n\n") if paragraph.strip()]

    @property
    def digest(self) -> str:
        """SHA-256 of everything shown, in hex."""
        shown = {"text": self.text, "boxes": [[box.key, box.label, box.hint] for box in self.boxes]}
        return hashlib.sha256(canonical(shown)).hexdigest()


def statement(ask: Ask, version: NoticeVersion, language: str, *, wording: str = "screen") -> Statement:
    """What a capture point says in one language and wording ("screen", "message", "spoken", "paper")."""
    wordings: dict[str, str] = version.wordings.get(language) or next(iter(version.wordings.values()), {})
    template = wordings.get(wording) or wordings.get("screen", "")
    with override(django_code(language)):
        boxes = tuple(_box(offer, language) for offer in ask.offers)
        text = fill(template, _values(ask, language))
    return Statement(text=text, boxes=boxes, language=language)


def fill(template: str, values: dict[str, str]) -> str:
    """The template with each known `{name}` replaced; an unknown one stays, and nothing is evaluated."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template)


def placeholders(template: str) -> set[str]:
    """The names a template uses."""
    return set(_PLACEHOLDER.findall(template))


def _box(offer: Offer, language: str) -> Box:
    name = offer.purpose.name.in_language(language)
    label = _("%(purpose)s by %(channel)s") % {"purpose": name, "channel": _channel(offer.channel)}
    return Box(
        key=f"{offer.purpose.slug}.{offer.channel}",
        offer=offer,
        label=label,
        hint=offer.purpose.description.in_language(language),
    )


def _channel(channel: str) -> str:
    return str(Channel(channel).label)


def _values(ask: Ask, language: str) -> dict[str, str]:
    company = ask.company
    channels = dict.fromkeys(_channel(offer.channel) for offer in ask.offers)
    purposes = dict.fromkeys(offer.purpose.name.in_language(language) for offer in ask.offers)
    return {
        "company": company.name,
        "legal_name": company.legal_name,
        "channels": _listed(list(channels)),
        "purposes": _listed(list(purposes)),
        "privacy_url": company.privacy_url,
        "dpo_name": company.dpo_name,
        "dpo_contact": company.dpo_contact,
        "sender": ask.sender.address,
    }


def _listed(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}
