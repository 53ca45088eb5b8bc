"""What is looked for in the texts of a notice: pure functions over one text of one capture point."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from consent import keywords, wording
from consent.catalogue import Ask
from consent.linting import sms, vague, words
from consent.vocabulary import Channel, django_code

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

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


# None where a text does what it must, else a detail to name, or "".
type Test = Callable[[Said], str | None]


@dataclass(frozen=True, slots=True)
class Check:
    """What a text must do: what is said where it does, and what is advised where it does not."""

    says: "_StrPromise"
    advice: "_StrPromise"
    test: Test
    wordings: tuple[str, ...] = wording.WORDINGS
    is_of_texts: bool = True  # else of what the capture points offer
    is_of_the_missing: bool = False  # looks also at texts that are not there


def _is(found: object) -> str | None:
    return None if found else ""


def _names(name: str, value: Callable[[Ask], str]) -> Test:
    """A test for a text that names what a placeholder stands for."""
    return lambda said: _is(_has(name, value(said.ask), said))


def _has(name: str, value: str, said: Said) -> bool:
    """Whether a text holds what a placeholder stands for: by its name, or typed out."""
    if not value.strip():
        return False
    literal = re.sub(r"\{[a-z_]+\}", "", said.template)
    return f"{{{name}}}" in said.template or value.casefold() in literal.casefold()


def _channels(said: Said) -> str | None:
    with override(django_code(said.language)):
        names = {str(Channel(offer.channel).label) for offer in said.ask.offers}
    return _is(names and all(_has("channels", name, said) for name in names))


def _purposes(said: Said) -> str | None:
    if said.wording in READ:
        return None  # the boxes name them
    names = _offered(said)
    return _is(names and all(_has("purposes", name, said) for name in names))


def _offered(said: Said) -> set[str]:
    return {offer.purpose.name.in_language(said.language) for offer in said.ask.offers}


def _specific(said: Said) -> str | None:
    return next((name for name in sorted(_offered(said)) if vague.is_vague(name)), None)


def _nothing_added(said: Said) -> str | None:
    return _is(not vague.opens_everything(said.template))


def _how_to_stop(said: Said) -> str | None:
    return _is("{how_to_stop}" in said.template or _shouted(said, keywords.Intent.STOP))


def _shouts(intent: keywords.Intent) -> Test:
    """A test for a text that has a word in capitals which people may answer with."""
    return lambda said: _is(_shouted(said, intent))


def _shouted(said: Said, intent: keywords.Intent) -> bool:
    return any(keywords.interpret(word) is intent for word in re.findall(r"\b[^\W\d_a-z]{3,}\b", said.text))


def _says(*patterns: dict[str, re.Pattern[str]]) -> Test:
    """A test for a text that has all of these, as its language says them."""
    return lambda said: _is(all(pattern[said.language].search(said.text) for pattern in patterns))


def _duration(said: Said) -> str | None:
    pattern = words.DURATION[said.language]
    return _is(pattern.search(said.text) or all(pattern.search(hint) for hint in _beside_boxes(said)))


def _frequency(said: Said) -> str | None:
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


def _short(said: Said) -> str | None:
    if sms.parts(said.text) <= MOST_SMS_PARTS:
        return None
    strangers = sms.strangers(said.text)
    return f"{len(said.text)} > {MOST_SMS_PARTS} SMS" + (f" ({strangers})" if strangers else "")


def _speakable(said: Said) -> str | None:
    if len(said.text.split()) > MOST_SPOKEN_WORDS:
        return f"{len(said.text.split())} > {MOST_SPOKEN_WORDS}"
    found = re.search(r"\S*(://|www\.|[@&/{}<>|#*_])\S*", said.text)
    return found[0] if found else None


def _keys(said: Said) -> str | None:
    return next((key for key in "1290" if not re.search(rf"\b{key}\b", said.template)), None)


def _unknown(said: Said) -> str | None:
    unknown = sorted(wording.placeholders(said.template) - set(wording.PLACEHOLDERS))
    return f"{{{unknown[0]}}}" if unknown else None


COMPANY = Check(
    _("The company is named."),
    _("Name the company as people know it: write {company}."),
    _names("company", lambda ask: ask.company.name),
)
CHANNELS = Check(
    _("The channels are named."),
    _("Name every channel on which messages or calls will come: write {channels}."),
    _channels,
)
PURPOSES = Check(
    _("The purposes are named."),
    _("Say what is sent: write {purposes}. A capture point without a box offers nothing yet."),
    _purposes,
)
SPECIFIC = Check(
    _("Every purpose is specific."),
    _("A purpose that covers everything is void. Name what is sent, one purpose for each kind. Too general:"),
    _specific,
    wordings=("screen",),
    is_of_texts=False,
    is_of_the_missing=True,
)
NOTHING_ADDED = Check(
    _("The text adds no purpose beyond those that are ticked."),
    _("Take out what lets the number be used for anything: such a consent is void."),
    _nothing_added,
)
STOP = Check(
    _("It says how to stop."),
    _("Say before the person agrees how to stop: write {how_to_stop}."),
    _how_to_stop,
)
LEGAL_NAME = Check(
    _("Who decides about the data is named in full."),
    _("Name the controller by its legal name: write {legal_name}."),
    _names("legal_name", lambda ask: ask.company.legal_name),
    wordings=("screen", "spoken", "paper"),
)
OFFICER = Check(
    _("It says whom to ask: the data protection officer's contact."),
    _("Give the contact of the data protection officer: write {dpo_contact}."),
    _names("dpo_contact", lambda ask: ask.company.dpo_contact),
)
POLICY = Check(
    _("It leads to the privacy policy."),
    _("Give the address of the privacy policy: write {privacy_url}."),
    _names("privacy_url", lambda ask: ask.company.privacy_url),
)
RECEIVE = Check(
    _("It says that the person will get messages or calls."),
    _("Say plainly that the person agrees to be written to or called."),
    _says(words.RECEIVE),
)
DURATION = Check(
    _("It says for how long."),
    _("Say for how long the consent holds, in the text or beside each box."),
    _duration,
    wordings=READ,
)
SHARING = Check(
    _("It says whether the data is passed on."),
    _("Say whether the number is passed on, and to whom."),
    _says(words.SHARING),
    wordings=READ,
)
RIGHTS = Check(
    _("It names the rights to a copy and to deletion."),
    _("Name the person's rights: a copy of the data, its correction and its deletion."),
    _says(words.ACCESS, words.DELETION),
    wordings=READ,
)
REFUSING = Check(
    _("It says what follows from refusing."),
    _("Say that one may refuse, and what follows from it."),
    _says(words.REFUSING),
    wordings=READ,
)
COMPLAINT = Check(
    _("It names the right to complain to an authority."),
    _("Say that one may complain to the data protection authority."),
    _says(words.COMPLAINT),
    wordings=READ,
)
EVERY_TEXT = Check(
    _("Every wording is written in every language."),
    _("Write this text: whoever is asked must understand it."),
    lambda said: _is(said.template),
    is_of_the_missing=True,
)
FREQUENCY = Check(
    _("It says how often."),
    _("Say how often messages come, in the text or beside each box: “Message frequency varies”."),
    _frequency,
)
RATES = Check(
    _("It says that message and data rates may apply."),
    _("Add “Message and data rates may apply”."),
    _says(words.RATES),
)
STOP_WORD = Check(
    _("It names the word STOP."),
    _("Tell people to reply STOP to stop, in capitals: write {how_to_stop}."),
    _shouts(keywords.Intent.STOP),
)
HELP_WORD = Check(
    _("It names the word HELP."),
    _("Tell people to reply HELP for help, in capitals."),
    _shouts(keywords.Intent.HELP),
)
NO_PURCHASE = Check(
    _("It says that nothing else depends on the consent."),
    _("Say that the consent is not a condition of any purchase."),
    _says(words.NO_PURCHASE),
    wordings=READ,
)
SHORT = Check(
    _("The message is short enough for an SMS."),
    _("Shorten the message; letters outside the SMS alphabet more than halve the room:"),
    _short,
    wordings=("message",),
)
SPEAKABLE = Check(
    _("A voice can read it aloud in a minute or so."),
    _("Write it as one says it: short, without addresses or signs that are not placeholders:"),
    _speakable,
    wordings=("spoken",),
)
KEYS = Check(
    _("It tells the keys: 1 accept, 2 refuse, 9 again, 0 stop."),
    _("Tell every key: 1 to accept, 2 to refuse, 9 to hear it again, 0 to stop. Not told:"),
    _keys,
    wordings=("spoken",),
)
BRACES = Check(
    _("Everything in braces stands for something."),
    _("This name in braces stands for nothing and would be shown as it is:"),
    _unknown,
)
