"""What one text of a capture point says and leaves out: pure functions over it, as people get it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import override

from consent import keywords, wording
from consent.catalogue import Ask
from consent.linting import sms, vague, words
from consent.vocabulary import Channel, django_code

MOST_SMS_PARTS = 5
MOST_SPOKEN_WORDS = 180  # a minute and a quarter
READ = ("screen", "paper")  # what is read at leisure; a message and a voice lead there by the privacy policy


@dataclass(frozen=True, slots=True)
class Said:
    """One text of a capture point: as it was written, and as people get it."""

    ask: Ask
    language: str
    wording: str
    template: str
    text: str


# What each function below is, or gives: None where a text does what it must, else a detail to name, or "".
type Test = Callable[[Said], str | None]


def _is(found: object) -> str | None:
    return None if found else ""


def written(said: Said) -> str | None:
    return _is(said.template)


def names(name: str, value: Callable[[Ask], str]) -> Test:
    """A test for a text that names what a placeholder stands for."""
    return lambda said: _is(_has(name, value(said.ask), said))


def _has(name: str, value: str, said: Said) -> bool:
    """Whether a text holds what a placeholder stands for: by its name, or typed out."""
    if not value.strip():
        return False
    literal = re.sub(r"\{[a-z_]+\}", "", said.template)
    return f"{{{name}}}" in said.template or value.casefold() in literal.casefold()


def channels(said: Said) -> str | None:
    with override(django_code(said.language)):
        names = {str(Channel(offer.channel).label) for offer in said.ask.offers}
    return _is(names and all(_has("channels", name, said) for name in names))


def purposes(said: Said) -> str | None:
    if said.wording in READ:
        return None  # the boxes name them
    names = _offered(said)
    return _is(names and all(_has("purposes", name, said) for name in names))


def _offered(said: Said) -> set[str]:
    return {offer.purpose.name.in_language(said.language) for offer in said.ask.offers}


def specific(said: Said) -> str | None:
    return next((name for name in sorted(_offered(said)) if vague.is_vague(name)), None)


def nothing_added(said: Said) -> str | None:
    return _is(not vague.opens_everything(said.template))


def how_to_stop(said: Said) -> str | None:
    return _is("{how_to_stop}" in said.template or _shouted(said, keywords.Intent.STOP))


def shouts(intent: keywords.Intent) -> Test:
    """A test for a text that has a word in capitals which people may answer with."""
    return lambda said: _is(_shouted(said, intent))


def _shouted(said: Said, intent: keywords.Intent) -> bool:
    return any(keywords.interpret(word) is intent for word in re.findall(r"\b[^\W\d_a-z]{3,}\b", said.text))


def says(*patterns: dict[str, re.Pattern[str]]) -> Test:
    """A test for a text that has all of these, as its language says them."""
    return lambda said: _is(all(pattern[said.language].search(said.text) for pattern in patterns))


def duration(said: Said) -> str | None:
    pattern = words.DURATION[said.language]
    return _is(pattern.search(said.text) or all(pattern.search(hint) for hint in _beside_boxes(said)))


def frequency(said: Said) -> str | None:
    often, occasion = words.FREQUENCY[said.language], words.OCCASION[said.language]
    if often.search(said.text):
        return None
    hints = _beside_boxes(said, channel=Channel.SMS) if said.wording in READ else []
    return _is(hints and all(often.search(hint) or occasion.search(hint) for hint in hints))


def _beside_boxes(said: Said, *, channel: str | None = None) -> list[str]:
    return [
        offer.purpose.description.in_language(said.language)
        for offer in said.ask.offers
        if channel is None or offer.channel == channel
    ]


def short(said: Said) -> str | None:
    if sms.parts(said.text) <= MOST_SMS_PARTS:
        return None
    strangers = sms.strangers(said.text)
    return f"{len(said.text)} > {MOST_SMS_PARTS} SMS" + (f" ({strangers})" if strangers else "")


def speakable(said: Said) -> str | None:
    if len(said.text.split()) > MOST_SPOKEN_WORDS:
        return f"{len(said.text.split())} > {MOST_SPOKEN_WORDS}"
    found = re.search(r"\S*(://|www\.|[@&/{}<>|#*_])\S*", said.text)
    return found[0] if found else None


def keys(said: Said) -> str | None:
    return next((key for key in "1290" if not re.search(rf"\b{key}\b", said.template)), None)


def braces(said: Said) -> str | None:
    unknown = sorted(wording.placeholders(said.template) - set(wording.PLACEHOLDERS))
    return f"{{{unknown[0]}}}" if unknown else None
